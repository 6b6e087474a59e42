"""Automation or oversight: how much goes out alone, how wrong that is, and what is not known of what people add. Pure."""

from dataclasses import dataclass

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices.answer import Answer

QUESTION = "Automation or oversight?"
Figure = Estimate | NotEnoughEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The next certificate: more blind `labels` until then, its least confidence, and whether it releases more than today."""

    labels: int
    threshold: float
    widens: bool


def answer(
    *,
    cases: int,
    released: int,
    error: Figure,
    read: Figure,
    target: float,
    certified: bool,
    needed: Step | None,
    lapses: str = "",
) -> Answer:
    """From the figures of the report.

    `error`: among the released. `read`: how often the model is wrong in the cases that people read instead. `certified`: whether
    a certificate stands behind what is released. `needed`: None: unknown, or no step is left. `lapses`: of a certificate that is
    carried over, by what it is certified and until when, as "in era 1, until 3 May".
    """
    known = isinstance(error, Estimate)
    return Answer(
        question=QUESTION,
        state="known" if known else "open",
        says=" ".join((_alone(cases, released, error), _people(read))),
        rests_on=_basis(cases, released, error, read),
        would_change=_change(target, needed, certified=certified, lapses=lapses),
        figures={
            "cases": cases,
            "released": released,
            "released_share": released / cases if cases else None,
            **_limits("error", error),
            **_limits("error_of_the_rest", read),
            "people_add": None,
            "needed": None if needed is None else needed.labels,
        },
    )


def _alone(cases: int, released: int, error: Figure) -> str:
    if not cases:
        return "No case has arrived yet."
    if not released:
        return "The machine answers nothing alone: people read every case."
    share = f"The machine answers {formats.share(released / cases)} of cases alone"
    if isinstance(error, NotEnoughEvidence):
        return f"{share}; how many of these answers are wrong is not known yet."
    return f"{share}; {formats.share(error.value)} of these answers are wrong ({_between(error)})."


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


def _change(target: float, needed: Step | None, *, certified: bool, lapses: str) -> str:
    goal = f"at most {formats.whole(target)} wrong"
    now = f"Nothing certifies the promise ({goal}) today."
    if certified:
        ends = f" {lapses}; then every case goes to a person, unless it is certified again" if lapses else ""
        now = f"The promise ({goal}) is certified{ends}."
    more = "" if needed is None else _more(needed)
    return (
        f"{now}{more} Cases whose right answer is known beforehand, put among the others, would show what people add."
    )


def _more(step: Step) -> str:
    about = f" About {formats.count(step.labels, 'more blind label')} would"
    if step.widens:
        return f"{about} let more go out."
    return f"{about} certify anew what the model answers at confidence ≥ {formats.number(step.threshold)}."


def _limits(name: str, figure: Figure) -> dict[str, float | None]:
    if isinstance(figure, NotEnoughEvidence):
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
