"""Who moves the line: a named person, with a reason, on the record."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import polars as pl

from flows import certify, epochs, runs, settings
from models import certificate
from models import policy as policies
from models.errors import LedgerInvalid, Misuse
from models.stream import Stream
from review import certified, judged, ledger, retirement, wording
from review.states import doubted, governed


def adopt(
    stream_name: str,
    threshold: float | None,
    *,
    by: str,
    because: str,
    uncertified: bool = False,
    label: str | None = None,
) -> governed.PolicyInForce:
    """Put a threshold in force: the least strict certified one for None. Returns what is then in force.

    Of a stream with a line per class: of the class `label`, the others staying where they are; with neither label nor
    threshold, the least strict certified one of every class, and none where none is certified. A threshold that the
    epoch's certificate does not hold takes `uncertified`, and the record says so for ever. Raises Misuse, naming what is
    certified or what is missing, without it.
    """
    with _governed(stream_name, by, because) as (stream, book, in_force):
        standings = certified.standings(book, in_force.epoch_id)
        if stream.policy.per_class == "no":
            if label is not None:
                raise Misuse(f"{stream.name} has one line for all classes; leave --class out, or set policy.per_class")
            line, holds = _chosen(stream.name, threshold, standings.get(""), uncertified=uncertified)
            policy = _policy(stream, line)
        else:
            lines = _lines(stream, in_force, standings, threshold, label, uncertified=uncertified)
            policy = _policy(stream, None, lines)
            holds = _covered(policy, standings)
        _put_in_force(book, stream, in_force, policy, by=by, because=because, holds=holds, standings=standings)
        return runs.policy_in_force(book, stream)


def _chosen(
    what: str, threshold: float | None, standing: certificate.Standing | None, *, uncertified: bool
) -> tuple[float, bool]:
    """The threshold to adopt, and whether it is certified. `what`: the stream or the class, for messages."""
    certain = [] if standing is None else certified.held(standing)
    if threshold is None:
        if not certain:
            raise Misuse(f"no threshold of {what} is certified yet; {_missing(standing)}")
        threshold = certain[-1]
    holds = threshold in certain
    if not holds and not uncertified:
        said = f"certified are {certain[-1]:g} to {certain[0]:g}" if certain else f"none is; {_missing(standing)}"
        raise Misuse(
            f"threshold {threshold:g} of {what} is not certified ({said}); adopt a certified one (the lowest is taken when "
            "none is named), or say --uncertified, which is kept for ever"
        )
    return threshold, holds


def _lines(
    stream: Stream,
    in_force: governed.PolicyInForce,
    standings: Mapping[str, certificate.Standing],
    threshold: float | None,
    label: str | None,
    *,
    uncertified: bool,
) -> dict[str, float | None]:
    """The line of each class."""
    if label is not None:
        if label not in stream.labels:
            raise Misuse(f"--class {label!r} is none of the stream's labels {', '.join(stream.labels)}")
        line, _ = _chosen(f"class {label}", threshold, standings.get(label), uncertified=uncertified)
        now = {name: in_force.policy.of_class(name).threshold for name in stream.labels}
        return now | {label: line}
    if threshold is not None:
        raise Misuse(f"{stream.name} has a line per class: name the class with --class")
    lines = {name: standings[name].threshold if name in standings else None for name in stream.labels}
    if all(line is None for line in lines.values()):
        raise Misuse(f"no class of {stream.name} has a certified threshold yet; the report says what each lacks")
    return lines


def _covered(policy: policies.Policy, standings: Mapping[str, certificate.Standing]) -> bool:
    """Whether the epoch's certificates hold every line of the policy."""
    if policy.by_class is None:
        return "" in standings and policy.threshold in certified.held(standings[""])
    return all(
        line is None or (label in standings and line in certified.held(standings[label]))
        for label, line in policy.by_class.items()
    )


def stopped(stream_name: str) -> str | None:
    """Who has stopped the stream from releasing anything, when and why; None if nobody has. To be asked before `adopt`."""
    config = settings.read()
    with runs.open_ledger(config) as book:
        halt = governed.stopped(book, settings.read_stream(stream_name, config).name)
    if halt is None:
        return None
    return f"nothing was released, by {halt['adopted_by']} since {wording.when(halt['adopted_at'])}: {halt['because']}"


def look_once(stream_name: str, *, by: str, because: str) -> dict[str, certificate.Standing]:
    """Take the single exact look that the epoch was registered for, of every class at once. It is then used up.

    Returns what it certified, by class ("" for all cases). Raises Misuse if the stream is looked at any time, or the look
    was taken before; LedgerInvalid if the counts do not add up.
    """
    with _governed(stream_name, by, because) as (stream, book, in_force):
        plans = certified.plans(book, in_force.epoch_id)
        if any(plan.look != "once" for plan in plans.values()):
            raise Misuse(
                f'{stream.name} is looked at every night; a single look needs target.look = "once" from the start'
            )
        if certified.standings(book, in_force.epoch_id):
            raise Misuse(f"the single look of {stream.name} was taken; only a new epoch gives another")
        now = runs.clock()
        cases = judged.read(book, stream.name, now=now, **certify.rules(stream))
        found = {}
        for part, plan in plans.items():
            try:
                found[part] = certified.once(book, stream.name, plan, cases, salt=in_force.salt, part=part)
            except ValueError as error:
                raise LedgerInvalid(
                    f"the evidence of {stream.name} does not add up: {error}; run: second-reader verify"
                ) from None
        rows = [
            certified.standing_row(left, stream.name, now, part, taken_by=by, because=because)
            for part, left in found.items()
        ]
        book.append({"certificate": pl.concat(rows)}, now=now)
        return found


