"""The console command. Each command loads, calls one function, prints.

Exit codes: 0 done, 1 error, 2 usage, 3 done but rows could not be read.
"""

import gc
import importlib.metadata
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.status import Status

from flows.commands import (
    choices,
    export,
    governance,
    guess,
    maintenance,
    outlay,
    retire,
    shadow,
    status_table,
    study_history,
)
from flows.commands.options import StreamName
from flows.commands.terminal import err, out, say
from flows.runtime import prefect_defaults
from models.errors import SecondReaderError, printable

if TYPE_CHECKING:
    from models.config.stream import Stream

prefect_defaults.prepare()

DONE_WITH_FAULTS = 3
_GARBAGE = 200_000  # objects: what the modules are made of is none, and to look for it took up to a tenth of a start
_AS_USUAL = gc.get_threshold()

app = typer.Typer(
    name="second-reader",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _version(asked: bool) -> None:
    if asked:
        out.print(importlib.metadata.version("second-reader"))
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which it is.")
    ] = False,
) -> None:
    """Release what a model is sure of, send the rest to people, and measure how far the model can be trusted."""


@app.command(epilog="Example: `second-reader init digits`, or first `second-reader init mail --from inbox/mail.jsonl`")
def init(
    stream: StreamName,
    by: Annotated[
        str, typer.Option(help="Who opens the stream; kept in the ledger [default: this account's name].")
    ] = "",
    file: Annotated[
        Path | None, typer.Option("--from", help="Write the stream file first, from what this file of outputs holds.")
    ] = None,
    target: guess.Target = None,
    error_cost: guess.ErrorCost = None,
    minute_cost: guess.MinuteCost = None,
) -> None:
    """Make ready what a stream needs: ledger, epoch, a policy that releases nothing, Label Studio project."""
    from flows.inputs import first_look
    from flows.runtime import settings

    config = settings.read()
    costs = {"target": target, "error_cost": error_cost, "minute_cost": minute_cost}
    if file is not None and not guess.begin(stream, file, config, True, **costs):
        return
    described = settings.read_stream(stream, config)
    say(map(printable, first_look.sentences(config.data / described.input.source, described)), err)
    say(_opened(stream, described, by))


@app.command(epilog="Example: `second-reader run digits`")
def run(stream: StreamName, verbose: Annotated[bool, typer.Option(help="Show Prefect's own log.")] = False) -> None:
    """Run one round: collect, score, dispatch, measure; and release, where the stream file has a table [release]."""
    if not verbose:
        prefect_defaults.quiet()
    from flows import collect, dispatch, measure, score

    # What was answered makes room in the queue: so it comes home first.
    _each((collect.collect, score.score, dispatch.dispatch, measure.measure, *_last(stream)), stream)


@app.command(epilog="Example: `second-reader score digits --source late/2026-02-01.parquet`")
def score(
    stream: StreamName,
    source: Annotated[str | None, typer.Option(help="A file or folder to read instead of the stream's own.")] = None,
) -> None:
    """Read the model's outputs, decide each case once, record the decisions."""
    prefect_defaults.quiet()
    from flows import score as score_flow

    _one(score_flow.score, stream, source=source)


@app.command(epilog="Example: `second-reader dispatch digits`")
def dispatch(stream: StreamName) -> None:
    """Put waiting cases before people, as many as the queue has room for."""
    prefect_defaults.quiet()
    from flows import dispatch as dispatch_flow

    _one(dispatch_flow.dispatch, stream)


@app.command(epilog="Example: `second-reader collect digits`")
def collect(stream: StreamName) -> None:
    """Bring people's answers home."""
    prefect_defaults.quiet()
    from flows import collect as collect_flow

    _one(collect_flow.collect, stream)


@app.command(epilog="Example: `second-reader measure digits --json`")
def measure(
    stream: StreamName,
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure of the report as JSON.")] = False,
) -> None:
    """Write the report: how much runs by itself, how wrong it is, how sure we are of that."""
    prefect_defaults.quiet()
    from flows import measure as measure_flow

    counts = _outcome(measure_flow.measure, stream)
    if as_json:
        print(Path(counts["report"]).with_suffix(".json").read_text(encoding="utf-8"), end="")
    else:
        _print_counts("measure", counts)


@app.command(epilog="Example: `second-reader release digits`")
def release(stream: StreamName) -> None:
    """Hand out finished answers that are new or have become another: to files in the outbox, and to the webhook."""
    prefect_defaults.quiet()
    from flows import release as release_flow

    _one(release_flow.release, stream)


