"""Automation or oversight: what each costs, how much goes out alone, how wrong that is, and what people could add. Pure."""

from dataclasses import dataclass

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices.answer import Answer, State

QUESTION = "Automation or oversight?"
Figure = Estimate | NotEnoughEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next certificate: about so many more blind `labels` until then, its least confidence, and the share of cases it would
    release, in [0, 1] (None: not known); `widens`: whether that is more than today."""

    labels: int
    threshold: float
    share: float | None
    widens: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a thousand cases cost in the stream's currency: as they are released today, and if people read them all.

    `low`, `high`: of today, with the error at its limits. `share`: of cases that today's threshold releases, and `wrong` of
    these, each in [0, 1]. `error`, `review`, `answer`: the prices of one; an answer of the model is paid for on the machine's
    side alone, and None: nobody says it, and it counts as nothing. `even`: the error among the released, in [0, 1], above which
    today costs more; None: there is none. `people_err`: whether people's own errors are counted.
    """

    today: float
    low: float
    high: float
    all_read: float
    share: float
    wrong: Estimate
    error: float
    review: float
    answer: float | None
    even: float | None
    people_err: bool
    currency: str

    @property
    def decided(self) -> bool:
        """Whether the limits say which side costs less; that people do only where their own errors are counted."""
        return self.high < self.all_read or (self.people_err and self.low > self.all_read)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What stands behind what is released. `until`: when a certificate that is carried over ends; empty: it is not carried over.
    `labels`: of this era, that it rests on; None: no such number is known."""

    target: float
    certified: bool
    until: str = ""
    labels: int | None = None

    @property
    def ends(self) -> str:
        """What comes after it, as half a sentence; empty where it is not carried over."""
        if not self.certified or not self.until:
            return ""
        return f"every case goes to people after {self.until} unless it is certified again by then"


def answer(
    *,
    cases: int,
    released: int,
    error: Figure,
    read: Figure,
    promise: Promise,
    needed: Step | None,
    money: Money | None = None,
) -> Answer:
    """From the figures of the report, of the cases since the model in force began.

    `error`: among the released. `read`: how often the model is wrong in the cases that people read instead. `needed`: None:
    unknown, or no step is left. `money`: None: its price is not known; while nothing is released it is of no use.
    """
    money = money if released else None
    return Answer(
        question=QUESTION,
        state=_state(error, promise, money),
        says=" ".join(
            filter(
                None,
                (
                    _lead(money, promise),
                    _alone(cases, released, error, promise, money),
                    _prices(money, promise.target),
                    _people(read),
                ),
            )
        ),
        rests_on=_basis(cases, released, error, read),
        would_change=_change(promise, needed, money),
        figures={
            "cases": cases,
            "released": released,
            "released_share": released / cases if cases else None,
            **_limits("error", error),
            **_limits("error_of_the_rest", read),
            "people_add": None,
            "needed": None if needed is None else needed.labels,
            "cost_of_1000": None if money is None else money.today,
            "cost_of_1000_low": None if money is None else money.low,
            "cost_of_1000_high": None if money is None else money.high,
            "cost_of_1000_read_by_people": None if money is None else money.all_read,
            "break_even_error": None if money is None else money.even,
        },
    )


def _state(error: Figure, promise: Promise, money: Money | None) -> State:
    """Known where it is certified or the limits say on which side of the target the error lies, and which side costs less."""
    if money is not None and not money.decided:
        return "open"
    if promise.certified:
        return "known"
    known = isinstance(error, Estimate) and (error.high <= promise.target or error.low > promise.target)
    return "known" if known else "open"


def _lead(money: Money | None, promise: Promise) -> str:
    """Which side costs less where the limits say so, and from when on there is no choice."""
    if money is None:
        return ""
    low, high = formats.amounts(money.low, money.high)
    cheaper = (
        "Automation costs less"
        if money.high < money.all_read
        else "Oversight costs less"
        if money.decided
        else "Oversight costs less if people make no errors"
        if money.low > money.all_read
        else "The machine looks cheaper, but that is not sure"
        if money.today < money.all_read
        else "People alone look cheaper, but that is not sure"
    )
    until = f". {promise.ends[:1].upper()}{promise.ends[1:]}" if promise.ends else ""
    return (
        f"{cheaper}: a thousand cases take {formats.amount(money.today)} {money.currency} with the machine (limits {low} to "
        f"{high}) and {formats.amount(money.all_read)} {money.currency} with people alone{until}."
    )


def _alone(cases: int, released: int, error: Figure, promise: Promise, money: Money | None) -> str:
    if not cases:
        return "No case has arrived yet."
    if not released:
        return "Oversight: the machine answers nothing alone, and people read every case."
    goal = f"at most {formats.whole(promise.target)}"
    share = f"The machine has answered {formats.share(released / cases)} of cases alone"
    if not promise.certified:
        share = f"{share}; nothing certifies that {goal} of these answers are wrong."
    elif promise.labels:
        sure = f"{formats.count(promise.labels, 'label')} of answers as sure"
        share = f"{share}; {sure} certify that {goal} of these are wrong."
    else:
        by = "earlier labels certify" if promise.until else "it is certified"
        ends = f"; {promise.ends}" if money is None and promise.ends else ""
        share = f"{share}; {by} that {goal} of these answers are wrong{ends}."
    if money is not None:  # with the price stands how many are wrong at today's threshold
        return share
    if isinstance(error, NotEnoughEvidence):
        return f"{share} How many of these answers are wrong is not known by themselves yet."
    return f"{share} Of what went out {formats.share(error.value)} is wrong ({_between(error)})."


def _prices(money: Money | None, target: float) -> str:
    """What the two costs are made of, and from which error on the machine's is the higher."""
    if money is None:
        return ""
    own = "" if money.people_err else "; people's own errors are not counted (costs.human_error prices them)"
    answers = (
        "what the model's answers cost is not known and counts as nothing"
        if money.answer is None
        else f"a thousand answers of the model at {formats.amount(1000 * money.answer)} {money.currency}"
    )
    priced = (
        f"The costs are those of today's threshold, where {formats.share(money.share)} of cases go out and "
        f"{formats.share(money.wrong.value)} of these are wrong ({_between(money.wrong)}): an error that goes out is priced at "
        f"{formats.amount(money.error)} {money.currency}, a review at {formats.amount(money.review)} {money.currency}, "
        f"{answers}{own}."
    )
    if money.even is None:
        return priced
    beyond = ", fewer than the target allows" if money.even < target else ""
    return f"{priced} The machine costs less than people alone while fewer than {formats.share(money.even)} are wrong{beyond}."


