"""What the product takes back by itself, and gives back only where it took it: release by a threshold whose era is over, and
release that no reader checks. To release more than before always takes a named person.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import polars as pl

from flows.governance import epochs, evidence, revoked
from flows.runtime import runs
from models import names_and_reasons, timestamps
from models.certification import certificate
from models.certification import era as ages
from models.config.stream import Stream
from models.routing import policy as policies
from review.ledger.ledger import Ledger
from review.queries import certificates, policy_history, silence
from review.queries.outcomes import Outcomes

ERA, SILENCE = names_and_reasons.ERA, names_and_reasons.SILENCE
READ = "people have read again"
WARNING = timedelta(days=1)  # before release stops for want of readers, an event says so
CERTIFIED = ("own", "replaced", "carried")
_REASONS = {
    "own": "this era's own certificate holds what was adopted",
    "replaced": "this era's own certificate holds a stricter threshold, and not the one that was adopted",
    "uncertified": "adopted without a certificate",
    "carried": "it carries over from the era before, while this one gathers",
    "lapsed": "its era is over, and this one has certified nothing that holds it: nothing is released",
    "halted": "nothing is adopted",
}


def act(
    run: runs.Run,
    in_force: policy_history.PolicyInForce,
    progress_by_scope: Mapping[str, certificate.Progress],
    now: str,
    cases: Outcomes | None = None,
) -> bool:
    """Put in force what the era and the readers still allow. Whether another policy is in force than before.

    `cases`: the stream's decisions, where the caller has read them.
    """

    def quiet() -> bool:
        return evidence.quiet(run, in_force, evidence.cases(run, now) if cases is None else cases)

    moved = _act(run.ledger, run.stream, in_force, progress_by_scope, now, quiet)
    if moved:
        runs.log.warning("%s: %s", run.stream.name, runs.policy_in_force(run.ledger, run.stream).because)
    return moved


def before_release(run: runs.Run, in_force: policy_history.PolicyInForce, now: str) -> None:
    """The same by what the last looks left, before anything is released by a threshold that has lapsed meanwhile."""
    if in_force.policy.releases or stopped(in_force):
        act(run, in_force, certificates.progress_by_scope(run.ledger, in_force.epoch_id), now)


def _act(
    book: Ledger,
    stream: Stream,
    in_force: policy_history.PolicyInForce,
    progress_by_scope: Mapping[str, certificate.Progress],
    now: str,
    quiet: Callable[[], bool],
) -> bool:
    silenced = stopped(in_force)
    if silenced and silence.lasts(book, stream, in_force.epoch_id, now):
        return False
    if in_force.policy.releases and silence.begins(book, stream, in_force.epoch_id, now):
        rule = in_force.policy
        nothing = policies.Policy(threshold=None, audit_rate=rule.audit_rate, blind_rate=rule.blind_rate)
        because = (
            f"waiting for readers: no label of what was released was settled for {stream.policy.max_silence:g} days"
        )
        return _replace(book, stream, in_force, nothing, SILENCE, because, now, holds=False)
    held = states(book, stream, in_force, progress_by_scope, now)
    if held is None:
        if not silenced:
            return False
        policy, holds = _before(book, stream)
        if policy.releases and not quiet():
            return False
        return _replace(book, stream, in_force, policy, SILENCE, READ, now, holds=holds)
    kept = _kept(book, stream, in_force, held)
    if kept == in_force.policy and not silenced:
        return False
    if kept.releases and not in_force.policy.releases and not quiet():
        return False
    reasons = {part: revoked.reason(state) or _REASONS[state.state] for part, state in held.items()}
    because = "; ".join(reason + (f" ({part})" if part else "") for part, reason in reasons.items())
    holds = kept.releases and all(state.state in CERTIFIED for state in held.values() if state.threshold is not None)
    by = SILENCE if silenced and kept.releases else ERA
    return _replace(book, stream, in_force, kept, by, f"{READ}; {because}" if silenced else because, now, holds=holds)


def stopped(in_force: policy_history.PolicyInForce) -> bool:
    """Whether nothing is released because nobody reads."""
    return in_force.adopted_by == SILENCE and not in_force.policy.releases


def _kept(
    book: Ledger, stream: Stream, in_force: policy_history.PolicyInForce, held: Mapping[str, ages.InForce]
) -> policies.Policy:
    """What a named person adopted last, with what the era under way no longer allows taken back.

    At the rates of that policy or, where nothing is released, of the one that the epoch began with: not at those that the
    stream file has by now, which are for a person to put in force.
    """
    cold = policy_history.history(book, stream.name).filter(pl.col("epoch_id") == in_force.epoch_id).row(0, named=True)
    taken = policy_history.adopted(book, stream.name, in_force.epoch_id) or cold
    rule = policy_history.rule_of(taken)
    thresholds = {part: state.threshold for part, state in held.items()}
    releases = any(threshold is not None for threshold in thresholds.values())
    return policies.Policy(
        threshold=thresholds.get(""),
        by_class=None if "" in thresholds else thresholds,
        # Bands are chosen for a threshold, when a person adopts it: another is audited at one rate.
        by_band=rule.by_band if thresholds.get("") == rule.threshold else None,
        audit_rate=taken["audit_rate"],
        blind_rate=(taken if releases else cold)["blind_rate"],
    )


def states(
    book: Ledger,
    stream: Stream,
    in_force: policy_history.PolicyInForce,
    progress_by_scope: Mapping[str, certificate.Progress],
    now: str,
) -> dict[str, ages.InForce] | None:
    """By part, what becomes of the threshold that a named person adopted last in this epoch, in the era under way.

    A class's threshold is as old as the adoption that decided it: one of another class leaves its age as it is. None: no era has
    begun, or nobody has adopted anything in this epoch.
    """
    all_eras = certificates.eras(book, in_force.epoch_id)
    taken_last = policy_history.adopted(book, stream.name, in_force.epoch_id)
    if not all_eras or taken_last is None:
        return None
    newest, decided = all_eras[-1], _decided(book, stream, in_force, policy_history.rule_of(taken_last))
    day, days = _day(newest, now)
    # What carries over began to when the era before ended, however long nothing ran since.
    idle = (
        (timestamps.parse(newest.registered_at) - timestamps.parse(all_eras[-2].ends_at)) // timedelta(days=1)
        if all_eras[1:]
        else 0
    )
    rested = day + max(idle, 0)
    held = {}
    for part, (threshold, against, row) in decided.items():
        progress = progress_by_scope.get(part)
        own = [] if progress is None else certificates.held(progress)
        era = sum(one.after_seal < row["seal"] for one in all_eras) or 1
        holder = _certified_in(book, all_eras, threshold, part, own)
        lost = (
            holder is None and not against and revoked.of(book, all_eras[max(era - 2, 0) : era], threshold, part, row)
        )
        if holder is None and not lost and row["certified"] and era < newest.number:
            holder = era
        if against and holder != newest.number == era:
            holder = (
                None  # who takes it in this era against its verdict knows that what an era before certified is over
            )
        taken = ages.Adopted(threshold=threshold, era=era, certified=holder, revoked=lost)
        held[part] = ages.in_force(taken, own, era=newest.number, day=day, days=days, rested=rested)
        if held[part].state == "lapsed":
            stricter = [
                one for one in _certified_before(book, all_eras, part) if threshold is not None and one > threshold
            ]
            if stricter:  # the era before had put the least strict of these in force: it carries over like any other
                last = ages.Adopted(threshold=min(stricter), era=newest.number - 1, certified=newest.number - 1)
                carried = ages.in_force(last, own, era=newest.number, day=day, days=days, rested=rested)
                held[part] = replace(carried, revoked=lost)
    return held


def lapses(era: certificates.Era, now: str, days_left: int) -> str:
    """When what has so many days left (`era.InForce`) ends."""
    return timestamps.text(timestamps.parse(era.registered_at) + timedelta(days=_day(era, now)[0] + days_left))


def _day(era: certificates.Era, now: str) -> tuple[int, int]:
    """Which day of the era it is, from 0, and how many it has."""
    began, ends = timestamps.parse(era.registered_at), timestamps.parse(era.ends_at)
    days = max(round((ends - began) / timedelta(days=1)), 1)
    return min(max((timestamps.parse(now) - began) // timedelta(days=1), 0), days - 1), days


def _certified_before(book: Ledger, eras: list[certificates.Era], part: str) -> list[float]:
    """The thresholds that the era before the one under way certified, strictest first."""
    plan = eras[-2].plans.get(part) if len(eras) > 1 else None
    progress = None if plan is None else certificates.progress(book, plan, part)
    return [] if progress is None else certificates.held(progress)


def _decided(
    book: Ledger, stream: Stream, in_force: policy_history.PolicyInForce, rule: policies.Policy
) -> dict[str, tuple[float | None, bool, dict[str, Any]]]:
    """By part of `rule`: the threshold, whether it was decided against the verdict (`--uncertified`), and the adoption of this
    epoch by a named person that decided it last, as a row of `policy_history.history`."""
    named = policy_history.named(book, stream.name, in_force.epoch_id).to_dicts()
    decided = policy_history.decided(book, stream.name)
    by_scope = {}
    for part in ("",) if rule.by_class is None else rule.by_class:
        row = next(
            row for row in reversed(named) if part in decided.get(row["version"], {part: False}) or row is named[0]
        )
        then = policy_history.rule_of(row)
        threshold = then.of_class(part).threshold if part else then.threshold
        against = decided.get(row["version"], {}).get(part, False)
        by_scope[part] = threshold, against, row
    return by_scope


def _certified_in(
    book: Ledger, eras: list[certificates.Era], threshold: float | None, part: str, own: Sequence[float]
) -> int | None:
    """The newest era whose certificate holds a threshold; None: none does. `own`: what that of the newest holds."""
    if threshold in own:
        return eras[-1].number
    for era in reversed(eras[:-1]):
        plan = era.plans.get(part)
        progress = None if plan is None else certificates.progress(book, plan, part)
        if progress is not None and threshold in certificates.held(progress):
            return era.number
    return None


def _before(book: Ledger, stream: Stream) -> tuple[policies.Policy, bool]:
    """The policy that the present one replaced, and whether a certificate held it then."""
    past = policy_history.history(book, stream.name).row(-2, named=True)
    return policy_history.rule_of(past), bool(past["certified"])


def _replace(
    book: Ledger,
    stream: Stream,
    in_force: policy_history.PolicyInForce,
    policy: policies.Policy,
    by: str,
    because: str,
    now: str,
    *,
    holds: bool,
) -> bool:
    """Put a policy in force by the product itself, unless somebody has moved the threshold since it looked."""
    with book.exclusive("govern", stream.name):
        if runs.policy_in_force(book, stream).version != in_force.version:
            return False
        progress_by_scope = certificates.progress_by_scope(book, in_force.epoch_id)
        facts = epochs.adoption(
            book,
            stream,
            in_force.epoch_id,
            policy,
            in_force,
            by=by,
            because=because,
            holds=holds,
            now=now,
            progress_by_scope=progress_by_scope,
        )
        book.append(facts, now=now)
    return True
