"""A run of the warm process, for its tests: says who and where it is, and then does what `WARM_WORK` asks for."""

import atexit
import os
import signal
import sys
import threading
import time


def main() -> None:
    """`exit 3`, `abort`, `kill`, `late`, `nap 5`, `raise`, `sleep`, or `term`: sleep, and say so when SIGTERM comes."""
    word, _, number = os.environ["WARM_WORK"].partition(" ")
    print(os.getpid(), os.getppid(), os.getcwd(), flush=True)  # noqa: PTH109
    if word == "exit":
        print("a complaint", file=sys.stderr)
        sys.exit(int(number))
    if word == "abort":
        os.abort()
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "late":
        atexit.register(sys.stdout.write, "at the end")
        threading.Thread(target=lambda: time.sleep(0.5) or print("a thread")).start()  # type: ignore[func-returns-value]
        return
    if word == "nap":
        time.sleep(1.5)
        sys.exit(int(number))
    if word == "raise":
        raise ValueError("so it goes")
    if word == "term":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("was asked to end"))
        print("ready", flush=True)
    time.sleep(60)


if __name__ == "__main__":
    main()
