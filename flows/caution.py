"""What the product takes back by itself, and gives back only where it took it: release by a threshold whose era is over, and
release that no reader checks. To release more than before always takes a named person.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from flows import epochs, runs
from models import certificate, moment
from models import era as ages
from models import policy as policies
from models.stream import Stream
from review import certified
from review.ledger import Ledger
from review.states import governed, silent

ERA = "the era"
SILENCE = "the silence rule"
WARNING = timedelta(days=1)  # before release stops for want of readers, an event says so


def act(
    run: runs.Run, in_force: governed.PolicyInForce, standings: Mapping[str, certificate.Standing], now: str
) -> bool:
    """Put in force what the era and the readers still allow. Whether another policy is in force than before."""
    moved = _act(run.ledger, run.stream, in_force, standings, now)
    if moved:
        runs.log.warning("%s: %s", run.stream.name, runs.policy_in_force(run.ledger, run.stream).because)
    return moved


def before_release(run: runs.Run, in_force: governed.PolicyInForce, now: str) -> None:
    """The same by what the last looks left, before anything is released by a threshold that has lapsed meanwhile."""
    if in_force.policy.releases or in_force.adopted_by == SILENCE:
        act(run, in_force, certified.standings(run.ledger, in_force.epoch_id), now)


def _act(
    book: Ledger,
    stream: Stream,
    in_force: governed.PolicyInForce,
    standings: Mapping[str, certificate.Standing],
    now: str,
) -> bool:
    unread = silence(book, stream, in_force, now)
    if in_force.adopted_by == SILENCE:
        if unread:
            return False
        policy, holds = _before(book, stream)
        return _replace(book, stream, in_force, policy, SILENCE, "people have read again", now, holds=holds)
    if not in_force.policy.releases:
        return False
    if unread:
        rule = in_force.policy
        stopped = policies.Policy(threshold=None, audit_rate=rule.audit_rate, blind_rate=rule.blind_rate)
        because = f"waiting for readers: no label of what was released has come for {stream.policy.max_silence:g} days"
        return _replace(book, stream, in_force, stopped, SILENCE, because, now, holds=False)
    kept = _kept(book, in_force, standings)
    if kept == in_force.policy:
        return False
    because = "its era is over, and this era's own certificate does not hold the threshold that was in force"
    holds = in_force.certified and kept.releases
    return _replace(book, stream, in_force, kept, ERA, because, now, holds=holds)


def silence(
    book: Ledger, stream: Stream, in_force: governed.PolicyInForce, now: str, *, early: timedelta = timedelta(0)
) -> bool:
    """Whether draws of released cases have waited longer than `policy.max_silence` while no label of any came.

    `early`: whether they will have, so long from now.
    """
    due = moment.text(moment.parse(now) - timedelta(days=stream.policy.max_silence) + early)
    oldest = silent.oldest_wait(book, stream.name, in_force.epoch_id)
    if oldest is None or oldest >= due:
        return False
    newest = silent.newest_answer(book, in_force.epoch_id)
    return newest is None or newest < due


def _kept(
    book: Ledger, in_force: governed.PolicyInForce, standings: Mapping[str, certificate.Standing]
) -> policies.Policy:
    """The policy in force with what the era under way no longer allows taken back."""
    found, rule = certified.eras(book, in_force.epoch_id), in_force.policy

    def kept(line: float | None, part: str) -> float | None:
        standing = standings.get(part)
        return ages.kept(
            line,
            certified_in=certified_in(book, in_force, found, line, part),
            era=found[-1].number if found else 1,
            certified=() if standing is None else certified.held(standing),
        )

    if rule.by_class is None:
        return replace(rule, threshold=kept(rule.threshold, ""))
    return replace(rule, by_class={label: kept(line, label) for label, line in rule.by_class.items()})


def _before(book: Ledger, stream: Stream) -> tuple[policies.Policy, bool]:
    """The policy that the present one replaced, and whether a certificate held it then."""
    past = governed.history(book, stream.name).row(-2, named=True)
    return governed.rule_of(past), bool(past["certified"])


def _replace(
    book: Ledger,
    stream: Stream,
    in_force: governed.PolicyInForce,
    policy: policies.Policy,
    by: str,
    because: str,
    now: str,
    *,
    holds: bool,
) -> bool:
    """Put a policy in force by the product itself, unless somebody has moved the line since it looked."""
    with book.exclusive("govern", stream.name):
        if runs.policy_in_force(book, stream).version != in_force.version:
            return False
        standings = certified.standings(book, in_force.epoch_id)
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
            standings=standings,
        )
        book.append(facts, now=now)
    return True


def certified_in(
    book: Ledger, in_force: governed.PolicyInForce, eras: list[certified.Era], line: float | None, part: str
) -> int:
    """The newest era whose certificate holds a threshold, or in which it was adopted."""
    adopted = sum(era.after_seal < in_force.seal for era in eras) or 1
    for era in reversed(eras):
        plan = era.plans.get(part)
        standing = None if plan is None else certified.standing(book, plan, part)
        if standing is not None and line in certified.held(standing):
            return max(era.number, adopted)
    return adopted
