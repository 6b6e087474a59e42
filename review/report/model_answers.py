"""What the answers of the model in force cost, and how long they take: once on the page, and in the JSON. Pure."""

from dataclasses import dataclass, replace

import polars as pl

from models.evaluation import amounts
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices import channels, durations, timing

_HOUR = 1000 * durations.HOUR  # in milliseconds
_HIGH = 0.95

Figure = Estimate | NotEnoughEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswers:
    """`cost`: the mean of an answer. `latency_ms`, `latency_ms_95`: what half of the answers, and 95 in 100, stay below.

    None: the input says nothing of it.
    """

    cost: Figure | None
    latency_ms: Figure | None
    latency_ms_95: Figure | None


NOTHING_KNOWN = ModelAnswers(cost=None, latency_ms=None, latency_ms_95=None)


def of(waits: pl.DataFrame, *, model: str, alpha: float) -> ModelAnswers:
    """From the cases of the last days that people were to read (`review.queries.waits`), each by what it stands for."""
    answers = waits.filter(pl.col("model_id") == model)
    timed = answers.filter(pl.col("latency_ms").is_not_null())
    took = timed["latency_ms"].to_numpy(), timed["weight"].to_numpy(), channels.days(timed)
    return ModelAnswers(
        cost=channels.mean_cost(answers, alpha),
        latency_ms=amounts.quantile(*took, 0.5, alpha) if len(timed) else None,
        latency_ms_95=amounts.quantile(*took, _HIGH, alpha) if len(timed) else None,
    )


def words(known: ModelAnswers, currency: str) -> str:
    """What the cost on the page is of, and what is known of the model's answers beside it."""
    return " ".join(
        filter(None, ("The cost is that of errors, reviews and audits.", _cost(known, currency), _time(known)))
    )


def _cost(known: ModelAnswers, currency: str) -> str:
    if known.cost is None:
        return "What the answers of the model cost is not in it, for no column says that."
    if isinstance(known.cost, NotEnoughEvidence):
        return f"What the answers of the model cost is not in it, and not known yet: {known.cost.reason}."
    return (
        "The answers of the model are not in it, for they cost the same at every threshold: a thousand of them "
        f"{formats.thousand(known.cost, currency)}, of the last {timing.DAYS} days."
    )


def _time(known: ModelAnswers) -> str:
    if known.latency_ms is None or known.latency_ms_95 is None:
        return ""
    if isinstance(known.latency_ms, NotEnoughEvidence):
        return f"How long the model takes is not known yet: {known.latency_ms.reason}."
    most = ""
    if isinstance(known.latency_ms_95, Estimate):
        most = f", 95 in 100 within {_limits(known.latency_ms_95)}"
    return f"It answers half of the cases within {_limits(known.latency_ms)}{most}."


def _limits(one: Estimate) -> str:
    hours = {name: getattr(one, name) / _HOUR for name in ("value", "low", "high")}
    return durations.limits(replace(one, **hours))
