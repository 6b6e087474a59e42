"""More data or better data: the labels that the target takes, each read once or again where readers disagree. Pure."""

import math
from dataclasses import dataclass

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.planning import labels_to_target
from models.reviewers.single_readings import SingleReadings
from review import formats
from review.choices import learning_text, regions
from review.choices.answer import Answer, State
from review.choices.work import Work
from review.queries.candidates import Candidate

QUESTION = "More data or better data: which labels certify the target with less work?"

Figure = Estimate | NotEnoughEvidence
_ENOUGH = (
    " With so many labels 4 of 5 streams like this one reach the target. Second readers are taken to err independently."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Labels of one kind: how many show the target, as far as is known, and what they take.

    `wrong`: the share of them that says the model is wrong. `labels`: enough with a chance of 4 in 5; None: no number up to
    `most`. `least`, `worst`: the same at the limits of `wrong`. `readings`: of a label.
    """

    wrong: Estimate
    labels: int | None
    least: int | None
    worst: int | None
    most: int
    readings: float

    @property
    def all_readings(self) -> float | None:
        """Readings of all those labels."""
        return None if self.labels is None else self.labels * self.readings


def answer(
    region: regions.Region,
    read: SingleReadings,
    *,
    target: float,
    work: Work,
    seconds: Figure,
    second_opinion: bool,
    stream: str,
    candidate: Candidate | None = None,
) -> Answer:
    """`read`: of the cases of the region. `seconds`: that half of the readings took. `candidate`: the one whose learning curve is
    the newest."""
    once = way(read.once, target, region, 1.0) if isinstance(read.once, Estimate) else None
    twice = way(read.verdict, target, region, read.readings or 1.0) if isinstance(read.verdict, Estimate) else None
    known: State = (
        "known" if once is not None and twice is not None and _decided(read.false, once, twice, target) else "open"
    )
    return Answer(
        question=QUESTION,
        state=known if second_opinion else "unasked",
        missing="" if second_opinion else "review.second_opinion",
        says=" ".join([_sentences(region, read, once, twice, target, work), *learning_text.quoted(candidate)]),
        rests_on=f"{_basis(region, read, work, seconds)} {learning_text.rests_on(candidate, stream)}",
        would_change=_change(region, read, target, second_opinion=second_opinion),
        figures=_figures(region, read, once, twice, work, seconds) | learning_text.figures(candidate),
        lines=_ways(once, twice, target, work),
    )


def way(wrong: Estimate, target: float, region: regions.Region, readings: float) -> Way:
    """What it takes if a label says that the model is wrong so often, at so many readings a label."""
    least, labels, worst = (
        labels_to_target.needed(rate, target, region.level, group_size=region.group_size)
        for rate in (wrong.low, wrong.value, wrong.high)
    )
    return Way(
        wrong=wrong,
        labels=None if labels is None else labels.n,
        least=None if least is None else least.n,
        worst=None if worst is None else worst.n,
        most=labels_to_target.most(target, region.level, group_size=region.group_size),
        readings=readings,
    )


def _decided(false: Figure, once: Way, twice: Way, target: float) -> bool:
    """Whether the kind of label that is named reaches the target, or fails to, wherever in their limits the figures lie."""
    if isinstance(false, Estimate) and false.low >= target:
        return True
    by_one, by_two = once.all_readings, twice.all_readings
    named = once if by_one is not None and (by_two is None or by_one <= by_two) else twice
    return named.worst is not None or named.least is None


def _sentences(
    region: regions.Region, read: SingleReadings, once: Way | None, twice: Way | None, target: float, work: Work
) -> str:
    if once is None:
        so_far = f"Not known yet: {formats.count(region.seen, 'label')}{regions.where(region)} so far"
        if region.errors:
            return f"{so_far}, {formats.count(math.ceil(region.errors))} of them wrong{regions.expected(region)}."
        fewest = labels_to_target.needed(0.0, target, region.level, group_size=region.group_size)
        more = 0 if fewest is None else fewest.n - region.seen
        if more <= 0:
            return f"{so_far}{regions.expected(region)}."
        effort = work.effort(more)
        takes = f"about {formats.count(more)} more{f' ({effort})' if effort else ''}"
        if_right = f"certify the target of {formats.whole(target)} if none of them is wrong"
        return f"{so_far}, {takes} {if_right}{regions.expected(region)}."
    whose = f"answers{regions.where(region)}" if regions.where(region) else "all answers"
    goal = f"the target of {formats.whole(target)}"
    if twice is None:
        return f"For {whose} and {goal}: read once, {_side(once, target, work)}."
    lead = _lead(read.false, once, twice, target)
    if not _decided(read.false, once, twice, target):
        lead = f"So far {lead[:1].lower()}{lead[1:]}"
    there = f", of which {formats.count(region.seen)} are there" if region.seen else ""
    below = f"To show that {whose} keep {goal} takes so many labels in all{there}:"
    return " ".join(filter(None, (lead, _equal(read, work), below)))


def _ways(once: Way | None, twice: Way | None, target: float, work: Work) -> tuple[str, ...]:
    """A line for each kind of label; none where only one kind is known."""
    if once is None or twice is None:
        return ()
    return (
        f"Read once: {_side(once, target, work)}.",
        f"Read again by another person where the first disagrees with the model: {_side(twice, target, work)}.",
    )


def _lead(false: Figure, once: Way, twice: Way, target: float) -> str:
    """Which kind of label takes people least, or why one is of no use."""
    if isinstance(false, Estimate) and false.low >= target:
        return (
            f"Better data: one reader alone calls {formats.share(false.value)} of right answers wrong ({_between(false)}), more "
            "than the target allows."
        )
    by_one, by_two = once.all_readings, twice.all_readings
    if by_two is None:
        if by_one is not None:
            return "More data: only labels that are read once reach the target."
        if min(once.wrong.value, twice.wrong.value) >= target:
            return "Neither: no number of labels is enough, for the model is wrong too often."
        return f"The target is far off: it takes more than {formats.count(twice.most)} labels of either kind."
    if by_one is None:
        return "Better data: only labels that another person checks where a reader disagrees reach the target."
    if by_one <= by_two:
        return "More data: to read every case once takes people no longer than to check some of them."
    return (
        "Better data: to check what a reader disagrees with takes people less time in all than to read more cases once."
    )


def _side(one: Way, target: float, work: Work) -> str:
    """How many labels are enough, with limits, and what they take of people."""
    far = f"more than {formats.count(one.most)}"
    least = far if one.least is None else formats.count(one.least)
    if one.labels is None:
        if one.wrong.value < target:
            return f"it takes {far} labels"
        rare = f" ({least} if wrong answers are as rare as the limits allow)" if one.least is not None else ""
        return f"no number of labels is enough{rare}"
    worst = formats.count(one.worst) if one.worst is not None else far
    limits = f"limits {least} to {worst}"
    if one.worst is None and one.wrong.high >= target:
        limits = (
            f"{least} if wrong answers are as rare as the limits allow; if they are as frequent, no number is enough"
        )
    effort = work.effort(one.labels * one.readings)
    return f"about {formats.count(one.labels, 'label')} ({limits}){f', {effort}' if effort else ''}"


def _equal(read: SingleReadings, work: Work) -> str:
    """Single readings against verdicts at equal minutes."""
    hour, false = work.hours(1.0), read.false
    if not hour or read.readings is None or isinstance(false, NotEnoughEvidence):
        return ""
    if hour > 1:
        return ""
    alone, verdicts = (formats.count(1 / hour / each) for each in (1.0, read.readings))
    by_two = (
        f", with second readings about {formats.share(false.value**2 * (2 - false.value))}"
        if false.value > 0.005
        else ""
    )
    return (
        f"An hour of people gives {alone} cases read once or {verdicts} checked; one reader alone calls "
        f"{formats.share(false.value)} of right answers wrong ({_between(false)}){by_two}."
    )


def _between(one: Estimate) -> str:
    return f"limits {formats.at_least(one.low)} to {formats.at_most(one.high)}"


def _basis(region: regions.Region, read: SingleReadings, work: Work, seconds: Figure) -> str:
    cases, against = formats.count(read.once.n, "case"), formats.count(read.once.errors)
    took = ""
    if work.minutes:
        took = (
            f" A review is taken for {work.minutes:.2g} min; hours and prices are of these labels alone, and not of what is "
            "sampled below the threshold meanwhile."
        )
    if isinstance(seconds, Estimate):
        took += (
            f" Half of the readings took at most {formats.seconds(seconds.value)} (limits {formats.seconds(seconds.low)} to "
            f"{formats.seconds(seconds.high)})."
        )
    where = regions.where(region, beside=False)
    return (
        f"{cases} read{where}, of which {formats.count(region.seen)} count already; the first reader disagreed with the model in "
        f"{against}.{took}"
    ) + (_ENOUGH if isinstance(read.once, Estimate) else "")


def _change(region: regions.Region, read: SingleReadings, target: float, *, second_opinion: bool) -> str:
    if not second_opinion:
        return (
            "The key review.second_opinion of the stream file is off, so nobody reads again what a reader disagrees with. "
            "Switched on, it shows how often one reader is wrong."
        )
    if isinstance(read.once, NotEnoughEvidence):
        return f"More labels: {read.once.reason}."
    if isinstance(read.false, NotEnoughEvidence):
        return (
            "A second person's answers where the first disagrees with the model: they show how often one reader is wrong "
            f"({read.false.reason})."
        )
    again = (
        "" if region.more else " All that was looked at is certified already: this is what it takes to certify it anew."
    )
    return (
        "Readers who call right answers wrong less often (clearer instructions), a model that is right more often, or a target "
        f"other than {formats.whole(target)}.{again}"
    )


def _figures(
    region: regions.Region, read: SingleReadings, once: Way | None, twice: Way | None, work: Work, seconds: Figure
) -> dict[str, float | int | str | None]:
    figures: dict[str, float | int | str | None] = {
        "threshold": region.threshold,
        "class": region.of_class or None,
        "labels_so_far": region.seen,
        "seconds_a_reading": seconds.value if isinstance(seconds, Estimate) else None,
        "readings_a_verdict": read.readings,
    }
    rates = {"right_called_wrong": read.false, "wrong_read_once": read.once, "wrong_by_verdict": read.verdict}
    for name, one in rates.items():
        ends = (one.value, one.low, one.high) if isinstance(one, Estimate) else (None, None, None)
        figures |= dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
    for name, kind in (("once", once), ("verdicts", twice)):
        readings = None if kind is None else kind.all_readings
        hours = None if readings is None else work.hours(readings)
        figures |= {
            f"labels_{name}": None if kind is None else kind.labels,
            f"labels_{name}_low": None if kind is None else kind.least,
            f"labels_{name}_high": None if kind is None else kind.worst,
            f"hours_{name}": hours,
            f"cost_{name}": None if hours is None else work.cost(hours),
        }
    return figures
