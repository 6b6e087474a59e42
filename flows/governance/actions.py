"""Who moves the threshold: a named person, with a reason, on the record."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import polars as pl

from flows.governance import adoption, epochs, safeguards
from flows.runtime import runs, settings
from models import names_and_reasons
from models.answers import same
from models.certification import audit_bands
from models.config.stream import Stream
from models.errors import Misuse
from models.routing import policy as policies
from review import formats
from review.adoption import verdict
from review.ledger import ledger
from review.queries import certificates, policy_history
from review.report import certificate_text


def adopt(
    stream_name: str,
    threshold: float | None,
    *,
    by: str,
    because: str,
    uncertified: bool = False,
    label: str | None = None,
) -> policy_history.PolicyInForce:
    """Put a threshold in force: the least strict that the report proposes for None. Returns what is then in force.

    A number that the report shows means the registered threshold it was shown for. Of a stream with a threshold per class: of
    the class `label`, the others staying where they are; with neither label nor threshold, what is proposed of every
    class, and none where nothing is. A threshold that today's verdict does not allow (`review.adoption.verdict`: not certified, a
    confidence that ranks backwards, an error that today's labels put above the target) takes `uncertified`, and the
    record says so for ever. Raises Misuse, naming what is certified, what is missing or what speaks against it, without.
    """
    with governed(stream_name, by, because) as (stream, book, in_force, who):
        weighing = adoption.of(book, stream, in_force)
        if stream.policy.per_class == "no":
            if label is not None:
                raise Misuse(
                    f"{stream.name} has one threshold for all classes; leave --class out, or set policy.per_class"
                )
            at = adoption.chosen(stream.name, threshold, weighing, "", uncertified=uncertified)
            policy = policy_of(stream, at, counts=weighing.counts)
        else:
            policy = policy_of(
                stream, None, adoption.thresholds(stream, in_force, weighing, threshold, label, uncertified=uncertified)
            )
        # While release is stopped for want of readers, the other classes stay with people until a person decides of them.
        parts = stream.labels if policy.by_class is not None else ("",)
        if label is not None and not safeguards.stopped(in_force):
            parts = (label,)
        _put_in_force(book, stream, in_force, policy, who, weighing, _decided(weighing, policy, parts, uncertified))
        return runs.policy_in_force(book, stream)


def terms(stream_name: str, in_force: policy_history.PolicyInForce) -> list[str]:
    """What a person who has moved the threshold should know: what each class is promised, how long an uncertified one holds."""
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    if not in_force.policy.releases:
        return []
    sentences = [certificate_text.by_itself(in_force.delta)] if stream.policy.per_class == "each" else []
    with runs.open_ledger(config) as book:
        progress_by_scope = certificates.progress_by_scope(book, in_force.epoch_id)
        held = safeguards.states(book, stream, in_force, progress_by_scope, runs.clock()) or {}
        era = certificates.era(book, in_force.epoch_id)
    loose = [part for part, state in held.items() if state.state == "uncertified"]
    if loose and era is not None:
        which = "the threshold" if loose == [""] else f"the threshold of {same.few(loose)}"
        sentences.append(
            f"Nothing certifies {which} in era {era.number}, which ends {formats.when(era.ends_at)}. It carries over into the "
            "next era at most once, and lapses there unless a certificate holds it."
        )
    return sentences


def stopped(stream_name: str) -> str | None:
    """Who has stopped the stream from releasing anything, when and why; None if nobody has. To be asked before `adopt`."""
    config = settings.read()
    with runs.open_ledger(config) as book:
        halt = policy_history.stopped(book, settings.read_stream(stream_name, config).name)
    if halt is None:
        return None
    return f"nothing was released, by {halt['adopted_by']} since {formats.when(halt['adopted_at'])}: {halt['because']}"


def halt(stream_name: str, *, by: str, because: str) -> policy_history.PolicyInForce:
    """Release nothing from the next decision on. Returns what is then in force."""
    with governed(stream_name, by, because, as_it_is=True) as (stream, book, in_force, who):
        _put_in_force(book, stream, in_force, policy_of(stream, None), who)
        return policy_history.policy_in_force(book, stream.name) or in_force


def rollback(
    stream_name: str, version: int | None, *, by: str, because: str, uncertified: bool = False
) -> policy_history.PolicyInForce:
    """Put the policy of an earlier version of this epoch in force again. Returns what is then in force.

    Where that policy is in force already, nothing changes. One that releases more than the present one must be certified
    today, as for `adopt`, or takes `uncertified`. Raises Misuse if no version is named (the message lists them), there is
    no such version, it belongs to an epoch that is closed (what was known of another model says nothing of this one), or
    it would release more than is certified.
    """
    with governed(stream_name, by, because) as (stream, book, in_force, who):
        past = policy_history.history(book, stream.name).to_dicts()
        row = next((row for row in past if row["version"] == version), None)
        if row is None:
            named = "name the version to go back to with --to" if version is None else f"there is no version {version}"
            raise Misuse(f"{stream.name}: {named}; {_versions(past, in_force)}")
        if row["epoch_id"] != in_force.epoch_id:
            raise Misuse(
                f"version {version} of {stream.name} belongs to an epoch that is closed; adopt a threshold instead"
            )
        return _again(book, stream, in_force, row, who, uncertified=uncertified)


def resume(stream_name: str, *, by: str, because: str, uncertified: bool = False) -> policy_history.PolicyInForce:
    """After a halt: put the last policy in force again that released anything in this epoch.

    It must be certified today, as for `adopt`, or takes `uncertified`. Raises Misuse if nothing is halted, nothing was
    released in this epoch, or it is not certified.
    """
    with governed(stream_name, by, because) as (stream, book, in_force, who):
        rule = in_force.policy
        if rule.releases:
            raise Misuse(f"{stream.name} is not halted: {formats.releases(rule.threshold, rule.by_class)}")
        past = [
            row
            for row in policy_history.history(book, stream.name).to_dicts()
            if row["epoch_id"] == in_force.epoch_id and policy_history.rule_of(row).releases
        ]
        if not past:
            raise Misuse(f"{stream.name} has released nothing in this epoch; adopt a threshold instead")
        return _again(book, stream, in_force, past[-1], who, uncertified=uncertified)


def _again(
    book: ledger.Ledger,
    stream: Stream,
    in_force: policy_history.PolicyInForce,
    row: Mapping[str, Any],
    who: "Who",
    *,
    uncertified: bool,
) -> policy_history.PolicyInForce:
    """Put the policy of an adoption of this epoch (a row of `policy_history.history`) in force, unless it is."""
    if row["policy_id"] == in_force.policy_id:
        return in_force
    policy = policy_history.rule_of(row)
    weighing = adoption.of(book, stream, in_force)
    if not uncertified:
        _refuse_more(stream, row["version"], in_force.policy, policy, weighing.verdicts)
    now = in_force.policy
    parts = ("",) if policy.by_class is None and now.by_class is None else stream.labels
    moved = tuple(part for part in parts if uncertified or _threshold(policy, part) != _threshold(now, part))
    _put_in_force(book, stream, in_force, policy, who, weighing, _decided(weighing, policy, moved, uncertified))
    return runs.policy_in_force(book, stream)


def _decided(
    weighing: adoption.Weighing, policy: policies.Policy, parts: Sequence[str], uncertified: bool
) -> dict[str, bool]:
    """The parts whose threshold is decided, and whether each against its verdict."""
    thresholds = {part: _threshold(policy, part) for part in parts}
    return {
        part: uncertified and at is not None and _against(weighing, part, at)  # `at`: its threshold
        for part, at in thresholds.items()
    }


def _against(weighing: adoption.Weighing, part: str, threshold: float) -> bool:
    verdict_ = weighing.verdicts.get(part)
    return verdict_ is None or verdict_.against(threshold) is not None


def _threshold(policy: policies.Policy, part: str) -> float | None:
    """The threshold of a part: "" is all cases."""
    return policy.of_class(part).threshold if part else policy.threshold


def _refuse_more(
    stream: Stream,
    version: int,
    now: policies.Policy,
    then: policies.Policy,
    verdicts: Mapping[str, verdict.Verdict],
) -> None:
    """Raise Misuse if a threshold of `then` lies below that of `now` and may not be adopted."""
    for part in ("",) if then.by_class is None and now.by_class is None else stream.labels:
        before, after = _threshold(now, part), _threshold(then, part)
        if after is None or (before is not None and after >= before):
            continue
        against = verdicts[part].against(after) if part in verdicts else "it is not certified"
        if against is not None:
            more = "releases again" if before is None else f"releases more than now ({formats.number(before)})"
            raise Misuse(
                f"version {version} of {stream.name} {more}: threshold {formats.number(after)}"
                f"{f' of class {part}' if part else ''}, and {formats.plain(against)}; adopt a certified one, or say "
                "--uncertified, which is kept for ever"
            )


def _versions(past: Sequence[Mapping[str, Any]], in_force: policy_history.PolicyInForce) -> str:
    """The versions of the epoch in force that one could go back to, newest first, in one line."""
    versions = []
    for row in reversed(past):
        if row["epoch_id"] == in_force.epoch_id and row["version"] != in_force.version:
            rule = policy_history.rule_of(row)
            versions.append(f"{row['version']} ({formats.releases(rule.threshold, rule.by_class)})")
    return (
        f"in this epoch there are {', '.join(versions)}"
        if versions
        else "in this epoch there is none before the present one"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who decides, and why, as it goes on the record."""

    by: str
    because: str


