"""What the certificate of an epoch rests on and says: the ledger's facts to values and back.

The values and what they mean are in `models.grid` (plan), `models.tally` (counts) and `models.certificate` (standing).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import polars as pl

from models import certificate, grid, policy, tally
from models.policy import Policy
from review import extracts
from review import judged as judged_
from review.judged import Judged
from review.ledger import Ledger
from review.states import governed

Look = Literal["anytime", "once"]
PAST = 1000  # cases of an earlier epoch from which quantiles are worth more than round numbers


def register(
    ledger: Ledger,
    stream: str,
    epoch_id: str,
    *,
    alpha: float,
    delta: float,
    classes: Sequence[str] = (),
    look: Look = "anytime",
) -> dict[str, grid.Plan]:
    """The plans of an epoch that is about to begin, by part: "" for all cases, or one for each of `classes`.

    Thresholds come from the confidences of all cases of earlier epochs (of a class: those the model gave its label), or
    are round numbers where there are few. `delta` is that of each plan. Looks at no label.
    """
    past = extracts.read(list(judged_.extracts_of(ledger, stream)))
    made = {}
    for part in classes or ("",):
        scores = extracts.confidences(past, part or None)
        if len(scores) < PAST:
            thresholds, starts, weights = grid.denser_near_one()
        else:
            thresholds, coverage = grid.quantiles(scores)
            starts, weights = grid.starts(coverage)
        made[part] = grid.Plan(
            epoch=epoch_id, alpha=alpha, delta=delta, thresholds=thresholds, starts=starts, weights=weights, look=look
        )
    return made


def plan_rows(plans: Mapping[str, grid.Plan], stream: str, now: str) -> pl.DataFrame:
    """The plans as facts."""
    rows = [
        {"epoch_id": plan.epoch, "part": part, "stream": stream, "alpha": plan.alpha, "delta": plan.delta}
        | {name: json.dumps(getattr(plan, name)) for name in ("thresholds", "starts", "weights")}
        | {"look": plan.look, "registered_at": now}
        for part, plan in plans.items()
    ]
    return pl.DataFrame(rows)


def plans(ledger: Ledger, epoch_id: str) -> dict[str, grid.Plan]:
    """The plans that were registered for the epoch, by part; "" is of all cases."""
    found = ledger.read(
        "SELECT part, alpha, delta, thresholds, starts, weights, look FROM plan WHERE epoch_id = :epoch ORDER BY part",
        epoch=epoch_id,
    )
    return {row.pop("part"): _plan(epoch_id, row) for row in found.iter_rows(named=True)}


def _plan(epoch_id: str, row: dict[str, Any]) -> grid.Plan:
    thresholds, starts, weights = (tuple(json.loads(row[name])) for name in ("thresholds", "starts", "weights"))
    return grid.Plan(
        epoch=epoch_id,
        alpha=row["alpha"],
        delta=row["delta"],
        thresholds=thresholds,
        starts=starts,
        weights=weights,
        look=row["look"],
    )


def plan(ledger: Ledger, epoch_id: str) -> grid.Plan | None:
    """The plan of all cases; None if there is none (no such epoch, or a plan per class)."""
    return plans(ledger, epoch_id).get("")


def standing(ledger: Ledger, plan: grid.Plan, part: str = "") -> certificate.Standing | None:
    """What the last look left; None before the first."""
    found = ledger.read(
        "SELECT look, standing FROM certificate WHERE epoch_id = :epoch AND part = :part ORDER BY look DESC LIMIT 1",
        epoch=plan.epoch,
        part=part,
    )
    if found.is_empty():
        return None
    look, text = found.row(0)
    kept = json.loads(text)
    stops = tuple(certificate.Stop(**stop) for stop in kept.pop("stops"))
    return certificate.Standing(plan=plan, looks=look, stops=stops, **{name: tuple(kept[name]) for name in kept})


def standings(ledger: Ledger, epoch_id: str) -> dict[str, certificate.Standing]:
    """What the last looks left, by part; a part nobody has looked at is left out."""
    found = {part: standing(ledger, made, part) for part, made in plans(ledger, epoch_id).items()}
    return {part: left for part, left in found.items() if left is not None}


def held(standing: certificate.Standing) -> list[float]:
    """The certified thresholds, strictest first."""
    return [standing.plan.thresholds[index] for index in standing.certified]


def standing_row(
    standing: certificate.Standing,
    stream: str,
    now: str,
    part: str = "",
    *,
    taken_by: str | None = None,
    because: str | None = None,
) -> pl.DataFrame:
    """What a look left, as a fact; of a single look, who took it and why."""
    kept = {name: getattr(standing, name) for name in ("log_e", "certified", "cases", "labels", "errors")}
    kept["stops"] = [asdict(stop) for stop in standing.stops]
    row = {
        "epoch_id": standing.plan.epoch,
        "part": part,
        "look": standing.looks,
        "stream": stream,
        "threshold": standing.threshold,
        "standing": json.dumps(kept),
        "taken_by": taken_by,
        "because": because,
        "made_at": now,
    }
    return pl.DataFrame([row], schema_overrides={"threshold": pl.Float64, "taken_by": pl.String, "because": pl.String})


def policies(ledger: Ledger, epoch_id: str) -> dict[str, Policy]:
    """Every policy of the epoch by id, in the order of their ids."""
    found = ledger.read(
        "SELECT policy_id, threshold, by_class, audit_rate, blind_rate FROM policy WHERE epoch_id = :epoch "
        "ORDER BY policy_id",
        epoch=epoch_id,
    )
    return {row["policy_id"]: governed.rule_of(row) for row in found.iter_rows(named=True)}


def look(ledger: Ledger, plan: grid.Plan, judged: Judged, *, part: str = "") -> tuple[certificate.Standing, bool]:
    """Look at the labels of the epoch's mature days: what is certified, and whether anything is new since the last look.

    `judged`: the stream's decisions. Raises ValueError if the counts do not add up (draws lost or doubled, another
    propensity than the policy gives).
    """
    rules = policies(ledger, plan.epoch)
    cases = _mature(judged, plan.epoch, part)
    found = judged_.binned(cases, ["policy_id", "propensity"], plan.thresholds)
    counts = _versioned(found, plan, list(rules)).group_by(tally.KEY).agg(pl.col("n").sum())
    before = standing(ledger, plan, part)
    met = [rule.of_class(part) if part else rule for rule in rules.values()]
    after = certificate.look(plan, counts, dict(enumerate(met)), before)
    seen = ("cases", "labels", "errors", "log_e")
    if before is not None and all(getattr(before, name) == getattr(after, name) for name in seen):
        return before, False
    return after, True


def once(
    ledger: Ledger, stream: str, plan: grid.Plan, judged: Judged, *, salt: str, part: str = ""
) -> certificate.Standing:
    """Take the single look of a plan that was registered for one: exact, at the labels of the epoch's mature days.

    Raises ValueError if it was taken before, or the counts do not add up.
    """
    rules = policies(ledger, plan.epoch)
    met = dict(enumerate(rule.of_class(part) if part else rule for rule in rules.values()))
    seen = _mature(judged, plan.epoch, part)
    # Which of the cases the exact look keeps is drawn by their ids, so this once all of them are read.
    cases = ledger.read(
        f"""
        SELECT case_id, confidence, policy_id, propensity, blind,
            substr(coalesce(produced_at, decided_at), 1, 10) AS day
        FROM decision WHERE stream = :stream AND epoch_id = :epoch {"AND prediction = :part" if part else ""}
        """,
        stream=stream,
        epoch=plan.epoch,
        **({"part": part} if part else {}),
    ).filter(pl.col("day").is_in(seen.kinds["day"].unique().to_list()))
    cases = cases.join(seen.drawn.select("case_id", "outcome"), on="case_id", how="left").with_columns(
        pl.col("outcome").fill_null("undrawn"),
        grid.bins(cases["confidence"], plan.thresholds),
        kept=policy.draws(cases["case_id"], salt) < certificate.keep(plan, met),
        n=pl.lit(1, pl.Int64),
    )
    grouped = _versioned(cases, plan, list(rules)).group_by(*tally.KEY, "kept").agg(pl.col("n").sum())
    return certificate.once(plan, grouped, met, standing(ledger, plan, part))


def watched(judged: Judged, epoch_id: str) -> pl.DataFrame:
    """The blind labels of released cases, in the order they were decided, mature days only: decided_at, wrong.

    A draw without an answer past its deadline is wrong (statistics 4.5).
    """
    cases = judged_.mature(judged_.of(judged, epoch_id))
    kinds = cases.kinds.select("route", "day")[cases.drawn["kind"]]
    return (
        cases.drawn.hstack(kinds)
        .filter(pl.col("route") == policy.AUTOMATE)
        .sort("day", "decided_at", "case_id")
        .select("decided_at", wrong=pl.col("outcome") != "right")
    )


def _mature(judged: Judged, epoch_id: str, part: str) -> Judged:
    """The cases of an epoch's mature days, or those of them that the model gave the label `part`."""
    cases = judged_.mature(judged_.of(judged, epoch_id))
    return judged_.with_prediction(cases, part) if part else cases


def _versioned(found: pl.DataFrame, plan: grid.Plan, policy_ids: list[str]) -> pl.DataFrame:
    """The rows with their epoch, and the number of their policy as version."""
    version = {policy_id: number for number, policy_id in enumerate(policy_ids)}
    return found.with_columns(
        epoch=pl.lit(plan.epoch), version=pl.col("policy_id").replace_strict(version, return_dtype=pl.Int64)
    )
