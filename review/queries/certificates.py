"""What the certificate of an era rests on and says: the ledger's facts to values and back.

The values and what they mean are in `era_plan` (plan), `prefix` and `case_counts` (evidence) and
`models.certification.certificate` (progress).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.certification import case_counts, certificate, era_plan, prefix
from models.evaluation.outcome import Outcome
from models.routing.policy import Policy
from review.ledger.ledger import Ledger
from review.queries import field_outcomes, items, outcomes, policy_history
from review.queries.outcomes import Outcomes

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
        | {"by_field": json.dumps([asdict(target) for target in plan.by_field]) if plan.by_field else None}
        | {"shadow_after": plan.shadow_after, "group_size": plan.group_size, "after_seal": era.after_seal}
        | {"ends_at": era.ends_at, "registered_at": era.registered_at}
        for part, plan in era.plans.items()
    ]
    return pl.DataFrame(rows, schema_overrides={"by_field": pl.String, "shadow_after": pl.Int64})


def eras(ledger: Ledger, epoch_id: str) -> list[Era]:
    """Every era of the epoch, oldest first."""
    all_rows = ledger.read(
        "SELECT part, era, alpha, delta, thresholds, starts, weights, group_size, by_field, after_seal, ends_at, "
        "registered_at, shadow_after FROM era_plan WHERE epoch_id = :epoch ORDER BY era, part",
        epoch=epoch_id,
    )
    listed: list[Era] = []
    for (number,), rows in all_rows.partition_by("era", as_dict=True, maintain_order=True).items():
        first = rows.row(0, named=True)
        plans = {row["part"]: _plan(epoch_id, row) for row in rows.iter_rows(named=True)}
        listed.append(
            Era(
                epoch_id=epoch_id,
                number=int(number),
                after_seal=int(first["after_seal"]),
                ends_at=first["ends_at"],
                registered_at=first["registered_at"],
                plans=plans,
            )
        )
    return listed


def era(ledger: Ledger, epoch_id: str) -> Era | None:
    """The newest era of the epoch; None: nothing of it was registered yet."""
    all_eras = eras(ledger, epoch_id)
    return all_eras[-1] if all_eras else None


def era_number(ledger: Ledger, epoch_id: str) -> int:
    """The number of the newest era of the epoch; 0: none was registered yet."""
    rows = ledger.read("SELECT coalesce(max(era), 0) AS era FROM era_plan WHERE epoch_id = :epoch", epoch=epoch_id)
    return int(rows["era"].item())


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
        by_field=tuple(era_plan.FieldTarget(**target) for target in json.loads(row["by_field"] or "[]")),
        shadow_after=None if row["shadow_after"] is None else int(row["shadow_after"]),
    )


def progress(
    ledger: Ledger, plan: era_plan.Plan, part: str = "", *, before_seal: int | None = None
) -> certificate.Progress | None:
    """What the last look left, or the last under a seal before `before_seal`; None before the first."""
    rows = ledger.read(
        "SELECT look, standing FROM look WHERE epoch_id = :epoch AND part = :part AND era = :era AND seal < :before "
        "ORDER BY look DESC LIMIT 1",
        epoch=plan.epoch,
        part=part,
        era=plan.era,
        before=_NO_END if before_seal is None else before_seal,
    )
    if rows.is_empty():
        return None
    look, text = rows.row(0)
    kept = json.loads(text)
    stops = tuple(certificate.Stop(**stop) for stop in kept.pop("stops"))
    by_field = tuple(
        certificate.FieldProgress(field=one["field"], log_e=tuple(one["log_e"]), errors=tuple(one["errors"]))
        for one in kept.pop("by_field", ())
    )
    figures = {name: tuple(kept[name]) for name in _KEPT} | {"disputed": tuple(kept.get("disputed", ()))}
    return certificate.Progress(plan=plan, looks=int(look), stops=stops, by_field=by_field, **figures)


def progress_by_scope(ledger: Ledger, epoch_id: str) -> dict[str, certificate.Progress]:
    """What the last looks of the newest era left, by part; a part nobody has looked at is left out."""
    by_scope = {part: progress(ledger, plan, part) for part, plan in plans(ledger, epoch_id).items()}
    return {part: left for part, left in by_scope.items() if left is not None}


def held(progress: certificate.Progress) -> list[float]:
    """The certified thresholds, strictest first."""
    return [progress.plan.thresholds[index] for index in progress.certified]


def progress_row(progress: certificate.Progress, stream: str, now: str, part: str = "") -> pl.DataFrame:
    """What a look left, as a fact."""
    kept = {name: getattr(progress, name) for name in _KEPT}
    kept["stops"] = [asdict(stop) for stop in progress.stops]
    kept |= {"by_field": [asdict(field) for field in progress.by_field]} if progress.by_field else {}
    kept |= {"disputed": progress.disputed} if progress.disputed else {}
    row = {
        "epoch_id": progress.plan.epoch,
        "part": part,
        "era": progress.plan.era,
        "look": progress.looks,
        "stream": stream,
        "threshold": progress.threshold,
        "standing": json.dumps(kept),
        "made_at": now,
    }
    return pl.DataFrame([row], schema_overrides={"threshold": pl.Float64})


def policies(ledger: Ledger, epoch_id: str) -> dict[str, Policy]:
    """Every policy of the epoch by id, in the order of their ids."""
    return _policies(ledger, "epoch_id", epoch_id)


def all_policies(ledger: Ledger, stream: str) -> dict[str, Policy]:
    """Every policy of the stream by id, of all its epochs, in the order of their ids."""
    return _policies(ledger, "stream", stream)


def _policies(ledger: Ledger, column: Literal["epoch_id", "stream"], value: str) -> dict[str, Policy]:
    rows = ledger.read(
        f"SELECT policy_id, {', '.join(policy_history.RULE)} FROM policy WHERE {column} = :value ORDER BY policy_id",
        value=value,
    )
    return {row["policy_id"]: policy_history.rule_of(row) for row in rows.iter_rows(named=True)}


def look(
    ledger: Ledger, plan: era_plan.Plan, all_cases: Outcomes, *, part: str = ""
) -> tuple[certificate.Progress, bool]:
    """Look at the samples of the plan's era: what today's labels certify, and whether anything is new since the last look.

    `all_cases`: the stream's decisions; of items decided anew those count that no earlier model's confidence has chosen. Raises
    ValueError if a sample's propensity is not one its policy gives.
    """
    era_cases = outcomes.of_era(outcomes.of(all_cases, plan.epoch), plan.era)
    cases = outcomes.released_at_most(_unchosen(ledger, era_cases, plan.epoch), plan.group_size)
    if part:
        cases = outcomes.with_prediction(cases, part)
    rules = policies(ledger, plan.epoch)
    met = {number: rule.of_class(part) if part else rule for number, rule in enumerate(rules.values())}
    version = {policy_id: number for number, policy_id in enumerate(rules)}
    counts = outcomes.binned(cases, ["policy_id"], plan.thresholds)
    counts = counts.with_columns(version=pl.col("policy_id").replace_strict(version, return_dtype=pl.Int64))
    routed = case_counts.of(counts.group_by("bin", "version").agg(pl.col("n").sum()), met, plan.thresholds)
    before = progress(ledger, plan, part)
    losses = field_outcomes.losses(ledger, cases, plan)
    after = certificate.look(plan, samples(cases, version, plan.thresholds), routed, before, losses=losses)
    if before is not None and all(
        getattr(before, name) == getattr(after, name) for name in (*_KEPT, "by_field", "disputed")
    ):
        return before, False
    return after, True


def _unchosen(ledger: Ledger, cases: Outcomes, epoch_id: str) -> Outcomes:
    """Without those decided anew that an earlier model's confidence has chosen: they are no evidence."""
    stream = ledger.read("SELECT stream FROM epoch WHERE epoch_id = :epoch", epoch=epoch_id)["stream"]
    chosen = [items.chosen_by_release(ledger, name) for name in stream if items.decides_anew(ledger, name)]
    return outcomes.without(cases, pl.concat(chosen)) if chosen else cases


def samples(cases: Outcomes, version: Mapping[str, int], thresholds: tuple[float, ...]) -> certificate.Samples:
    """The samples of some cases in the order of decision. `version`: policy id -> its row of the smallest propensities."""
    sampled = cases.sampled
    kinds = cases.kinds.select("policy_id", "propensity")[sampled["kind"]]
    settled = sampled["settled"].to_numpy()
    order = prefix.Samples(
        bin=era_plan.bins(sampled["confidence"], thresholds).fill_null(len(thresholds)).to_numpy(),
        version=kinds["policy_id"].replace_strict(dict(version), return_dtype=pl.Int64).to_numpy(),
        propensity=kinds["propensity"].to_numpy(),
        right=settled & (sampled["outcome"] == Outcome.RIGHT).to_numpy(),
        group=sampled["member"].rank("dense").cast(pl.Int64).to_numpy(),
        batch=sampled["seal"].to_numpy(),
    )
    sent, disputed = sampled["outcome"] != Outcome.WAITING, sampled["outcome"] == Outcome.DISPUTED
    return certificate.Samples(order=order, settled=settled, sent=sent.to_numpy(), disputed=disputed.to_numpy())


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