@contextmanager
def governed(
    stream_name: str, by: str, because: str, *, as_it_is: bool = False
) -> Iterator[tuple[Stream, ledger.Ledger, policy_history.PolicyInForce, Who]]:
    """Hold the stream for a decision of a named person. Raises Misuse without a name, a reason, or a policy.

    `as_it_is`: also where the stream file has moved on to other terms than the epoch's; to release less takes no `init`.
    """
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    who = Who(by=names_and_reasons.checked(by, "--by"), because=names_and_reasons.checked(because, "--because"))
    with ledger.open(config.ledger.get_secret_value()) as book, book.exclusive("govern", stream.name):
        in_force = policy_history.policy_in_force(book, stream.name) if as_it_is else None
        yield stream, book, in_force or runs.policy_in_force(book, stream), who


def policy_of(
    stream: Stream,
    threshold: float | None,
    by_class: Mapping[str, float | None] | None = None,
    *,
    counts: pl.DataFrame | None = None,
) -> policies.Policy:
    """A policy with these thresholds at the rates of the stream file. Raises Misuse if they are none.

    `counts`: earlier cases, by whose labels the bands of the audits are chosen; without them all are audited at one rate.
    """
    cold = threshold is None and by_class is None
    bands = None
    if counts is not None and threshold is not None and 0 <= threshold <= 1 and stream.policy.audit_bands:
        rate, target = stream.policy.audit_rate, stream.target.error
        bands = audit_bands.choose(counts, threshold, audit_rate=rate, target=target)
    try:
        return policies.Policy(
            threshold=threshold,
            by_class=by_class,
            by_band=bands,
            audit_rate=stream.policy.audit_rate,
            blind_rate=stream.policy.cold_blind_rate if cold else stream.policy.blind_rate,
        )
    except ValueError as error:
        raise Misuse(str(error)) from None


def _put_in_force(
    book: ledger.Ledger,
    stream: Stream,
    in_force: policy_history.PolicyInForce,
    policy: policies.Policy,
    who: Who,
    weighing: adoption.Weighing | None = None,
    decided: Mapping[str, bool] | None = None,
) -> None:
    """Within the epoch in force: the policy and its adoption, in one transaction; `decided` as in `epochs.adoption`."""
    now = runs.clock()
    facts = epochs.adoption(
        book,
        stream,
        in_force.epoch_id,
        policy,
        in_force,
        by=who.by,
        because=who.because,
        holds=weighing is not None and adoption.holds(policy, weighing.verdicts),
        now=now,
        progress_by_scope={} if weighing is None else weighing.progress_by_scope,
        decided=decided,
    )
    book.append(facts, now=now)
