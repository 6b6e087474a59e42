"""The engineer's commands for a bad day: find what is wrong, put it right, keep a copy of the ledger."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from flows.commands.options import Because, By, StreamName
from flows.commands.terminal import err, out, say
from flows.runtime import prefect_defaults
from review.health import findings

_COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}

app = typer.Typer()


@app.command(epilog="Example: `second-reader doctor` or `second-reader doctor digits --json`")
def doctor(
    stream: Annotated[str | None, typer.Argument(help="Only this stream. Default: all.")] = None,
    deep: Annotated[
        bool, typer.Option(help="Hold every record of the ledger against its seal, as verify does.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON, a list.")] = False,
) -> None:
    """What is wrong, where, and what to do: settings, ledger, Label Studio, Prefect, clocks. Changes nothing.

    Ends with 0 if all is well, 3 if there are warnings, 1 if something is bad.
    """
    prefect_defaults.quiet()
    from flows.health import doctor as doctors

    with err.status("Looking at everything"):
        examined = list(doctors.examine(stream, deep=deep))
    _show(examined, as_json=as_json)
    raise typer.Exit(findings.exit_code(examined))


@app.command(epilog="Example: `second-reader redispatch digits --by 'A. Owner' --because 'the restore of Monday'`")
def redispatch(stream: StreamName, by: By, because: Because) -> None:
    """Put open cases before people again whose task is gone from Label Studio."""
    prefect_defaults.quiet()
    from flows.queueing import redispatch as again
    from flows.runtime import runs

    counts = again.redispatch(stream, by=by, because=because)
    out.print(f"redispatch: {runs.line(counts)}", soft_wrap=True)


@app.command(name="verify", epilog="Example: `second-reader verify` or `second-reader verify --head 53:e1c8f9fe...`")
def verify_records(
    head: Annotated[
        str, typer.Option(help="NUMBER:DIGEST of the last seal at the foot of a report: finds a ledger cut short.")
    ] = "",
    archive: Annotated[
        Path | None, typer.Option(help="The folder with the files of retired decisions, to check them too.")
    ] = None,
) -> None:
    """Check every seal of the ledger; name each record that was edited, added or removed."""
    from flows.runtime import settings
    from review.retention import verification

    with err.status("Reading every sealed record"):
        verified = verification.of(settings.read().ledger.get_secret_value(), head=head, archive=archive)
    say(verified.lines())
    verified.check()


@app.command(epilog="Example: `second-reader backup copies/ledger-2026-02-01.db`")
def backup(file: Annotated[Path, typer.Argument(help="The copy; must not be there yet.")]) -> None:
    """Copy a SQLite ledger while others write to it, and check every seal of the copy."""
    from flows.runtime import settings
    from review.retention import backups

    with err.status("Copying the ledger and checking the copy"):
        copied = backups.make(settings.read().ledger.get_secret_value(), file)
    say([f"{file}: {copied.seals} seals, every record as it was sealed.", f"Head: {copied.seals}:{copied.digest}"])


def _show(examined: list[findings.Finding], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([dataclasses.asdict(finding) for finding in examined], indent=2))
    elif out.is_terminal:
        out.print(_table(examined))
    else:
        say(str(finding) for finding in examined)


def _table(rows: list[findings.Finding]) -> Table:
    table = Table("", "what", "where", "finding", "what to do", show_lines=False, expand=True)
    for finding in rows:
        level = f"[{_COLOURS[finding.level]}]{finding.level}[/]"
        table.add_row(level, *map(escape, (finding.subject, finding.where, finding.what, finding.todo)))
    return table
