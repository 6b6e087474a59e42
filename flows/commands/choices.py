"""The command `choices`: the questions of whoever owns a budget, answered from the ledger."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from flows.commands.options import StreamName
from flows.commands.terminal import err, say
from flows.runtime import prefect_defaults

app = typer.Typer()


@app.command(epilog="Example: `second-reader choices digits` or `second-reader choices digits --json`")
def choices(
    stream: StreamName,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answers as JSON, with every figure.")] = False,
) -> None:
    """More or better data, batch or real time, automation or oversight: what this ledger says. Changes nothing."""
    prefect_defaults.quiet()
    from flows import measure
    from review.report import choices_text

    with err.status(f"choices {stream}"):
        answers = measure.read(stream).choices
    if as_json:
        print(json.dumps([asdict(one) for one in answers], indent=2, allow_nan=False))
    else:
        say(choices_text.lines(answers))
