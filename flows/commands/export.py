"""The command `export`: finished answers leave the ledger for a file."""

from typing import Annotated

import typer

from flows.commands.options import StreamName
from flows.commands.terminal import err, say

app = typer.Typer()


@app.command(epilog="Example: `second-reader export digits --to answers.csv`, or `--to answers/ --since last`")
def export(
    stream: StreamName,
    to: Annotated[str, typer.Option(help="A file (.parquet, .csv, .jsonl), or a folder/ that names it by itself.")],
    since: Annotated[
        str | None,
        typer.Option(help="The cursor an earlier export printed, or `last`: of the files in the folder."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="parquet, csv or jsonl; default: by the ending, parquet in a folder."),
    ] = None,
    purpose: Annotated[
        str | None,
        typer.Option("--for", help="training: the labels to train on; regulator: the log of decisions. Each whole."),
    ] = None,
) -> None:
    """Write every finished answer, the model's or a person's, to a file; or what has become another since a cursor.

    A case is finished when its answer was released and not recalled, or when people have answered it and nobody
    disputes that.
    """
    from flows.handover import answer_files, purpose_files

    with err.status(f"export {stream}"):
        done = purpose_files.handed(stream, to, purpose, since=since, form=answer_files.named(form))
    say([done.sentence()])
