"""Eras: when one begins, what its plan is laid on, and what becomes of the threshold in force.

Evidence ages, so each era has its own from zero and a significance level of its own (docs/method.md 4.5b). A plan is laid on
scores whose labels nobody has seen: of a first era those of its first batch, before the first task is sent; of a later one
those of the era before.
"""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from models import timestamps
from models.certification import era as ages
from models.certification import era_plan
from models.config.stream import Stream
from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries import certificates, policy_history
from review.queries.policy_history import PolicyInForce

Members = NDArray[np.uint64]

SCORES = 500  # that a first plan waits for while an inbox is still being read
FEWEST = 100  # scores of an era from which the ranks of the next are laid


def under_way(
    book: Ledger, stream: Stream, in_force: PolicyInForce, now: str, *, least: int = 1
) -> certificates.Era | None:
    """The era of the epoch that is under way now, which begins if it is due.

    None: fewer than `least` cases of the epoch have a confidence, so that there is nothing to lay a plan on. Doing it again,
    or twice at a time, changes nothing: the first plan of an era is the plan.
    """
    newest = certificates.era(book, in_force.epoch_id)
    if newest is not None and now < newest.ends_at:
        return newest
    before = 0 if newest is None else newest.after_seal
    cases, members = _unlabelled(book, stream, in_force, before)
    scores = rollups.confidences(cases, None)
    if newest is None and len(scores) < least:
        return None
    number, after = (1, 0) if newest is None else (newest.number + 1, book.head()[0])
    new_era = certificates.Era(
        epoch_id=in_force.epoch_id,
        number=number,
        after_seal=after,
        ends_at=timestamps.text(timestamps.parse(now) + _lasts(book, stream, in_force, cases, len(scores), newest)),
        registered_at=now,
        plans=_plans(book, stream, in_force, number, cases, members, newest),
    )
    book.append({"era_plan": certificates.plan_rows(new_era, stream.name)}, now=now)
    return certificates.era(book, in_force.epoch_id)


def read_first(book: Ledger, stream: Stream, era: certificates.Era | None) -> int | None:
    """The seal after which blind samples are read first: of what is released now, and of the era whose evidence counts.

    None: there is no older backlog behind which they could wait.
    """
    seals = [policy_history.releasing_since(book, stream.name) or 0, 0 if era is None else era.after_seal]
    return max(seals) or None


def _lasts(
    book: Ledger,
    stream: Stream,
    in_force: PolicyInForce,
    cases: rollups.Cases,
    scored: int,
    newest: certificates.Era | None,
) -> timedelta:
    """How long the era after `newest` lasts, in which `scored` cases had a confidence."""
    if newest is not None and scored < FEWEST:  # a holiday says nothing of the pace that comes
        return timestamps.parse(newest.ends_at) - timestamps.parse(newest.registered_at)
    taken = policy_history.adopted(book, stream.name, in_force.epoch_id)
    releases = taken is not None and policy_history.rule_of(taken).releases
    rate = stream.policy.audit_rate if releases else in_force.policy.blind_rate
    return timedelta(days=days(stream, rate * scored / _span(cases, newest)))


def days(stream: Stream, samples_a_day: float) -> int:
    """Days of an era: as the stream says, else 60, or more where labels come so slowly that a third would certify nothing.

    `samples_a_day`: cases sampled for a blind label. People who can read none (a capacity of 0) leave the samples' own pace.
    """
    if stream.policy.era_days is not None:
        return stream.policy.era_days
    labels = min(samples_a_day, stream.review.capacity_per_day or samples_a_day)
    return ages.length(stream.least_error, stream.target.delta, labels)


