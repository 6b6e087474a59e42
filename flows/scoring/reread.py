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
    known = [cases.clear()]
    for (source,), part in cases.group_by("source", maintain_order=True):
        try:
            for frame in files.picked(folder, str(source), stream, part["line"]):
                now = contract.reread(frame, stream).select("line", "content").hstack(frame.select(_apart(names)))
                known.append(part.join(now, on=["line", "content"], maintain_order="left"))
        except InputInvalid:  # a file that was moved or written anew: its cases are not to be had
            continue
    return pl.concat(known, how="diagonal_relaxed")


def columns(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """The features of such rows, under their own names."""
    return frame.select(pl.col(f"{reserved.PREFIX}feature_{name}").alias(name) for name in stream.model.features or [])


def _apart(names: list[str]) -> list[pl.Expr]:
    """Features may be called as columns of ours are."""
    return [pl.col(name).alias(f"{reserved.PREFIX}feature_{name}") for name in names]
