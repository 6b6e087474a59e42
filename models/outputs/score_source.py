"""The columns of one number or level that make a confidence: which a stream names, and each of them as a score in [0, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from models import columns
from models.config.stream import Stream
from models.outputs import scale

MISSING = "no confidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSource:
    """`columns`, all of one `scale`, named in `key` of the stream file; `named`: somebody said so. `levels`: of that scale."""

    columns: tuple[str, ...]
    scale: str
    levels: tuple[str, ...]
    named: bool
    of: str | None  # the label whose probability they are; None: of the answer
    key: str
    scale_key: str


def of(stream: Stream) -> ScoreSource:
    """The columns that a stream names; none where its confidence is made of something else."""
    confidence = () if stream.input.confidence is None else (stream.input.confidence,)
    if stream.score is None:
        return ScoreSource(
            columns=confidence,
            scale=stream.input.scale,
            levels=(),
            named="scale" in stream.input.model_fields_set,
            of=stream.input.confidence_of,
            key="input.confidence",
            scale_key="input.scale",
        )
    key = "score.judge" if stream.score.judge else "score.columns" if stream.score.columns else "input.confidence"
    return ScoreSource(
        columns=confidence or tuple(stream.score.numbers),
        scale=stream.score.scale,
        levels=tuple(stream.score.levels or ()),
        named="scale" in stream.score.model_fields_set,
        of=stream.score.of,
        key=key,
        scale_key="score.scale",
    )


def every(stream: Stream) -> list[ScoreSource]:
    """The sources of a stream: of a record one for each field that has a score."""
    return [
        ScoreSource(
            columns=(field.score,),
            scale=field.scale,
            levels=(),
            named="scale" in field.model_fields_set,
            of=None,
            key=f"field[{place}].score",
            scale_key=f"field[{place}].scale",
        )
        for place, field in enumerate(stream.field)
        if field.score is not None
    ] or [of(stream)]


def of_others(stream: Stream) -> list[ScoreSource]:
    """The sources of the other models of a stream ([[shadow]]), each on the stream's scale where it names none of its own."""
    own = of(stream)
    sources = []
    for place, other in enumerate(stream.shadow):
        by_field = {field.name: field for field in stream.field}
        for column, field in [(other.confidence, None), *((one, by_field[name]) for name, one in other.scores.items())]:
            if column is None:
                continue
            theirs = own.scale if field is None else field.scale
            named = own.named if field is None else "scale" in field.model_fields_set
            sources.append(
                ScoreSource(
                    columns=(column,),
                    scale=other.scale or theirs,
                    levels=own.levels if field is None and other.scale is None else (),
                    named=named or other.scale is not None,
                    of=other.confidence_of,
                    key=f"shadow[{place}].{'confidence' if field is None else 'scores'}",
                    scale_key=f"shadow[{place}].scale",
                )
            )
    return sources


def calibrator(stream: Stream) -> str:
    """The name by which the map of the scores to [0, 1] is registered with the epoch."""
    if stream.ranked.second_stage is not None:
        return "second stage"
    if stream.field:
        return "least of the fields"
    if stream.score is not None and (stream.score.logprobs is not None or stream.score.top_logprobs is not None):
        return scale.CALIBRATORS["logprob"]
    name = of(stream).scale
    return "levels" if name == "levels" else scale.CALIBRATORS[name]


def read(column: pl.Series, scale_: str, levels: Sequence[str]) -> pl.DataFrame:
    """Columns `score`, in [0, 1] in the order of the scale, null where there is none, and `unscored`, why; one row per value."""
    text = columns.text(column.to_frame()).to_series()
    real = columns.numbers(column)
    score = scale.of_levels(text, levels) if scale_ == "levels" else scale.unit(real, scale_)
    rows = pl.DataFrame({"score": score, "shown": text, "real": real})
    shown = columns.printable(pl.col("shown"))
    empty = pl.when(pl.col("score").is_not_null()).then(None).when(pl.col("shown").is_null()).then(pl.lit(MISSING))
    if scale_ == "levels":
        why = empty.otherwise(columns.sentence("confidence '", shown, f"' is none of the levels {', '.join(levels)}"))
    else:
        why = (
            empty.when(pl.col("real").is_null())
            .then(columns.sentence("confidence '", shown, "' is not a number"))
            .when(pl.col("real").is_nan())
            .then(pl.lit("confidence is NaN"))
            .otherwise(columns.sentence("confidence ", shown, f" is not {scale.RANGES[scale_]}"))
        )
    return rows.select("score", why.alias("unscored"))