def _plans(
    book: Ledger,
    stream: Stream,
    in_force: PolicyInForce,
    number: int,
    cases: rollups.Cases,
    members: Members,
    before: certificates.Era | None,
) -> dict[str, era_plan.Plan]:
    """The plans by part: "" for all cases, or one for each label. Looks at no label."""
    per_class = stream.policy.per_class
    parts: Sequence[str] = ("",) if per_class == "no" else stream.labels
    share = len(stream.labels) if per_class == "joint" else 1
    stated = stream.policy.group_size or (1 if stream.input.group is None else None)
    everything = rollups.confidences(cases, None)
    plans = {}
    rules = [in_force.policy]
    if (taken := policy_history.adopted(book, stream.name, in_force.epoch_id)) is not None:
        rules.append(
            policy_history.rule_of(taken)
        )  # which may be in force no more, and comes back when it is certified
    for part in parts:
        own = rollups.confidences(cases, part or None)
        if before is not None and len(own) < FEWEST:  # a holiday: the ranks of the era before still say more
            kept = before.plans[part]
            thresholds, starts, weights, size = kept.thresholds, kept.starts, kept.weights, kept.group_size
        else:
            size = certificates.group_size(members, stated)
            thresholds, starts, weights = era_plan.ranks(own if len(own) else everything, era_plan.SIZE - len(rules))
        for rule in rules:
            threshold = rule.of_class(part).threshold if part else rule.threshold
            thresholds, starts, weights = _with(threshold, thresholds, starts, weights)
        plans[part] = era_plan.Plan(
            epoch=in_force.epoch_id,
            era=number,
            alpha=stream.target.error,
            delta=stream.target.delta / share,
            thresholds=thresholds,
            starts=starts,
            weights=weights,
            group_size=size,
            by_field=targets(stream),
        )
    return plans


def targets(stream: Stream) -> tuple[era_plan.FieldTarget, ...]:
    """The fields of a stream's records that have a target of their own."""
    return tuple(
        era_plan.FieldTarget(field=field.name, alpha=field.error, graded=field.graded)
        for field in stream.field
        if field.error is not None
    )


def _with(
    threshold: float | None, thresholds: tuple[float, ...], starts: tuple[int, ...], weights: tuple[float, ...]
) -> tuple[tuple[float, ...], tuple[int, ...], tuple[float, ...]]:
    """A grid with the threshold in force among its thresholds, so that an era can certify the very one it began with."""
    if threshold is None or threshold in thresholds:
        return thresholds, starts, weights
    falling = sorted({*thresholds, threshold}, reverse=True)
    if len(falling) > era_plan.SIZE:  # the least strict at which no chain begins makes room
        begins = {threshold, *(thresholds[start] for start in starts)}
        falling.remove(next(one for one in reversed(falling) if one not in begins))
    placed = tuple(falling.index(thresholds[start]) for start in starts)
    if falling[0] != threshold:
        return tuple(falling), placed, weights
    # Stricter than where the first chain starts, which no chain would reach: it shares that chain's part.
    half = weights[0] / 2
    return tuple(falling), (0, *placed), (half, half, *weights[1:])


def _unlabelled(
    book: Ledger, stream: Stream, in_force: PolicyInForce, after_seal: int
) -> tuple[rollups.Cases, Members]:
    """The epoch's cases under later seals, and what each of them belongs with."""
    rows = book.read(
        "SELECT e.seal, e.stream, e.groups, e.confidences, e.case_ids, e.members FROM extract e "
        "WHERE e.stream = :stream AND e.seal > :after AND e.members IS NOT NULL "
        "AND e.seal > (SELECT coalesce(min(p.seal), 0) FROM epoch p WHERE p.epoch_id = :epoch) ORDER BY e.seal",
        stream=stream.name,
        after=after_seal,
        epoch=in_force.epoch_id,
    )
    parts = [np.frombuffer(blob, "<u8") for blob in rows["members"]]
    return rollups.read([rows]), np.concatenate([np.zeros(0, np.uint64), *parts])


def _span(cases: rollups.Cases, newest: certificates.Era | None) -> float:
    """Days over which the cases came: those of the era before, or the days their answers were given on."""
    if newest is not None:
        began, ended = timestamps.parse(newest.registered_at), timestamps.parse(newest.ends_at)
        return max((ended - began).total_seconds() / 86_400, 1.0)
    return float(max(cases.kinds["day"].n_unique(), 1))
