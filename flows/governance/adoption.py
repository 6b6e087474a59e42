"""What may be adopted today, from the ledger: the verdict the report gives, computed anew when a named person decides.

Nothing of Prefect is loaded here, as in `flows.governance.actions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from flows.governance import evidence
from flows.runtime import runs
from models.answers import same
from models.certification import certificate
from models.config.stream import Stream
from models.errors import Misuse
from models.planning import what_if
from models.routing import policy as policies
from review import formats
from review.adoption import evidence_counts, verdict
from review.ledger import ledger
from review.queries import blind_samples, certificates, field_outcomes, policy_history, record_outcomes, relook


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """By part ("" is of all cases, else the class): what the last look left and today's labels still hold, and the verdict."""

    progress_by_scope: dict[str, certificate.Progress]
    verdicts: dict[str, verdict.Verdict]
    samples: dict[str, pl.DataFrame]  # the blind samples (`review.queries.blind_samples`)
    registered: dict[str, dict[str, float]]  # per part: the text that the report shows -> the registered threshold
    counts: pl.DataFrame = field(default_factory=pl.DataFrame)  # of the epoch's cases (`models.evaluation.risk`)

    def threshold(self, part: str, asked: float) -> float:
        """The registered threshold that a person means by a number: this very one, or the one whose text it is."""
        registered = self.registered.get(part, {})
        if asked in registered.values():
            return asked
        meant = [at for text, at in registered.items() if float(text) == asked]
        return min(meant, key=lambda at: abs(at - asked), default=asked)

    def text(self, part: str, threshold: float) -> str:
        """A threshold as the part's own table shows it."""
        return next(
            (text for text, at in self.registered.get(part, {}).items() if at == threshold), formats.number(threshold)
        )


def of(book: ledger.Ledger, stream: Stream, in_force: policy_history.PolicyInForce) -> Weighing:
    """The verdict on every part of the epoch in force. Raises LedgerInvalid if a sample is not one its policy gives."""
    plans = certificates.plans(book, in_force.epoch_id)
    cases = record_outcomes.read(book, stream.name, now=runs.clock(), **evidence.rules(stream))
    with evidence.adding_up(stream):
        progress_by_scope = relook.still(book, cases, in_force.epoch_id)
    differing = None
    if stream.field:
        differing = field_outcomes.differences(book, stream.name, cases, in_force.epoch_id)
    weighed = evidence_counts.of(cases, in_force, plans, progress_by_scope, differing)
    # The page shows all lines of all parts in one list, a class's own table its own: both texts are taken.
    page = what_if.thresholds(
        list(plans.values()), weighed.whole.counts, evidence_counts.thresholds(in_force, progress_by_scope)
    )
    shown = dict(zip(page, formats.thresholds(page), strict=True))
    registered = {}
    for part, plan in plans.items():
        texts = dict(zip(formats.thresholds(plan.thresholds), plan.thresholds, strict=True))
        # Elsewhere one threshold stands by itself: that text is taken where it is no other's.
        alone = [formats.number(at) for at in plan.thresholds]
        single = {text: at for text, at in zip(alone, plan.thresholds, strict=True) if alone.count(text) == 1}
        registered[part] = texts | {shown[at]: at for at in plan.thresholds if at in shown}
        registered[part] |= {text: at for text, at in single.items() if text not in registered[part]}
    return Weighing(
        progress_by_scope=progress_by_scope,
        verdicts=evidence_counts.verdicts(weighed, in_force, progress_by_scope),
        samples={part: (weighed.by_class[part] if part else weighed.whole).samples for part in plans},
        registered=registered,
        counts=weighed.whole.counts,
    )


def chosen(what: str, threshold: float | None, weighing: Weighing, part: str, *, uncertified: bool) -> float:
    """The threshold to adopt. `what`: the stream or the class, for messages. Raises Misuse if it may not be adopted."""
    ruling = weighing.verdicts.get(part)
    allowed = () if ruling is None else ruling.allowed
    if threshold is None:
        if allowed:
            return allowed[-1]
        if ruling is None or not ruling.certified:
            raise Misuse(f"no threshold of {what} is certified yet; {_missing(weighing, part)}")
        threshold = ruling.certified[-1]
    threshold = weighing.threshold(part, threshold)
    against = "it is not certified" if ruling is None else ruling.against(threshold)
    if against is None or uncertified:
        return threshold
    text = weighing.text(part, threshold)
    if ruling is not None and threshold in ruling.certified:
        raise Misuse(
            f"threshold {text} of {what} cannot be adopted: {formats.plain(against)}; --uncertified does it all the same, "
            "and is kept for ever"
        )
    certain = () if ruling is None else ruling.certified
    reason = (
        f"certified are {weighing.text(part, certain[-1])} to {weighing.text(part, certain[0])}"
        if certain
        else f"none is; {_missing(weighing, part)}"
    )
    raise Misuse(
        f"threshold {text} of {what} is not certified ({reason}); adopt a certified one (the lowest is taken when "
        "none is named), or say --uncertified, which is kept for ever"
    )


def thresholds(
    stream: Stream,
    in_force: policy_history.PolicyInForce,
    weighing: Weighing,
    threshold: float | None,
    label: str | None,
    *,
    uncertified: bool,
) -> dict[str, float | None]:
    """The threshold of each class."""
    if label is not None:
        if label not in stream.labels:
            raise Misuse(f"--class {label!r} is none of the stream's labels {same.few(stream.labels)}")
        at = chosen(f"class {label}", threshold, weighing, label, uncertified=uncertified)
        now = {name: in_force.policy.of_class(name).threshold for name in stream.labels}
        return now | {label: at}
    if threshold is not None:
        raise Misuse(f"{stream.name} has a threshold per class: name the class with --class")
    thresholds: dict[str, float | None] = {}
    for name in stream.labels:
        ruling = weighing.verdicts.get(name)
        thresholds[name] = None if ruling is None else ruling.threshold
    if all(at is None for at in thresholds.values()):
        barred = next((one for one in weighing.verdicts.values() if one.certified), None)
        if barred is not None:
            raise Misuse(
                f"no class of {stream.name} may be released: {formats.plain(str(barred.against(barred.certified[-1])))}"
            )
        raise Misuse(f"no class of {stream.name} has a certified threshold yet; the report says what each lacks")
    return thresholds


def holds(policy: policies.Policy, verdicts: Mapping[str, verdict.Verdict]) -> bool:
    """Whether every threshold of the policy may be adopted as certified, and there is one."""
    thresholds = {"": policy.threshold} if policy.by_class is None else policy.by_class
    return policy.releases and all(
        at is None or (part in verdicts and verdicts[part].against(at) is None) for part, at in thresholds.items()
    )


def _missing(weighing: Weighing, part: str) -> str:
    """What it would take to certify something."""
    progress = weighing.progress_by_scope.get(part)
    if progress is None:
        return "`second-reader measure STREAM` looks for one"
    needed = certificate.needed(progress)
    if needed is not None:
        at = weighing.text(part, needed.threshold)
        return f"about {needed.labels} more blind labels at confidence {at} and above would certify that"
    places = [progress.plan.thresholds[stop.at] for stop in progress.stops]
    fields = certificate.blocking(progress)
    reason = blind_samples.no_number(weighing.samples[part], places, progress.plan.alpha, fields)
    return formats.plain(f"{reason[:1].lower()}{reason[1:]}").removesuffix(".")
