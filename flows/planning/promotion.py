"""Another model takes over with what is known of it: a new epoch whose first threshold its own answers in shadow certify.

The epoch begins with two eras. The first holds what people settled of samples that the model was asked about before it took
over (docs/method.md 4.7d), and is over at once. The second gathers labels of what the model decides itself, and the threshold
carries over into it as into any other.

Nothing of Prefect is loaded here, as in `flows.governance.actions`.
"""

from dataclasses import replace
from datetime import timedelta

import polars as pl

from flows.governance import actions, epochs, eras, evidence, shadow_evidence
from flows.inputs import files
from flows.runtime import runs, settings
from models import timestamps
from models.certification import certificate, era_plan
from models.certification import era as age
from models.config import terms
from models.config.stream import Stream
from models.errors import Misuse
from models.outputs import ruled
from review import formats
from review.adoption import shadow_look, takeover
from review.ledger.ledger import Ledger
from review.queries import candidates, certificates, policy_history, record_outcomes, registered, scored_files, shadows
from review.queries.policy_history import PolicyInForce


def promote(stream_name: str, threshold: float | None, *, by: str, because: str, unseen: bool = False) -> PolicyInForce:
    """Let the model that the stream file names take over, releasing by a certified threshold from its first case on.

    `threshold`: a certified one; None: the least strict. `unseen`: whether this person says that the model has seen none of the
    labels that it is certified by; that stands in the record, and of what `retrain` trained it is known. Done again after a
    break, it goes on where it was. Returns what is then in force.

    Raises Misuse where the stream file names the model that answers already or differs in more than the model, where what the
    model said in shadow certifies no such threshold, and where nobody says that it is `unseen`.
    """
    with actions.governed(stream_name, by, because, as_it_is=True) as (stream, book, in_force, who):
        now = runs.clock()
        plan = _begun(book, stream, in_force)
        if plan is None:
            _check(book, stream, in_force)
        one = candidate(book, stream, now, plan)
        at = chosen(stream, one, threshold)  # before anything is recorded
        who = _vouched(book, stream, who, unseen=unseen)
        if plan is None:
            in_force = _begin(book, stream, in_force, one.progress, who, now)
        # By itself: the threshold is adopted after what certifies it, so that a later look can revoke it.
        adopted = epochs.adoption(
            book,
            stream,
            in_force.epoch_id,
            actions.policy_of(stream, at),
            in_force,
            by=who.by,
            because=who.because,
            holds=True,
            now=now,
            progress_by_scope={"": one.progress},
        )
        book.append(adopted, now=now)
        return runs.policy_in_force(book, stream)


def candidate(book: Ledger, stream: Stream, now: str, plan: era_plan.Plan | None = None) -> takeover.Candidate:
    """What the answers in shadow of the stream file's model certify. `plan`: as registered; None: it is laid now.

    Raises Misuse if it was never asked, or gave no score.
    """
    model, by_field = stream.model.id, eras.targets(stream)
    if model not in shadows.models(book, stream.name):
        raise Misuse(
            f"{model} was never asked about cases of {stream.name}, so nothing is known of it; "
            f"second-reader shadow {stream.name} --model {model} --wanted ask.jsonl writes the cases"
        )
    after = shadow_evidence.since(book, stream, now) if plan is None else plan.shadow_after or 0
    cases = record_outcomes.read(book, stream.name, now=now, **evidence.rules(stream))
    with evidence.adding_up(stream):
        asked = shadow_evidence.asked(book, stream, cases, model, after=after)
        rows = asked.compared.cases
        target, delta = stream.target.error, stream.target.delta
        level = shadow_look.level(delta, asked.compared.nth)
        plan = plan or shadow_look.plan(rows, target=target, delta=level, by_field=by_field, after=after)
        if plan is None:
            raise Misuse(
                f"{model} gave no score to any case that may be held against it, so no threshold can be certified"
            )
        progress = shadow_look.look(plan, rows, asked.assessed, asked.policies)
    return takeover.of(progress, rows, asked.assessed, by_field, target=target, delta=delta)