def halt(stream_name: str, *, by: str, because: str) -> governed.PolicyInForce:
    """Release nothing from the next decision on. Returns what is then in force."""
    with _governed(stream_name, by, because) as (stream, book, in_force):
        _put_in_force(book, stream, in_force, _policy(stream, None), by=by, because=because, holds=False)
        return runs.policy_in_force(book, stream)


def rollback(stream_name: str, version: int | None, *, by: str, because: str) -> governed.PolicyInForce:
    """Put an earlier version's policy in force again: the one before the present for None. Returns what is then in force.

    It is certified if the epoch's certificate holds its threshold today. Raises Misuse if there is no such version, or
    it belongs to an epoch that is closed: what was known of another model says nothing of this one.
    """
    with _governed(stream_name, by, because) as (stream, book, in_force):
        past = governed.history(book, stream.name)
        wanted = in_force.version - 1 if version is None else version
        row = next((row for row in past.iter_rows(named=True) if row["version"] == wanted), None)
        if row is None or wanted == in_force.version:
            raise Misuse(f"{stream.name} has no earlier version {wanted}; `second-reader show policy` lists them")
        if row["epoch_id"] != in_force.epoch_id:
            raise Misuse(
                f"version {wanted} of {stream.name} belongs to an epoch that is closed; adopt a threshold instead"
            )
        policy = governed.rule_of(row)
        standings = certified.standings(book, in_force.epoch_id)
        holds = policy.releases and _covered(policy, standings)
        _put_in_force(book, stream, in_force, policy, by=by, because=because, holds=holds, standings=standings)
        return runs.policy_in_force(book, stream)


def resume(stream_name: str, *, by: str, because: str) -> governed.PolicyInForce:
    """After a halt: put the last policy in force again that released anything in this epoch.

    Raises Misuse if nothing is halted, or nothing was released in this epoch.
    """
    with _governed(stream_name, by, because) as (stream, book, in_force):
        rule = in_force.policy
        if rule.releases:
            raise Misuse(f"{stream.name} is not halted: {wording.line(rule.threshold, rule.by_class)}")
        past = [
            row["version"]
            for row in governed.history(book, stream.name).iter_rows(named=True)
            if row["epoch_id"] == in_force.epoch_id and governed.rule_of(row).releases
        ]
    if not past:
        raise Misuse(f"{stream.name} has released nothing in this epoch; adopt a threshold instead")
    return rollback(stream_name, past[-1], by=by, because=because)


def recall(stream_name: str, *, by: str, because: str) -> int:
    """Send the released cases under suspicion since the last alarm to people. Returns how many; again adds nothing.

    Raises Misuse if no alarm was raised.
    """
    with _governed(stream_name, by, because) as (stream, book, _):
        suspects = doubted.suspects(book, stream.name)
        if suspects is None:
            raise Misuse(f"no alarm was raised on {stream.name}; there is nothing to recall")
        now = runs.clock()
        rows = suspects.select(
            stream=pl.lit(stream.name),
            case_id="case_id",
            recalled_by=pl.lit(by),
            because=pl.lit(because),
            recalled_at=pl.lit(now),
        )
        return len(book.append({"recall": rows}, now=now).written["recall"])


def beyond_recall(stream_name: str) -> int:
    """How many cases under suspicion since the last alarm had been retired, so that none of them can be recalled."""
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    with runs.open_ledger(config) as book:
        return retirement.beyond_recall(book, stream.name)


@contextmanager
def _governed(
    stream_name: str, by: str, because: str
) -> Iterator[tuple[Stream, ledger.Ledger, governed.PolicyInForce]]:
    """Hold the stream for a decision of a named person. Raises Misuse without a name, a reason, or a policy."""
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    for name, value in (("--by", by), ("--because", because)):
        if not value.strip():
            raise Misuse(f"{name} is empty; the record of who moved the line and why is kept for ever")
    with ledger.open(config.ledger.get_secret_value()) as book, book.exclusive("govern", stream.name):
        yield stream, book, runs.policy_in_force(book, stream)


def _policy(
    stream: Stream, threshold: float | None, by_class: Mapping[str, float | None] | None = None
) -> policies.Policy:
    cold = threshold is None and by_class is None
    try:
        return policies.Policy(
            threshold=threshold,
            by_class=by_class,
            audit_rate=stream.policy.audit_rate,
            blind_rate=stream.policy.cold_blind_rate if cold else stream.policy.blind_rate,
        )
    except ValueError as error:
        raise Misuse(str(error)) from None


def _missing(standing: certificate.Standing | None) -> str:
    """What it would take to certify something."""
    needed = None if standing is None else certificate.needed(standing)
    if needed is not None:
        return (
            f"about {needed.labels} more blind labels at confidence {needed.threshold:g} and above would certify that"
        )
    if standing is None:
        return "`second-reader measure` looks for one"
    return "at the errors seen so far, no number of labels would certify one"


def _put_in_force(
    book: ledger.Ledger,
    stream: Stream,
    in_force: governed.PolicyInForce,
    policy: policies.Policy,
    *,
    by: str,
    because: str,
    holds: bool,
    standings: Mapping[str, certificate.Standing] = MappingProxyType({}),
) -> None:
    """Within the epoch in force: the policy and its adoption, in one transaction."""
    now = runs.clock()
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