def _people(read: Figure) -> str:
    if isinstance(read, NotEnoughEvidence):
        return "What people add where they read is open."
    return (
        f"Where people read, the model is wrong in {formats.share(read.value)} of cases ({_between(read)}): they can put right "
        "no more than that. Nobody has measured how many of these they notice."
    )


def _between(error: Estimate) -> str:
    return f"limits {formats.at_least(error.low)} to {formats.at_most(error.high)}"


def _basis(cases: int, released: int, error: Figure, read: Figure) -> str:
    counted = f"{formats.count(released)} of {formats.count(cases, 'case')} since this model began were released"
    labels = [
        f"{formats.count(one.n, 'label')}, {formats.count(one.errors)} wrong, {where}"
        for one, where in ((error, "among the released"), (read, "among the rest"))
        if isinstance(one, Estimate)
    ]
    if not labels:
        return f"{counted}; no label yet."
    return f"{counted}; {' and '.join(labels)}. Each label counts by the chance with which its case was chosen."


def _change(promise: Promise, needed: Step | None, money: Money | None) -> str:
    goal = f"at most {formats.whole(promise.target)} wrong"
    now = "" if promise.certified else f"Nothing certifies the promise ({goal}) today."
    less = ""
    if money is not None and money.low > money.all_read and not money.decided:
        less = "What people's own errors cost (costs.human_error) tells which costs less."
    elif money is not None and not money.decided:
        less = "More labels of what goes out, or other prices, tell which costs less."
    known = "Test cases, whose right answer is known beforehand, put among the others would show what people find."
    return " ".join(filter(None, (now, less, "" if needed is None else _more(needed), known)))


def _more(step: Step) -> str:
    share = "" if step.share is None else f", {formats.share(step.share)} of cases"
    what = (
        f"let more go out{share}"
        if step.widens
        else f"certify anew what the model answers at confidence ≥ {formats.number(step.threshold)}{share}"
    )
    return f"More labels would {what}: what they take is the answer to More data or better data."


def _limits(name: str, figure: Figure) -> dict[str, float | None]:
    if isinstance(figure, NotEnoughEvidence):
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