@app.command(epilog="Example: `second-reader serve` or `second-reader serve digits`")
def serve(
    streams: Annotated[list[str] | None, typer.Argument(help="Streams to serve; all by default.")] = None,
) -> None:
    """Serve the flows of the streams to Prefect, with their schedules, until interrupted."""
    from flows import deployments
    from flows.runtime import prefect_server, settings

    prefect_server.prefect()
    gc.set_threshold(*_AS_USUAL)  # it stays
    deployments.serve(streams or settings.stream_names(settings.read()))


@app.command(epilog="Example: `second-reader worker` or `second-reader worker my-pool --limit 2`")
def worker(
    pool: Annotated[str, typer.Argument(help="The work pool, of type process.")] = "second-reader",
    limit: Annotated[int | None, typer.Option(min=1, help="Runs at a time. Default: as many as serve has.")] = None,
    healthcheck: Annotated[
        bool, typer.Option("--with-healthcheck", help="Answer at /health whether it still asks for work.")
    ] = False,
) -> None:
    """Run the flows that are deployed to a work pool of Prefect, until interrupted."""
    from flows import deployments
    from flows.runtime import prefect_server

    prefect_server.prefect()
    gc.set_threshold(*_AS_USUAL)  # it stays
    deployments.work(pool, limit=limit, healthcheck=healthcheck)


def _opened(stream: str, described: "Stream", by: str) -> list[str]:
    from flows.governance import opening

    with err.status("Preparing the ledger and the Label Studio project"):
        return opening.opened(stream, described, by=by)


def _last(stream: str) -> list[Any]:
    """The flow that ends a round where the stream hands out by itself."""
    from flows import release as release_flow
    from flows.runtime import settings

    return [release_flow.release] if settings.read_stream(stream, settings.read()).release is not None else []


def _one(work: Any, stream: str, **parameters: object) -> None:
    counts = _outcome(work, stream, **parameters)
    _print_counts(work.name, counts)
    _leave(counts.get("faults", 0), stream)


def _outcome(work: Any, stream: str, **parameters: object) -> dict[str, Any]:
    """Run a flow and return its counts; what went wrong is raised as the flow raised it."""
    from flows.runtime import prefect_server

    prefect_server.prefect()
    with _progress(f"{work.name} {stream}"):
        counts: dict[str, Any] = work(stream, **parameters, return_state=True).result()
    return counts


def _each(works: Iterable[Any], stream: str) -> None:
    """One flow after the other; rows that could not be read make the exit code another at the end."""
    faults = 0
    for work in works:
        counts = _outcome(work, stream)
        faults += counts.get("faults", 0)
        _print_counts(work.name, counts)
    _leave(faults, stream)


def _print_counts(name: str, counts: dict[str, Any]) -> None:
    from flows.runtime import runs

    if "summary" in counts:
        out.print(escape(counts["summary"]), soft_wrap=True)
        out.print(escape(f"Report: {counts['report']}"), soft_wrap=True)
    else:
        out.print(f"{name}: {runs.line(counts)}", soft_wrap=True)


def _leave(faults: int, stream: str) -> None:
    if faults:
        from review import formats

        sentence = f"{formats.count(faults, 'row')} could not be read: kept in the ledger, shown in the report and by"
        err.print(f"{sentence} `second-reader show faults {escape(stream)}`.", soft_wrap=True)
        raise typer.Exit(DONE_WITH_FAULTS)


class _Progress(logging.Handler):
    """Shows the flows' own progress lines on the terminal."""

    def __init__(self, status: Status) -> None:
        super().__init__(logging.INFO)
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        text = escape(printable(record.getMessage()))  # it may name a file
        if record.levelno >= logging.WARNING:
            err.print(text, soft_wrap=True)  # to stay
        else:
            self._status.update(text)


@contextmanager
def _progress(title: str) -> Iterator[None]:
    log = logging.getLogger("second_reader")
    log.setLevel(logging.INFO)
    with err.status(title) as status:
        handler = _Progress(status)
        log.addHandler(handler)
        try:
            yield
        finally:
            log.removeHandler(handler)


for room in (maintenance, governance, guess, choices, export, outlay, retire, shadow, status_table, study_history):
    app.add_typer(room.app)
app.add_typer(governance.show, name="show", epilog="Example: `second-reader show case digits digit-0007`")


def main() -> None:
    """Run the command. What a person can cause ends in one line; a traceback is a bug of ours."""
    gc.set_threshold(_GARBAGE, 10, 10)
    try:
        app()
    except SecondReaderError as error:
        err.print(f"second-reader: {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
