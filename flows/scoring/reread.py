"""Rows of the input once more, for what the ledger does not keep of them: the columns that a classifier takes."""

from pathlib import Path

import polars as pl

from flows.inputs import files
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, reserved


def rows(cases: pl.DataFrame, stream: Stream, inbox: Path) -> pl.DataFrame:
    """The cases whose rows still say what was decided, each with the stream's features.

    Args:
        cases: source, line and content, and other columns that no feature is named after.
        stream: A stream with a classifier of its own.
        inbox: The folder or file that it reads.
    """
    names = stream.model.features or []
    folder = inbox if inbox.is_dir() else inbox.parent
    known = []
    for (source,), part in cases.group_by("source", maintain_order=True):
        try:
            for frame in files.picked(folder, str(source), stream, part["line"]):
                now = (
                    contract.reread(frame, stream)
                    .select("line", "content")
                    .hstack(frame.select(pl.col(name).alias(_name(name)) for name in names))
                )
                known.append(part.join(now, on=["line", "content"], maintain_order="left"))
        except InputInvalid:  # a file that was moved or written anew: its cases are not to be had
            continue
    if not known:
        return cases.clear().with_columns(pl.lit(None, pl.String).alias(_name(name)) for name in names)
    return pl.concat(known, how="vertical_relaxed")


def columns(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """The features of such rows, under their own names."""
    return frame.select(pl.col(_name(name)).alias(name) for name in stream.model.features or [])


def _name(feature: str) -> str:
    """Features may be called as columns of ours are."""
    return f"{reserved.PREFIX}feature_{feature}"
