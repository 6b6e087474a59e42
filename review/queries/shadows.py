"""What other models said of the stream's cases, beside what people settled of them.

Only labels that are kept for measuring count (`models.routing.measuring`): a model that was trained on the labels which
`export --for training` hands out has not seen these.
"""

from dataclasses import dataclass

import polars as pl

from models import timestamps
from models.routing import measuring
from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries import candidates, items, outcomes
from review.queries.outcomes import Outcomes

ANSWERS = pl.Schema(
    {"case_id": pl.String, "answer": pl.String, "score": pl.Float64, "cost": pl.Float64, "latency_ms": pl.Float64}
    | {"answered": pl.Int64}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The blind samples that are for measuring, in the order of decision, and what another model said of them.

    `cases`: case_id, seal, member, settled, outcome, policy_id, propensity, held (a rule or its group kept it with people), truth
    (what most blind readings say; null: no one thing); of this model confidence, prediction, our_cost, our_latency_ms and ours
    (whether it said anything: it decided the case, or was asked about it then); of the other model answer, score (null: none),
    cost, latency_ms, answered (the seal of its answer) and asked. What comes after the last case it was asked about is left
    out, and of a second stage the cases of another model than the one whose answers it keeps. `nth`: as how many-th of the
    stream's other models it was asked first.
    """

    model_id: str
    cases: pl.DataFrame
    nth: int = 1


def models(ledger: Ledger, stream: str) -> list[str]:
    """The other models of a stream, in the order in which they were first asked."""
    rows = ledger.read(
        "SELECT model_id FROM shadow WHERE stream = :stream GROUP BY model_id ORDER BY min(seal), model_id",
        stream=stream,
    )
    return list(rows["model_id"])


def former(ledger: Ledger, stream: str, beside: str) -> list[str]:
    """The models that decided samples about which the model `beside` was asked, in the order in which they began to.

    Without those that were ever asked beside another: `models` names these.
    """
    rows = ledger.read(
        "SELECT d.model_id FROM decision d JOIN shadow s ON s.stream = d.stream AND s.case_id = d.case_id "
        "WHERE d.stream = :stream AND d.blind AND s.model_id = :beside AND d.model_id NOT IN "
        "(SELECT model_id FROM shadow WHERE stream = :stream) GROUP BY d.model_id ORDER BY min(d.seal), d.model_id",
        stream=stream,
        beside=beside,
    )
    return list(rows["model_id"])


def first_asked(ledger: Ledger, stream: str, model_id: str) -> int | None:
    """The seal of the first answer of a model; None: it has none."""
    rows = ledger.read(
        "SELECT min(seal) AS seal FROM shadow WHERE stream = :stream AND model_id = :model",
        stream=stream,
        model=model_id,
    )
    seal = rows["seal"].item()
    return None if seal is None else int(seal)


def since(ledger: Ledger, stream: str, now: str) -> int:
    """The last seal before the samples that speak of a model which is asked today.

    They are no older than evidence may be: those since the newest era of the stream that began as long ago as its newest lasts,
    or of its first. Labels play no part in it, so each span of time has a significance level of its own, as an era has.
    """
    eras = ledger.read(
        "SELECT DISTINCT p.registered_at, p.ends_at, p.after_seal, e.seal AS opened FROM era_plan p "
        "JOIN epoch e ON e.epoch_id = p.epoch_id WHERE p.stream = :stream AND p.shadow_after IS NULL "
        "ORDER BY p.registered_at, p.ends_at",
        stream=stream,
    ).with_columns(before=pl.max_horizontal("after_seal", "opened"))
    if eras.is_empty():
        return 0
    began, ends = timestamps.parse(eras["registered_at"][-1]), timestamps.parse(eras["ends_at"][-1])
    latest = timestamps.text(timestamps.parse(now) - (ends - began))
    old = eras.filter(pl.col("registered_at") <= latest)
    return 0 if old.is_empty() else int(old["before"][-1])


def answers(ledger: Ledger, stream: str, model_id: str) -> pl.DataFrame:
    """What a model said: ANSWERS."""
    return ledger.read(
        "SELECT case_id, answer, score, cost, latency_ms, seal AS answered FROM shadow "
        "WHERE stream = :stream AND model_id = :model",
        stream=stream,
        model=model_id,
    ).cast(ANSWERS)


def wanted(ledger: Ledger, stream: str, model_id: str, *, after: int = 0) -> pl.DataFrame:
    """Blind samples for measuring that the model has not answered, in the order of decision.

    Those decided under later seals than `after`, as in `compared`: no answer is paid for that would count for nothing.

    case_id, payload (null: by reference), source, line, content, and of this model model_id, prediction, raw_score, doubt, slices
    and field_scores. Answered by people or not: who asks the model chooses none by its label. Those that people will never be
    asked about (`items.overtaken`) are left out.
    """
    rows = ledger.read(
        f"""
        SELECT d.case_id, d.payload, d.source, d.line, d.content, d.group_id, d.model_id, d.prediction, d.raw_score, d.doubt,
               d.slices, d.field_scores
        FROM decision d
        WHERE d.stream = :stream AND d.blind AND d.seal > :after AND NOT EXISTS (
            SELECT 1 FROM shadow s WHERE s.stream = d.stream AND s.case_id = d.case_id AND s.model_id = :model
        ){items.without_overtaken(ledger, stream, "d")} ORDER BY d.seal, d.content, d.case_id
        """,
        stream=stream,
        model=model_id,
        after=after,
    )
    if rows.is_empty():
        return rows.drop("group_id")
    return rows.filter(for_measuring(ledger.identity, rows)).drop("group_id")


def for_measuring(identity: str, cases: pl.DataFrame) -> pl.Series:
    """Whether each case is one that another model is asked about if it is sampled blind. `cases`: case_id, group_id."""
    return measuring.measuring(identity, rollups.members(cases))


def decided(ledger: Ledger, stream: str, case_ids: list[str]) -> pl.DataFrame:
    """Those of some cases that are decisions of the stream: case_id, prediction."""
    there = ledger.read("SELECT case_id, prediction FROM decision WHERE stream = :stream", stream=stream)
    return there.join(pl.DataFrame({"case_id": case_ids}, schema={"case_id": pl.String}), on="case_id", how="semi")


def compared(ledger: Ledger, stream: str, cases: Outcomes, model_id: str, *, beside: str, after: int = 0) -> Compared:
    """The samples decided under later seals than `after`, of whatever epoch, beside what a model said of them.

    `cases`: the stream's decisions. `beside`: the model that it is held against, this one. A model that was never asked beside
    another (`former`) said what it decided, and counts as asked after all that were. Where items were decided anew, those
    count that nothing any model said has chosen (docs/method.md 2.2): of the epochs before that, what people had by then.
    """
    if items.decides_anew(ledger, stream):
        cases = _unchosen(ledger, stream, cases)
    kinds = cases.kinds.select("policy_id", "propensity", "held")[cases.sampled["kind"]]
    otherwise = pl.concat([_apart(ledger, stream, name) for name in {model_id, beside}])
    apart = pl.col("contested") & pl.col("case_id").is_in(otherwise.implode())
    settled = pl.col("settled") & ~apart
    named = cases.sampled.select("case_id", "seal", "member", "outcome", settled=settled).hstack(kinds)
    # An extract knows a case that belongs with no other by its id.
    alone = rollups.members(named.select("case_id", group_id=pl.lit(None, pl.String)))
    member = named.select(pl.when(pl.col("member") == 0).then(alone).otherwise("member")).to_series()
    named = named.filter(measuring.measuring(ledger.identity, member)) if len(named) else named
    asked = models(ledger, stream)
    order = asked if model_id in asked else [*asked, *former(ledger, stream, beside)]
    theirs = answers(ledger, stream, model_id) if model_id in asked else _decisions(ledger, stream, model_id)
    theirs = theirs.with_columns(asked=pl.lit(value=True))
    rows = (
        _answerable(ledger, stream, named, model_id)
        .filter(pl.col("seal") > after)
        .join(_ours(ledger, stream, beside), on="case_id", how="left", maintain_order="left")
        .join(_truths(cases), on="case_id", how="left", maintain_order="left")
        .join(theirs, on="case_id", how="left", maintain_order="left")
        .with_columns(pl.col("asked", "ours").fill_null(value=False))
    )
    last = rows["asked"].to_numpy().nonzero()[0].max(initial=-1)
    nth = [*order, model_id].index(model_id) + 1
    return Compared(model_id=model_id, cases=rows.head(int(last) + 1), nth=nth)


def _unchosen(ledger: Ledger, stream: str, cases: Outcomes) -> Outcomes:
    """Without samples of earlier epochs that were not sent when their items began to be decided anew, and without items decided
    anew that were chosen by an earlier model's confidence.

    Which of the former wait on is decided by what the later model says: those of which it said the same.
    """
    first = items.decided_anew_from(ledger, stream)
    sent = ledger.read("SELECT case_id, seal FROM dispatch WHERE stream = :stream AND slot = 0", stream=stream)
    named = cases.sampled.select("case_id", epoch_id=cases.kinds["epoch_id"].gather(cases.sampled["kind"]))
    ends = pl.DataFrame(
        {"epoch_id": list(first), "end": list(first.values())}, schema={"epoch_id": pl.String, "end": pl.Int64}
    )
    late = (
        named.join(ends, on="epoch_id")
        .join(sent.cast({"case_id": pl.String, "seal": pl.Int64}), on="case_id", how="left")
        .filter(pl.col("seal").is_null() | (pl.col("seal") > pl.col("end")))
    )
    return outcomes.without(cases, pl.concat([late["case_id"], items.chosen_by_release(ledger, stream)]))


def _answerable(ledger: Ledger, stream: str, named: pl.DataFrame, model_id: str) -> pl.DataFrame:
    """The samples that a model can be asked about: of a second stage, those that the model decided whose answers it keeps; of one
    that was never asked, those that it decided."""
    if model_id not in models(ledger, stream) and not (own := _decisions(ledger, stream, model_id)).is_empty():
        return named.join(own, on="case_id", how="semi", maintain_order="left")
    candidate = candidates.of(ledger, stream).get(model_id)
    if candidate is None or candidate.keeps is None:
        return named
    by = ledger.read("SELECT case_id, model_id FROM decision WHERE stream = :stream AND blind", stream=stream)
    ours = by.filter(pl.col("model_id").is_in(candidates.answering_as(ledger, stream, candidate.keeps)))
    return named.join(ours, on="case_id", how="semi", maintain_order="left")


def _apart(ledger: Ledger, stream: str, model_id: str) -> pl.Series:
    """The cases of which a model said something else than the model that decided them."""
    rows = ledger.read(
        "SELECT s.case_id FROM shadow s JOIN decision d ON d.stream = s.stream AND d.case_id = s.case_id "
        "WHERE s.stream = :stream AND s.model_id = :model AND s.answer <> d.prediction",
        stream=stream,
        model=model_id,
    )
    return rows["case_id"].cast(pl.String)


def _ours(ledger: Ledger, stream: str, model_id: str) -> pl.DataFrame:
    """What this model said of samples: of those it decided, and of others that it was asked about before it took over."""
    answered = pl.concat([_decisions(ledger, stream, model_id), answers(ledger, stream, model_id)])
    return answered.unique("case_id", keep="first", maintain_order=True).select(
        "case_id",
        prediction="answer",
        confidence="score",
        our_cost="cost",
        our_latency_ms="latency_ms",
        ours=pl.lit(value=True),
    )


def _decisions(ledger: Ledger, stream: str, model_id: str) -> pl.DataFrame:
    """What a model said of the samples that it decided: ANSWERS."""
    return ledger.read(
        "SELECT case_id, prediction AS answer, confidence AS score, cost, latency_ms, seal AS answered FROM decision "
        "WHERE stream = :stream AND blind AND model_id = :model",
        stream=stream,
        model=model_id,
    ).cast(ANSWERS)


def _truths(cases: Outcomes) -> pl.DataFrame:
    """case_id, truth: what more than half of a case's blind readings say; null where they say nothing together."""
    votes = cases.people.readings.filter("blind").group_by("case_id", "answer").agg(votes=pl.len())
    return (
        votes.with_columns(readings=pl.col("votes").sum().over("case_id"))
        .filter(2 * pl.col("votes") > pl.col("readings"))
        .select("case_id", truth="answer")
    )
