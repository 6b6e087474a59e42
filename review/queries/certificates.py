"""What the certificate of an era rests on and says: the ledger's facts to values and back.

The values and what they mean are in `era_plan` (plan), `prefix` and `case_counts` (evidence) and
`models.certification.certificate` (standing).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.certification import case_counts, certificate, era_plan, prefix
from models.evaluation.outcome import Outcome
from models.routing import policy
from models.routing.policy import Policy
from review.ledger.ledger import Ledger
from review.queries import outcomes, policy_history
from review.queries.outcomes import Judged

_TUPLES = ("thresholds", "starts", "weights")
_NO_END = 2**63 - 1  # after every seal
_KEPT = ("log_e", "certified", "cases", "labels", "errors", "pending", "unsent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One era of an epoch: its plans by part ("" is of all cases), where it begins and when it ends.

    `after_seal`: its decisions stand under later seals. `ends_at`: a time; the next era begins with the first append
    from then on.
    """

    epoch_id: str
    number: int
    after_seal: int
    ends_at: str
    registered_at: str
    plans: Mapping[str, era_plan.Plan]


def plan_rows(era: Era, stream: str) -> pl.DataFrame:
    """The plans of an era as facts."""
    rows = [
        {
            "epoch_id": plan.epoch,
            "part": part,
            "era": plan.era,
            "stream": stream,
            "alpha": plan.alpha,
            "delta": plan.delta,
        }
        | {name: json.dumps(getattr(plan, name)) for name in _TUPLES}
        | {"group_size": plan.group_size, "after_seal": era.after_seal}
        | {"ends_at": era.ends_at, "registered_at": era.registered_at}
        for part, plan in era.plans.items()
    ]
    return pl.DataFrame(rows)


def eras(ledger: Ledger, epoch_id: str) -> list[Era]:
    """Every era of the epoch, oldest first."""
    found = ledger.read(
        "SELECT part, era, alpha, delta, thresholds, starts, weights, group_size, after_seal, ends_at, registered_at "
        "FROM era_plan WHERE epoch_id = :epoch ORDER BY era, part",
        epoch=epoch_id,
    )
    made: list[Era] = []
    for (number,), rows in found.partition_by("era", as_dict=True, maintain_order=True).items():
        first = rows.row(0, named=True)
        plans = {row["part"]: _plan(epoch_id, row) for row in rows.iter_rows(named=True)}
        made.append(
            Era(
                epoch_id=epoch_id,
                number=int(number),
                after_seal=int(first["after_seal"]),
                ends_at=first["ends_at"],
                registered_at=first["registered_at"],
                plans=plans,
            )
        )
    return made


def era(ledger: Ledger, epoch_id: str) -> Era | None:
    """The newest era of the epoch; None: nothing of it was registered yet."""
    found = eras(ledger, epoch_id)
    return found[-1] if found else None


def era_number(ledger: Ledger, epoch_id: str) -> int:
    """The number of the newest era of the epoch; 0: none was registered yet."""
    found = ledger.read("SELECT coalesce(max(era), 0) AS era FROM era_plan WHERE epoch_id = :epoch", epoch=epoch_id)
    return int(found["era"].item())


def plans(ledger: Ledger, epoch_id: str) -> dict[str, era_plan.Plan]:
    """The plans of the newest era of the epoch, by part; "" is of all cases."""
    newest = era(ledger, epoch_id)
    return {} if newest is None else dict(newest.plans)


def _plan(epoch_id: str, row: dict[str, Any]) -> era_plan.Plan:
    thresholds, starts, weights = (tuple(json.loads(row[name])) for name in _TUPLES)
    return era_plan.Plan(
        epoch=epoch_id,
        alpha=row["alpha"],
        delta=row["delta"],
        thresholds=thresholds,
        starts=starts,
        weights=weights,
        era=int(row["era"]),
        group_size=int(row["group_size"]),
    )


def standing(
    ledger: Ledger, plan: era_plan.Plan, part: str = "", *, before_seal: int | None = None
) -> certificate.Standing | None:
    """What the last look left, or the last under a seal before `before_seal`; None before the first."""
    found = ledger.read(
        "SELECT look, standing FROM look WHERE epoch_id = :epoch AND part = :part AND era = :era AND seal < :before "
        "ORDER BY look DESC LIMIT 1",
        epoch=plan.epoch,
        part=part,
        era=plan.era,
        before=_NO_END if before_seal is None else before_seal,
    )
    if found.is_empty():
        return None
    look, text = found.row(0)
    kept = json.loads(text)
    stops = tuple(certificate.Stop(**stop) for stop in kept.pop("stops"))
    return certificate.Standing(plan=plan, looks=int(look), stops=stops, **{name: tuple(kept[name]) for name in _KEPT})


def standings(ledger: Ledger, epoch_id: str) -> dict[str, certificate.Standing]:
    """What the last looks of the newest era left, by part; a part nobody has looked at is left out."""
    found = {part: standing(ledger, made, part) for part, made in plans(ledger, epoch_id).items()}
    return {part: left for part, left in found.items() if left is not None}


def held(standing: certificate.Standing) -> list[float]:
    """The certified thresholds, strictest first."""
    return [standing.plan.thresholds[index] for index in standing.certified]


