"""The confidences of a long file looked through before its first rows are recorded: one row can tell the scale of a column.

Rows are recorded a batch at a time. A file sorted by its confidence shows only late that it runs to 100, and the rows before
would have been read as shares.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress

import polars as pl

from models import columns
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import predictions, reserved, score_source

Batch = tuple[int, pl.DataFrame, pl.DataFrame]  # first line, rows, faults


def checked(
    read: Callable[[list[str]], Iterator[Batch]], wanted: list[str], stream: Stream, source: str
) -> Iterator[Batch]:
    """The batches of a file. One with several is read twice, the first time for its confidences only.

    `read`: the batches of the file with these columns. Raises InputInvalid before the first batch if a confidence is of another
    scale than the stream says; what `read` raises, later.
    """
    batches = read(wanted)
    first = next(batches, None)
    if first is None:
        return
    broken: Exception | None = None
    try:
        second = next(batches, None)
    except (InputInvalid, OSError) as error:
        second, broken = None, error
    if second is not None or broken is not None:
        with suppress(OSError):
            check(read, stream, source)
    yield first
    if broken is not None:
        raise broken
    if second is not None:
        yield second
        yield from batches


def check(read: Callable[[list[str]], Iterator[Batch]], stream: Stream, source: str) -> None:
    """Raises InputInvalid if a confidence of the file, up to where it breaks off, is of another scale."""
    own = [] if stream.model.file is not None else score_source.every(stream)
    joined = "\0" if stream.input.join is None else f"{stream.input.join.name}."  # the other file is there as a whole
    others = [name for one in score_source.of_others(stream) for name in one.columns if not name.startswith(joined)]
    scores = list(dict.fromkeys([*(name for one in own for name in one.columns), *others]))
    if not scores:
        return
    names = [*scores, *([] if stream.input.model is None else [stream.input.model])]
    batches = read(names)
    while True:
        try:
            _, frame, _ = next(batches)
        except (StopIteration, InputInvalid):  # where it breaks off is said when its rows are read
            return
        if set(names) <= set(frame.columns):  # else it is the key of a folder
            frame = columns.plain(frame.select(*names, reserved.LINE))
            predictions.check_scale(frame, stream, source)
