"""The command `retire`: old decisions leave the ledger for files."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import Because, By, StreamName
from flows.commands.terminal import err, say

app = typer.Typer()


@app.command(
    epilog="Example: `second-reader retire digits --before 2026-01-01 --to archive --by 'A. Owner' --because 'a year old'`"
)
def retire(
    stream: StreamName,
    before: Annotated[str, typer.Option(help="A day, or an ISO 8601 time: what was decided before it.")],
    to: Annotated[Path, typer.Option(help="The folder for the files. Keep it: with them the records are gone.")],
    by: By,
    because: Because,
) -> None:
    """Move old decisions that no person had to read out of the ledger, into files.

    Seals, keys, extracts and whatever people touched stay, so reports do not change and `verify` still checks
    everything (with `--archive`, the files too). What was retired cannot be recalled. On PostgreSQL only the role
    that owns the tables may do this; the flows' role cannot.
    """
    from flows.governance import retire as retire_

    with err.status(f"retire {stream}"):
        done = retire_.retire(stream, before=before, folder=to, by=by, because=because)
    say(done.sentences(to))
