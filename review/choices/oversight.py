"""Automation or oversight: how much goes out alone, how wrong that is, and what is not known of what people add. Pure."""

from dataclasses import dataclass

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices.answer import Answer, State

QUESTION = "Automation or oversight?"
Figure = Estimate | NotEnoughEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next certificate: more blind `labels` until then, its least confidence, and whether it releases more than today."""

    labels: int
    threshold: float
    widens: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What a thousand cases cost in the stream's currency: as they are released today, and if people read them all.

    `low`, `high`: of today, with the error among the released at its limits.
    """

    today: float
    low: float
    high: float
    all_read: float
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What stands behind what is released. `until`: when a certificate that is carried over ends, as "3 May"; empty: it is
    not carried over."""

    target: float
    certified: bool
    until: str = ""


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
    """From the figures of the report.

    `error`: among the released. `read`: how often the model is wrong in the cases that people read instead. `needed`: None:
    unknown, or no step is left. `money`: None: nothing is released, or its price is not known.
    """
    return Answer(
        question=QUESTION,
        state=_state(error, promise),
        says=" ".join(filter(None, (_alone(cases, released, error, promise), _costs(money), _people(read)))),
        rests_on=_basis(cases, released, error, read),
        would_change=_change(promise, needed),
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
        },
    )


def _state(error: Figure, promise: Promise) -> State:
    """Known where it is certified, or where the limits say on which side of the target the error lies."""
    if promise.certified:
        return "known"
    known = isinstance(error, Estimate) and (error.high <= promise.target or error.low > promise.target)
    return "known" if known else "open"


def _alone(cases: int, released: int, error: Figure, promise: Promise) -> str:
    if not cases:
        return "No case has arrived yet."
    if not released:
        return "Oversight: the machine answers nothing alone, and people read every case."
    goal = f"at most {formats.whole(promise.target)} wrong"
    until = f" until {promise.until}" if promise.until else ""
    lead = f"Automation, certified{until} ({goal})" if promise.certified else f"Automation, but uncertified ({goal})"
    share = f"{lead}: the machine answers {formats.share(released / cases)} of cases alone"
    if isinstance(error, NotEnoughEvidence):
        return f"{share}, and how many of these answers are wrong is not known yet."
    return f"{share}, and {formats.share(error.value)} of these answers are wrong ({_between(error)})."


def _costs(money: Money | None) -> str:
    """Today's cost beside that of people who read everything, and which is less where the limits say so."""
    if money is None:
        return ""
    today, all_read = formats.amount(money.today), formats.amount(money.all_read)
    low, high = formats.amounts(money.low, money.high)
    both = (
        f"A thousand cases cost {today} {money.currency} as it is (limits {low} to {high}: reviews, audits, the model and the "
        f"errors that go out), and {all_read} {money.currency} if people read them all"
    )
    if money.high < money.all_read:
        return f"{both}: automation costs less."
    if money.low > money.all_read:
        return f"{both}: oversight costs less."
    return f"{both}: which costs less is not known."


def _people(read: Figure) -> str:
    if isinstance(read, NotEnoughEvidence):
        return "What people add where they read is open."
    return (
        f"Where people read, the model is wrong in {formats.share(read.value)} of cases ({_between(read)}): they can add no more "
        "than that. How much of it they do add is open: nobody has measured how often they are wrong themselves."
    )


def _between(error: Estimate) -> str:
    return f"limits {formats.at_least(error.low)} to {formats.at_most(error.high)}"


def _basis(cases: int, released: int, error: Figure, read: Figure) -> str:
    counted = f"{formats.count(released)} of {formats.count(cases, 'case')} released, which is counted"
    labels = [
        f"{formats.labels(one)} among {where}"
        for one, where in ((error, "the released"), (read, "the rest"))
        if isinstance(one, Estimate)
    ]
    blind = (
        f"; {' and '.join(labels)}, from people who saw no answer of the model" if labels else "; no blind label yet"
    )
    return f"{counted}{blind}."


def _change(promise: Promise, needed: Step | None) -> str:
    goal = f"at most {formats.whole(promise.target)} wrong"
    now = "" if promise.certified else f"Nothing certifies the promise ({goal}) today."
    if promise.certified and promise.until:
        now = (
            f"After {promise.until} every case goes to a person, unless the labels since the certificate was earned certify it "
            "again."
        )
    more = "" if needed is None else _more(needed)
    known = "Cases whose right answer is known beforehand, put among the others, would show what people add."
    return " ".join(filter(None, (now, more, known)))


def _more(step: Step) -> str:
    about = f"About {formats.count(step.labels, 'more blind label')} would"
    if step.widens:
        return f"{about} let more go out."
    return f"{about} certify anew what the model answers at confidence ≥ {formats.number(step.threshold)}."


def _limits(name: str, figure: Figure) -> dict[str, float | None]:
    if isinstance(figure, NotEnoughEvidence):
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
