"""Automation or oversight: how much goes out alone, how wrong that is, and what is not known of what people add. Pure."""

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices.answer import Answer

QUESTION = "Automation or oversight?"
Figure = Estimate | NotEnoughEvidence


def answer(
    *, cases: int, released: int, error: Figure, read: Figure, target: float, certified: bool, needed: int | None
) -> Answer:
    """From the figures of the report.

    `error`: among the released. `read`: how often the model is wrong in the cases that people read instead. `certified`: whether
    a certificate stands behind what is released. `needed`: more blind labels until the next certificate; None: unknown, or none.
    """
    known = isinstance(error, Estimate)
    return Answer(
        question=QUESTION,
        state="known" if known else "open",
        says=" ".join((_alone(cases, released, error), _people(read))),
        rests_on=_basis(cases, released, error, read),
        would_change=_change(target, needed, certified=certified),
        figures={
            "cases": cases,
            "released": released,
            "released_share": released / cases if cases else None,
            **_limits("error", error),
            **_limits("error_of_the_rest", read),
            "people_add": None,
            "needed": needed,
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


def _change(target: float, needed: int | None, *, certified: bool) -> str:
    goal = f"at most {formats.whole(target)} wrong"
    now = f"The promise ({goal}) is certified." if certified else f"Nothing certifies the promise ({goal}) today."
    more = "" if needed is None else f" About {formats.count(needed, 'more blind label')} would let more go out."
    return (
        f"{now}{more} Cases whose right answer is known beforehand, put among the others, would show what people add."
    )


def _limits(name: str, figure: Figure) -> dict[str, float | None]:
    if isinstance(figure, NotEnoughEvidence):
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"))
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
