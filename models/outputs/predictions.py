"""What the model answered, how sure it was, and what is doubtful about it.

Why a case could not be scored is one sentence (column `doubt`). Such a case has no score, so it can only go to a person.

Where the prediction given is not the most probable label, as with a decision threshold of its own, the score is still that
of the prediction: its own probability (`max`), or 0, for nothing is left of a `margin`, and `entropy` speaks of another label.
"""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models import columns
from models.config import score_table
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import (
    combined,
    confidence,
    failures,
    free_answers,
    judges,
    records,
    reserved,
    sampled_answers,
    scale,
    score_columns,
    score_source,
    token_scores,
)

_SCORES = {"max": confidence.max_probability, "margin": confidence.margin, "entropy": confidence.entropy}


def read(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """Columns `model_id`, `prediction`, `raw_score`, `doubt` and `field_scores`, in the order of the rows.

    `prediction` is one of the stream's labels or the text of a record, or null; `raw_score` is in [0, 1] and null exactly where
    `doubt` is not; `field_scores` is null but for records.
    """
    if stream.field:
        answered = records.read(frame, stream.field)
    elif stream.score is not None:
        answered = _with_score(frame, stream, stream.score)
    else:
        answered = _with_probabilities(frame, stream) if _probability_columns(stream) else _with_number(frame, stream)
    model = _named_model(frame, stream)
    answered = answered.with_columns(near=_near(answered["answer"], stream), failed=failures.reasons(frame, stream))
    known = pl.col("answer").is_not_null() if stream.field else pl.col("answer").is_in(stream.labels)
    if not stream.field:
        answered = answered.with_columns(field_scores=pl.lit(None, dtype=pl.String))
    reasons = [
        pl.col("failed"),
        pl.when(pl.col("model_id") != stream.model.id).then(
            columns.sentence("model '", columns.printable(pl.col("model_id")), f"' answered, not '{stream.model.id}'")
        ),
        pl.when(pl.col("answer").is_null()).then(pl.coalesce("unscored", pl.lit("no prediction"))),
        pl.when(~known).then(
            columns.sentence(
                "unknown label '",
                columns.printable(pl.col("answer")),
                "'",
                pl.coalesce(
                    columns.sentence(
                        ", which differs from '",
                        columns.printable(pl.col("near")),
                        "' by spelling alone: give it in [labels], by also or fold",
                    ),
                    pl.lit(""),
                ),
            )
        ),
        pl.col("unscored"),
    ]
    return (
        answered.with_columns(model_id=model)
        .with_columns(doubt=pl.coalesce(reasons))
        .select(
            "model_id",
            pl.when(known).then("answer").alias("prediction"),
            pl.when(pl.col("doubt").is_null()).then("score").alias("raw_score"),
            "doubt",
            "field_scores",
        )
    )


def _near(answers: pl.Series, stream: Stream) -> pl.Series:
    """The label from which an answer that is none differs by spelling alone; null where there is none, as for records."""
    if stream.field:
        return pl.repeat(None, len(answers), dtype=pl.String, eager=True).alias("near")
    label_of = stream.rule.near(answers)
    return answers.replace_strict(label_of, default=None, return_dtype=pl.String).rename("near")


def check_scale(frame: pl.DataFrame, stream: Stream, source: str) -> None:
    """Raises InputInvalid if the confidences, or another model's, are of another scale than the stream says (`scale.another`).

    Of the stream's own, rows that name another model do not count. `frame` has `reserved.LINE`, and may lack columns of
    other models.
    """
    ours = _named_model(frame, stream) == stream.model.id
    for scores in score_source.every(stream):
        if scores.scale != "levels":
            _check_scale(frame.filter(ours), scores, source, free_answers.hint(frame, stream))
    for scores in score_source.of_others(stream):
        if scores.scale != "levels" and set(scores.columns) <= set(frame.columns):
            _check_scale(frame, scores, source, "")


def _check_scale(ours: pl.DataFrame, scores: score_source.ScoreSource, source: str, hint: str) -> None:
    for name in scores.columns:
        column = pl.DataFrame({"real": columns.numbers(ours[name]), "line": ours[reserved.LINE]})
        scale_seen = scale.another(column["real"], scores.scale, named=scores.named)
        if scale_seen is None:
            continue
        place, likely = scale_seen
        would_do = not scores.named and scale.another(column["real"], scores.scale, named=True) is None
        way = f' (or as "{scores.scale}": then a row outside goes to a person)' if would_do else ""
        raise InputInvalid(
            f"{source}, line {column['line'][place]}: {name} {column['real'][place]:.9g} is not "
            f"{scale.RANGES[scores.scale]}, so the whole column may be of another scale and none of these rows is taken; "
            f'name the scale in the stream file, as in {scores.scale_key} = "{likely}"{way}'
            + (f"; the answers nearly all differ: {hint}" if hint else "")
        )


def _named_model(frame: pl.DataFrame, stream: Stream) -> pl.Series:
    """The model each row names, else the stream's. PostgreSQL cannot hold a NUL, and a name is never the place for it."""
    if stream.input.model is None:
        return pl.repeat(stream.model.id, frame.height, dtype=pl.String, eager=True)
    named = columns.text(frame.select(stream.input.model)).to_series()
    return named.str.replace_all("\0", "\N{REPLACEMENT CHARACTER}", literal=True).fill_null("unknown")


def _probability_columns(stream: Stream) -> list[str]:
    if stream.model.file is not None:
        return reserved.probabilities(stream)
    return stream.input.probabilities or []


def _with_number(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """Columns answer, score, unscored, from a prediction and a number, or from a prediction alone."""
    answers = stream.rule.read(columns.text(frame.select(pl.col(stream.input.prediction or []))).to_series())
    scores = score_source.of(stream)
    if not scores.columns:
        return pl.DataFrame({"answer": answers}).with_columns(
            score=pl.lit(None, dtype=pl.Float64), unscored=pl.lit("the stream gives no confidence")
        )
    each = _each(frame, scores)
    if scores.of is not None:
        each = [
            one.with_columns(score_columns.of_label(one["score"], answers, scores.of).alias("score")) for one in each
        ]
    how = "least" if stream.score is None else stream.score.combine
    return combined.scores(scores.columns, each, how).select(pl.lit(answers).alias("answer"), "score", "unscored")


def _each(frame: pl.DataFrame, scores: score_source.ScoreSource) -> list[pl.DataFrame]:
    return [score_source.read(frame[name], scores.scale, scores.levels) for name in scores.columns]


def _with_score(frame: pl.DataFrame, stream: Stream, score: score_table.Score) -> pl.DataFrame:
    """Columns answer, score, unscored, from tokens, samples or a judge."""
    if score.samples is not None:
        return sampled_answers.majority(frame[score.samples.answers or reserved.SAMPLES], stream.rule)
    answers = stream.rule.read(columns.text(frame.select(pl.col(stream.input.prediction or []))).to_series())
    if score.logprobs is not None:
        scored = token_scores.of_answer(frame[score.logprobs], score.take)
    elif score.top_logprobs is not None:
        scored = token_scores.share(frame[score.top_logprobs], answers, stream.rule)
    elif score.judge is not None:
        sure = _each(frame, score_source.of(stream))
        verdict = None if score.judge.verdict is None else frame[score.judge.verdict]
        scored = judges.scores(verdict, sure[0] if sure else None)
    else:
        return _with_number(frame, stream)
    return scored.select(pl.lit(answers).alias("answer"), "score", "unscored")


def _with_probabilities(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """Columns answer, score, unscored, from label probabilities."""
    matrix = columns.matrix(frame.select(_probability_columns(stream)), len(stream.labels))
    valid = confidence.distributions(matrix)
    with np.errstate(invalid="ignore", over="ignore"):
        total = matrix.sum(axis=1)
    best = np.argmax(np.where(valid[:, None], matrix, 0.0), axis=1)  # a tie goes to the first of the labels
    labels = pl.Series(stream.labels, dtype=pl.String)
    answered = pl.DataFrame(
        {
            "best": labels.gather(best),
            "valid": valid,
            "score": _SCORES[stream.input.score](matrix),
            "missing": np.isnan(matrix).any(axis=1),
            "negative": (matrix < 0).any(axis=1),
            "total": total,
        }
    )
    if stream.input.prediction is None:
        answered = answered.with_columns(answer=pl.when("valid").then("best"))
    else:
        answers = stream.rule.read(columns.text(frame.select(stream.input.prediction)).to_series())
        answered = answered.with_columns(
            answer=answers, score=_of_prediction(answered["score"], answers, matrix, stream)
        )
    return answered.select(
        "answer",
        "score",
        pl.when("missing")
        .then(pl.lit("a probability is missing or not a number"))
        .when("negative")
        .then(pl.lit("a probability is negative"))
        .when(~pl.col("valid"))
        .then(columns.sentence("the probabilities sum to ", pl.col("total").round(4).cast(pl.String), ", not 1"))
        .alias("unscored"),
    )


def outvoted(matrix: columns.Matrix, answers: pl.Series, stream: Stream) -> NDArray[np.bool_]:
    """Whether a label has a higher probability than the one given; not where one is NaN or what is given is no label."""
    place = _places(answers, stream)
    own = np.take_along_axis(matrix, np.maximum(place, 0)[:, None], axis=1)[:, 0]
    return np.asarray((place >= 0) & (own < matrix.max(axis=1, initial=-math.inf)), dtype=np.bool_)


def _of_prediction(score: pl.Series, answers: pl.Series, matrix: columns.Matrix, stream: Stream) -> pl.Series:
    """The score of the prediction, where it is a label."""
    if stream.input.score != "max":
        other = pl.Series(outvoted(matrix, answers, stream))
        return pl.select(pl.when(other & score.is_not_null()).then(0.0).otherwise(score)).to_series()
    place = _places(answers, stream)
    own = confidence.of_label(matrix, np.maximum(place, 0))
    return pl.select(pl.when(pl.Series(place >= 0)).then(own).otherwise(score)).to_series()


def _places(answers: pl.Series, stream: Stream) -> NDArray[np.intp]:
    """The place of each answer among the labels; -1: it is none of them."""
    order = list(range(len(stream.labels)))
    places = answers.replace_strict(stream.labels, order, default=-1, return_dtype=pl.Int64)
    return np.asarray(places.fill_null(-1).to_numpy(), dtype=np.intp)