def standing_row(standing: certificate.Standing, stream: str, now: str, part: str = "") -> pl.DataFrame:
    """What a look left, as a fact."""
    kept = {name: getattr(standing, name) for name in _KEPT}
    kept["stops"] = [asdict(stop) for stop in standing.stops]
    row = {
        "epoch_id": standing.plan.epoch,
        "part": part,
        "era": standing.plan.era,
        "look": standing.looks,
        "stream": stream,
        "threshold": standing.threshold,
        "standing": json.dumps(kept),
        "made_at": now,
    }
    return pl.DataFrame([row], schema_overrides={"threshold": pl.Float64})


def policies(ledger: Ledger, epoch_id: str) -> dict[str, Policy]:
    """Every policy of the epoch by id, in the order of their ids."""
    found = ledger.read(
        "SELECT policy_id, threshold, by_class, audit_rate, blind_rate FROM policy WHERE epoch_id = :epoch "
        "ORDER BY policy_id",
        epoch=epoch_id,
    )
    return {row["policy_id"]: policy_history.rule_of(row) for row in found.iter_rows(named=True)}


def look(ledger: Ledger, plan: era_plan.Plan, judged: Judged, *, part: str = "") -> tuple[certificate.Standing, bool]:
    """Look at the draws of the plan's era: what today's labels certify, and whether anything is new since the last look.

    `judged`: the stream's decisions. Raises ValueError if a draw's propensity is not one its policy gives.
    """
    cases = outcomes.released_at_most(outcomes.of_era(outcomes.of(judged, plan.epoch), plan.era), plan.group_size)
    if part:
        cases = outcomes.with_prediction(cases, part)
    rules = policies(ledger, plan.epoch)
    met = {number: rule.of_class(part) if part else rule for number, rule in enumerate(rules.values())}
    version = {policy_id: number for number, policy_id in enumerate(rules)}
    counts = outcomes.binned(cases, ["policy_id"], plan.thresholds)
    counts = counts.with_columns(version=pl.col("policy_id").replace_strict(version, return_dtype=pl.Int64))
    routed = case_counts.of(counts.group_by("bin", "version").agg(pl.col("n").sum()), met, plan.thresholds)
    before = standing(ledger, plan, part)
    after = certificate.look(plan, draws(cases, version, plan.thresholds), routed, before)
    if before is not None and all(getattr(before, name) == getattr(after, name) for name in _KEPT):
        return before, False
    return after, True


def draws(cases: Judged, version: Mapping[str, int], thresholds: tuple[float, ...]) -> certificate.Draws:
    """The draws of some cases in the order of decision. `version`: policy id -> its row of the smallest propensities."""
    drawn = cases.drawn
    kinds = cases.kinds.select("policy_id", "propensity")[drawn["kind"]]
    settled = drawn["settled"].to_numpy()
    order = prefix.Draws(
        bin=era_plan.bins(drawn["confidence"], thresholds).fill_null(len(thresholds)).to_numpy(),
        version=kinds["policy_id"].replace_strict(dict(version), return_dtype=pl.Int64).to_numpy(),
        propensity=kinds["propensity"].to_numpy(),
        right=settled & (drawn["outcome"] == Outcome.RIGHT).to_numpy(),
        group=drawn["member"].rank("dense").cast(pl.Int64).to_numpy(),
        batch=drawn["seal"].to_numpy(),
    )
    return certificate.Draws(order=order, settled=settled, sent=(drawn["outcome"] != Outcome.WAITING).to_numpy())


def watched(judged: Judged, epoch_id: str, *, unsettled_before: str | None = "") -> pl.DataFrame:
    """The blind labels of released cases, in the order of decision: seal (of the batch), decided_at, wrong.

    Settled ones and, of those that wait for another reader, what has waited since before a moment (None: all of them), as
    its reader said it: a dispute as wrong, an answer that agrees as right, so that neither is counted without the other.
    Silence is no error of the machine: a draw without an answer is not among them. Where a rule has some cases read more
    often than others, they are thinned to the rate of the others: what is watched is the error among all that is released.
    """
    cases = outcomes.of(judged, epoch_id)
    least = pl.col("propensity").filter(pl.col("route") == policy.Route.AUTOMATE).min().over("policy_id")
    kinds = cases.kinds.select(released=pl.col("route") == policy.Route.AUTOMATE, kept=least / pl.col("propensity"))
    of_draw = kinds[cases.drawn["kind"]]
    # What a case belongs with is the beginning of a SHA-256, and another than the one it was sampled by: a fair number for this.
    released = of_draw["released"] & (cases.drawn["member"].cast(pl.Float64) < of_draw["kept"] * 2.0**64)
    waits = pl.lit(True) if unsettled_before is None else pl.col("since") < unsettled_before
    return cases.drawn.filter(released, pl.col("settled") | (pl.col("since").is_not_null() & waits)).select(
        "seal", "decided_at", wrong=pl.col("outcome") != Outcome.RIGHT
    )


def group_size(members: NDArray[np.uint64], most: int | None, *, spare: float = 0.05) -> int:
    """How many cases of a group may be released: `most` if it is stated, else as many as all but a share `spare` need.

    `members`: what each of the unlabelled cases belongs with. The rest of a larger group goes to people.
    """
    if most is not None:
        return most
    _, sizes = np.unique(members, return_counts=True)
    for size in range(1, int(sizes.max(initial=1)) + 1):
        if np.maximum(sizes - size, 0).sum() <= spare * sizes.sum():
            return size
    return 1
