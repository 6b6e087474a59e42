"""Ask the warm process (`warm.py`) for a run, and be it for whoever started this: `python -I -S warm_run.py SOCKET PROGRAM`.

Passes the environment, the folder and the two streams; passes signals on; ends with the run's own exit code. Loads nothing
that a bare interpreter has not at hand, for it is started for every run. Where the warm process does not answer, it
becomes what Prefect would have started.
"""

import json
import os
import signal
import socket
import sys

_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main() -> None:
    with socket.socket(socket.AF_UNIX) as warm:
        try:
            warm.connect(sys.argv[1])
            request = json.dumps({"environment": dict(os.environ), "folder": os.getcwd()})  # noqa: PTH109 (not loaded)
            socket.send_fds(warm, [request.encode() + b"\n"], [1, 2])
            begun = warm.recv(1)
        except OSError:
            begun = b""
        if not begun:
            os.execv(sys.executable, [sys.executable, "-m", sys.argv[2]])  # noqa: S606
        for number in _PASSED_ON:
            signal.signal(number, lambda got, _: warm.send(bytes([got])))
        answer = b""
        while not answer.endswith(b"\n"):
            more = warm.recv(64)
            if not more:
                raise SystemExit(
                    "second-reader: the process that this run was forked from is gone, and the run with it"
                )
            answer += more
    code = int(answer)
    if code < 0:  # it was killed: so is this
        if -code not in (signal.SIGKILL, signal.SIGSTOP):  # these cannot be set
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 1)


if __name__ == "__main__":
    main()
