"""Which cases a rule of the stream's owner holds of: never released, or read by a person in any case.

A rule of which it cannot be said whether it holds, for a value is missing or is no number, holds: then a person decides.
"""

from collections.abc import Sequence

import polars as pl

from models import columns
from models.config import rules
from models.config.stream import Rule, Stream
from models.outputs import records, request


def columns_of(stream: Stream) -> list[str]:
    """The columns of the input that the rules read, each once."""
    every = (*stream.never_release, *stream.always_audit)
    return list(dict.fromkeys(name for rule in every for name in rules.condition(rule.when).columns))


def by_the_answer(stream: Stream) -> str | None:
    """The code of a rule that keeps cases from release by what a model said of them; None: no rule does.

    Of another model such a rule holds other cases, so what it kept with people says nothing of what that one would release.
    """
    table = stream.input
    own = {table.prediction, table.confidence, *(table.probabilities or []), table.model, table.cost, table.latency_ms}
    own |= {
        table.produced_at,
        *request.columns_of(stream),
        *([] if stream.score is None else stream.score.read),
        *records.columns_of(stream),
    }
    own |= {name for other in stream.shadow for name in other.columns}
    reading = (rule.code for rule in stream.never_release if own & set(rules.condition(rule.when).columns))
    return next(reading, None)


def first(frame: pl.DataFrame, ruled_by: Sequence[Rule]) -> pl.Series:
    """Of each row the code of the first rule that holds, as `rule CODE` or, where that cannot be said, `rule CODE, unreadable`.

    String, null where none holds; `frame` has the columns that the rules read, of any type.
    """
    answers = [pl.lit(None, dtype=pl.String)]
    for rule in ruled_by:
        holds = pl.lit(_holds(frame, rules.condition(rule.when)))
        answers.append(
            pl.when(holds.is_null())
            .then(pl.lit(f"rule {rule.code}, unreadable"))
            .when(holds)
            .then(pl.lit(f"rule {rule.code}"))
        )
    # In a frame: literals alone have the length 1.
    return frame.select(pl.coalesce(answers).alias("ruled")).to_series() if ruled_by else _none(frame)


def _holds(frame: pl.DataFrame, condition: rules.Condition) -> pl.Series:
    inputs = {name: _read(frame, column, read_as) for name, (column, read_as) in condition.inputs.items()}
    return pl.DataFrame(inputs).select(condition.expression.alias("holds")).to_series()


def _read(frame: pl.DataFrame, column: str, read_as: str) -> pl.Series:
    if read_as == "number":
        numbers = columns.numbers(frame[column])
        return pl.select(pl.when(numbers.is_not_nan()).then(numbers)).to_series()
    text = columns.text(frame.select(column)).to_series()
    return text.str.to_lowercase() if read_as == "flag" else text


def _none(frame: pl.DataFrame) -> pl.Series:
    return pl.repeat(None, frame.height, dtype=pl.String, eager=True).rename("ruled")