def chosen(stream: Stream, one: takeover.Candidate, threshold: float | None) -> float:
    """The threshold to adopt: the least strict that is allowed, or the one that a person means by a number. Raises Misuse."""
    model = stream.model.id
    if threshold is None and one.allowed:
        return one.allowed[-1]
    init = f"second-reader init {stream.name} begins its epoch with every case to a person"
    if one.refusals:
        raise Misuse(f"{model} cannot take over: {formats.plain(one.refusals[0])}; {init}")
    if not one.held:
        step = certificate.needed(one.progress)
        more = "" if step is None else f"; about {step.labels} more labels of cases it was asked about would"
        raise Misuse(f"what {model} said in shadow certifies no threshold{more}; {init}")
    if not one.allowed:
        raise Misuse(f"{model} cannot take over: {formats.plain(one.barred)}; {init}")
    for at in one.allowed:
        if threshold in (at, float(formats.number(at))):
            return at
    raise Misuse(
        f"threshold {threshold:g} is none that {model} is certified at: these are {formats.number(one.allowed[-1])} to "
        f"{formats.number(one.allowed[0])}; leave --threshold out for the one that releases most"
    )


def _vouched(book: Ledger, stream: Stream, who: actions.Who, *, unseen: bool) -> actions.Who:
    """The person, whose reason says that the model has seen no label it is certified by, where only a person can know that.

    Raises Misuse where nobody says so.
    """
    model = stream.model.id
    if model in candidates.of(book, stream.name):
        return who
    if not unseen:
        raise Misuse(
            f"{model} was not trained here by retrain, so somebody must say what it has learned from: add --unseen if it "
            f"has seen none of the labels that it is certified by (second-reader export {stream.name} --for training holds none)"
        )
    return replace(
        who, because=f"{who.because} ({who.by} says that {model} has seen none of the labels that it is certified by)"
    )


def _begun(book: Ledger, stream: Stream, in_force: PolicyInForce) -> era_plan.Plan | None:
    """The plan of a promotion that broke off before its threshold was adopted, while it could carry over; None: there is none.

    What somebody has halted since, or the product has taken back, is for `resume` or `adopt` by today's verdict.
    """
    past = certificates.eras(book, in_force.epoch_id)
    plan = past[0].plans.get("") if len(past) == 2 else None
    if plan is None or plan.shadow_after is None or stream.model.id != in_force.model_id:
        return None
    if policy_history.adopted(book, stream.name, in_force.epoch_id) or runs.changed(book, in_force, stream):
        return None
    began, ends = timestamps.parse(past[1].registered_at), timestamps.parse(past[1].ends_at)
    carries = timedelta(days=age.carries(max((ends - began).days, 1)))
    return plan if timestamps.parse(runs.clock()) < began + carries else None


def _check(book: Ledger, stream: Stream, in_force: PolicyInForce) -> None:
    """Raise Misuse unless the stream file names another model and nothing else has changed."""
    if stream.policy.per_class != "no":
        raise Misuse(
            f"{stream.name} has a threshold per class, and what a model said in shadow certifies one for all classes; "
            f"second-reader init {stream.name} begins its epoch with every case to a person"
        )
    if stream.model.id == in_force.model_id:
        raise Misuse(
            f"{stream.name}: {in_force.model_id} answers already; give the model that takes over in model.id of the stream file"
        )
    then = registered.terms(book, in_force.epoch_id)
    if differs := terms.differs(runs.terms_now(stream, then), then, but=terms.MODEL):
        raise Misuse(
            f"{stream.name}: {differs}; what was said in shadow rests on the terms of then, so a model takes over only where "
            f"nothing but [model] has changed; change it back, or second-reader init {stream.name}"
        )
    if (code := ruled.by_the_answer(stream)) is not None:
        raise Misuse(
            f"{stream.name}: the rule {code} of never_release reads what the model said, so it kept other cases with "
            f"people than it will of {stream.model.id}; second-reader init {stream.name} begins its epoch with every case "
            "to a person"
        )
    _check_files(book, stream, in_force, then)
    _check_inbox(book, stream, in_force)


