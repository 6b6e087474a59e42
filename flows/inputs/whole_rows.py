"""Rows made whole: by what another file says of the same id (`input.join`), and by the other rows of it (`score.samples`)."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from flows.inputs.scale_check import Batch
from flows.runtime import settings
from models import columns
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract, failures, request, reserved

log = logging.getLogger("second_reader")
_ID = f"{reserved.PREFIX}id"
_FAILED = f"{reserved.PREFIX}failed"


class _Chunk(Protocol):
    @property
    def frame(self) -> pl.DataFrame:
        """Rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """`other`: what the other file says, one row per id with `reserved.JOINED`; None: the stream has no such file."""

    stream: Stream
    other: pl.DataFrame | None

    def completed(self, batches: Iterator[Batch], read: Callable[[list[str]], Iterator[Batch]]) -> Iterator[Batch]:
        """The batches of a file, each row whole. `read`: the batches of the file with other columns."""
        score = self.stream.score
        samples = _samples(read, self.stream) if score is not None and score.rows else None
        for first_line, frame, faults in batches:
            rows = frame.with_columns(columns.text(frame.select(self.stream.input.id)).to_series().alias(_ID))
            if samples is not None:
                rows = _one_of_each(rows, samples)
            if self.other is not None:
                rows = rows.join(self.other, on=_ID, how="left", maintain_order="left")
                rows = rows.with_columns(pl.col(reserved.JOINED).fill_null("its id is not in the file of input.join"))
                rows = rows.with_columns(
                    pl.when(pl.col(reserved.JOINED) != "").then(reserved.JOINED).alias(reserved.JOINED)
                )
            yield first_line, rows.drop(_ID), faults


def own(names: Sequence[str], stream: Stream) -> list[str]:
    """Those of the names that are read from the outputs themselves."""
    join = stream.input.join
    left = list(names) if join is None else [name for name in names if not name.startswith(f"{join.name}.")]
    if stream.score is not None and stream.score.rows and stream.input.prediction is not None:
        left.append(stream.input.prediction)
    return [name for name in dict.fromkeys(left) if not name.startswith(reserved.PREFIX)]


def rows(stream: Stream, chunks: Callable[[Path, Stream], Iterator[Any]]) -> Rows | None:
    """What makes the rows of a stream whole; None: they are. Raises InputInvalid as `chunks`, which reads the other file."""
    join = stream.input.join
    if join is None and (stream.score is None or not stream.score.rows):
        return None
    return Rows(stream=stream, other=None if join is None else _other(stream, chunks))


def _other(stream: Stream, chunks: Callable[[Path, Stream], Iterator[Any]]) -> pl.DataFrame:
    """One row per id of the other file: the columns that the stream names of it, as text, and `reserved.JOINED`."""
    join = stream.input.join
    if join is None:
        raise ValueError("input.join is not given")
    path = settings.read().data / join.source
    if not path.exists():
        raise InputInvalid(f"{path}: there is no such file, and input.join names it; put it there")
    before = f"{join.name}."
    wanted = [name for name in contract.named(stream) if name.startswith(before)]
    if not wanted:
        raise InputInvalid(f"{path}: nothing of it is read; name its columns in [input], as in {before}COLUMN")
    theirs = stream.input.model_copy(
        update=dict.fromkeys(["prediction", "confidence", "probabilities", "group", "model", "cost", "latency_ms"])
        | dict.fromkeys(request.KEYS)
        | {"produced_at": None, "slices": [], "join": None, "rows": None, "format": "auto", "source": join.source}
        | {"failed": None, "files": None, "beside": []}
        | {"id": join.id, "payload": [name.removeprefix(before) for name in wanted]}
    )
    bare: dict[str, Any] = {"never_release": [], "always_audit": [], "score": None, "shadow": []}
    bare["review"] = stream.review.model_copy(update={"box": None})
    other = stream.model_copy(
        update={"input": theirs, "model": stream.model.model_copy(update={"file": None, "features": None})} | bare
    )
    frames: list[pl.DataFrame] = []
    for chunk in chunks(path, other):
        texts = columns.text(chunk.frame.select(list(dict.fromkeys([join.id, *theirs.payload]))))
        frames.append(
            texts.select(
                pl.col(join.id).alias(_ID), *(pl.col(name.removeprefix(before)).alias(name) for name in wanted)
            )
        )
    table = pl.concat(frames) if frames else pl.DataFrame(schema=dict.fromkeys([_ID, *wanted], pl.String()))
    return _each_once(table.drop_nulls(_ID).unique(maintain_order=True), path)


def _each_once(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """With an empty `reserved.JOINED` where an id stands once; else with the reason, and nothing of what it says."""
    twice = table.filter(pl.col(_ID).is_duplicated())[_ID].unique(maintain_order=True)
    if len(twice):
        log.warning(
            "%s: ids that stand there twice with different content: %d, the first %r; what they say is not used",
            path,
            len(twice),
            twice[0],
        )
    reason = f"its id stands twice in {path.name} with different content"
    once = table.filter(~pl.col(_ID).is_in(twice.implode())).with_columns(pl.lit("").alias(reserved.JOINED))
    return pl.concat([once, twice.to_frame().with_columns(pl.lit(reason).alias(reserved.JOINED))], how="diagonal")


def _samples(read: Callable[[list[str]], Iterator[Batch]], stream: Stream) -> pl.DataFrame:
    """Of each id of a file the line it first stands in, and its answers in their order; null where a row has failed."""
    keys, answer = stream.input, str(stream.input.prediction)
    rules = [rule for rule in keys.failed or [] if set(rule.columns) <= set(own(rule.columns, stream))]
    known = stream.model_copy(update={"input": keys.model_copy(update={"failed": rules})})
    id_and_answer = list(dict.fromkeys([keys.id, answer]))
    frames = []
    for _, frame, _ in read(list(dict.fromkeys([*id_and_answer, *(name for rule in rules for name in rule.columns)]))):
        texts = columns.text(frame.select(id_and_answer)).with_columns(failures.reasons(frame, known).alias(_FAILED))
        frames.append(
            texts.select(
                pl.col(keys.id).alias(_ID),
                pl.when(pl.col(_FAILED).is_null()).then(pl.col(answer)).alias(reserved.SAMPLES),
            ).with_columns(frame[reserved.LINE])
        )
    table = (
        pl.concat(frames)
        if frames
        else pl.DataFrame(schema={_ID: pl.String, reserved.SAMPLES: pl.String, reserved.LINE: pl.Int64})
    )
    return table.drop_nulls(_ID).group_by(_ID, maintain_order=True).agg(reserved.SAMPLES, pl.col(reserved.LINE).first())


def _one_of_each(frame: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """The first row of each id with the answers of all, and every row without an id."""
    first = frame.join(samples.drop(reserved.SAMPLES), on=[_ID, reserved.LINE], how="semi", maintain_order="left")
    nameless = frame.filter(pl.col(_ID).is_null())
    kept = pl.concat([first, nameless]).sort(reserved.LINE) if len(nameless) else first
    return kept.join(samples.drop(reserved.LINE), on=_ID, how="left", maintain_order="left")
