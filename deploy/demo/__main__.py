"""The demo: real servers, real data, several simulated days, and a queue left open for you.

    python -m deploy.demo digits [--exit] [--fresh] [--drift] [--days 2]

Everything lives below `.local/demo/<stream>`, unless `--home` names another folder. Started again, it goes on where it
was: every step can be repeated.
"""

import argparse
import contextlib
import dataclasses
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from deploy.demo import digits, guide, prepared, receipts, tweets
from deploy.local import servers, stack
from flows.runtime import prefect_defaults
from models import errors

ROOT = Path(__file__).resolve().parents[2]
PREPARE: dict[str, Callable[[Path, int], prepared.Prepared]] = {
    "digits": digits.prepare,
    "receipts": receipts.prepare,
    "tweets": tweets.prepare,
}
DAYS = 5

out = Console(highlight=False)


def run(name: str, home: Path, ports: tuple[int, int], *, fresh: bool, stay: bool, drift: bool, days: int) -> None:
    """Run the demo of one stream below `home`; with `stay`, keep the servers up until Ctrl-C.

    `days`: of the `DAYS` that there are, so many are played; the others wait for another start. `ports`: of Label Studio and of
    Prefect. Raises SetupFailed, naming what is in the way, if they cannot be started.
    """
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    out.print(f"[bold]Starting the servers[/] below {guide.near(home)}; the first start makes their databases")
    with stack.running(
        home,
        label_studio=True,
        prefect=True,
        label_studio_port=ports[0],
        prefect_port=ports[1],
        say=lambda line: out.print(f"  {escape(line)}"),
    ) as up:
        os.environ.update(up.environment())
        os.environ.update(
            SECOND_READER_LEDGER=f"sqlite:///{home / 'ledger.db'}",
            SECOND_READER_DATA=str(home / "data"),
            SECOND_READER_REPORTS=str(home / "reports"),
        )
        environment = dict(os.environ)
        prefect_defaults.quiet()
        # Prefect reads its settings when it is imported, so nothing that imports it may come before this line.
        from deploy.demo import model_change, rounds

        with out.status("Preparing the data"):
            ready = PREPARE[name](home, DAYS)
        streams = {"SECOND_READER_STREAMS": str(model_change.streams(home, name, ready.successor))}
        os.environ.update(streams)
        ready = dataclasses.replace(ready, days=ready.days[:days])
        left = rounds.play(name, ready, up, home, out, drift=drift)
        guide.show(name, ready, up, home, left, out)
        if stay:
            with _serving(name, home, environment | streams):
                out.print("\nThe flows now run on their schedules. [bold]Ctrl-C[/] stops the servers; nothing is lost.")
                with contextlib.suppress(KeyboardInterrupt):
                    signal.pause()  # not a lock: Polars has Ctrl-C restart what waits for one
            out.print("\nStopped; started again, it goes on where it was.")


@contextlib.contextmanager
def _serving(name: str, home: Path, environment: dict[str, str]) -> Iterator[None]:
    """`second-reader serve` beside us, so that what a person answers by hand is collected and reported."""
    command = servers.Command(
        name="second-reader serve",
        words=(str(Path(sys.executable).with_name("second-reader")), "serve", name),
        environment=environment,
        log=home / "logs" / "serve.log",
        folder=ROOT,
        ending=signal.SIGINT,
    )
    server = servers.Server(command)
    server.start()
    try:
        yield
    finally:
        server.stop()


def main() -> None:
    """The command line of the demo."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__.partition("\n")[0])
    parser.add_argument("stream", choices=sorted(PREPARE))
    parser.add_argument("--exit", action="store_true", help="stop the servers at the end instead of waiting for Ctrl-C")
    parser.add_argument("--fresh", action="store_true", help="throw an earlier demo of this stream away first")
    parser.add_argument(
        "--drift", action="store_true", help="digits: let the scanner go wrong, and see what happens (own folder)"
    )
    parser.add_argument(
        "--days", type=int, default=DAYS, choices=range(1, DAYS + 1), help="play these days only; a later start goes on"
    )
    parser.add_argument("--home", type=Path, help="where everything lives; .local/demo/STREAM by default")
    parser.add_argument("--label-studio-port", type=int, default=8080)
    parser.add_argument("--prefect-port", type=int, default=4200)
    wanted = parser.parse_args()
    if wanted.drift and wanted.stream != "digits":
        parser.error("--drift: only the digits have one")
    if wanted.drift and wanted.days < DAYS:
        parser.error("--drift: the scanner goes wrong after the last day; drop --days")
    folder = wanted.stream + ("-drift" if wanted.drift else "")
    home = (wanted.home or ROOT / ".local" / "demo" / folder).absolute()
    ports = (wanted.label_studio_port, wanted.prefect_port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(wanted.stream, home, ports, fresh=wanted.fresh, stay=not wanted.exit, drift=wanted.drift, days=wanted.days)
    except errors.SecondReaderError as error:
        out.print(f"demo: {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        out.print("\nInterrupted; nothing is lost. Run it again to go on.")
        sys.exit(130)


if __name__ == "__main__":
    main()