def _check_files(book: Ledger, stream: Stream, in_force: PolicyInForce, then: terms.Terms | None) -> None:
    """Raise Misuse unless the model files that the stream file names are what answered in shadow under the model's name."""
    now = runs.terms_now(stream, then)
    one = candidates.of(book, stream.name).get(stream.model.id)
    files = {key: now.get(key) for key in terms.FILES}
    if one is None:
        certified: dict[str, str | None] = dict.fromkeys(terms.FILES)
    elif one.keeps is None:
        certified = {"model.file": one.digest, "score.second_stage": None}
    else:
        certified = {"model.file": (then or {}).get("model.file"), "score.second_stage": one.digest}
        if one.keeps not in candidates.answering_as(book, stream.name, in_force.model_id):
            raise Misuse(
                f"{stream.name}: {stream.model.id} scores the answers of {one.keeps}, and {in_force.model_id} answers now; "
                f"train another: second-reader retrain {stream.name}"
            )
    for key, digest in certified.items():
        if files[key] != digest:
            ours = "leave it out" if digest is None else f"name the file whose SHA-256 begins with {digest[:12]}"
            raise Misuse(
                f"{stream.name}: what {key} names was not what {stream.model.id} was certified on in shadow: {ours}; "
                f"second-reader init {stream.name} begins its epoch with every case to a person"
            )


def _check_inbox(book: Ledger, stream: Stream, in_force: PolicyInForce) -> None:
    """Raise Misuse where a file was never scored: it would be taken for answers of the model that takes over.

    A stream whose rows name their model (`input.model`) tells the answers apart by itself.
    """
    inbox = settings.read().data / stream.input.source
    if stream.input.model is not None or not inbox.exists():
        return
    known = scored_files.sources(book, stream.name)
    for entry in files.listed(inbox, stream):
        if entry.name not in known:
            raise Misuse(
                f"{entry.path}: this file was never scored, and would be taken for answers of {stream.model.id}; score it while "
                f"the stream file names {in_force.model_id}, or move it away until {stream.model.id} has taken over"
            )


def _begin(
    book: Ledger, stream: Stream, replaced: PolicyInForce, progress: certificate.Progress, who: actions.Who, now: str
) -> PolicyInForce:
    """Open the model's epoch, with the era of its answers in shadow, what that certifies, and the era that runs from now on."""
    epoch_id, facts = epochs.opening(book, stream, replaced, by=who.by, because=who.because, now=now)
    before = certificates.era(book, replaced.epoch_id)
    if before is None:
        raise Misuse(f"{stream.name}: {replaced.model_id} has decided nothing yet; second-reader init {stream.name}")
    plan = replace(progress.plan, epoch=epoch_id, era=1)
    size = stream.policy.group_size or (1 if stream.input.group is None else before.plans[""].group_size)
    gathers = replace(plan, era=2, delta=stream.target.delta, group_size=size, shadow_after=None)
    lasts: timedelta = timestamps.parse(before.ends_at) - timestamps.parse(before.registered_at)
    begun = [
        certificates.Era(
            epoch_id=epoch_id,
            number=number,
            after_seal=book.head()[0],
            ends_at=timestamps.text(timestamps.parse(now) + length),
            registered_at=now,
            plans={"": laid},
        )
        for number, laid, length in ((1, plan, timedelta()), (2, gathers, lasts))
    ]
    facts |= {
        "era_plan": pl.concat(certificates.plan_rows(one, stream.name) for one in begun),
        "look": certificates.progress_row(replace(progress, plan=plan), stream.name, now),
    }
    book.append(facts, now=now)
    return runs.policy_in_force(book, stream)
