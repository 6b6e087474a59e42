"""The fifth question: prompt or fine-tune? Which of two models has cost less so far, and when the lines of cost cross. Pure."""

import math
from collections.abc import Sequence
from datetime import date, timedelta

from models.evaluation.crossing import Lines
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.adoption.equal_risk import Money
from review.adoption.other_models import OtherModel
from review.choices import asked, spending_text
from review.choices.answer import Answer, State

QUESTION = "Prompt or fine-tune: which has cost less so far, and when does the other become the cheaper?"
LONG = 36_500  # days; a crossing later than that has no date


def of(stream: str, model: str, currency: str, others: Sequence[OtherModel], decided: int, today: date) -> Answer:
    """The answer for a stream's model and the others that were asked; their `spending` holds the lines.

    `decided`: cases so far.
    """
    known = asked.with_spending(others)
    if not known:
        only = f"No other model was asked about the same cases as {model}, so there is no second cost to set beside its own."
        return asked.nobody(QUESTION, only, stream, decided)
    says: list[str] = []
    states: list[State] = []
    changes: list[str] = []
    figures: dict[str, float | int | str | None] = {"cases": known[0][1].money.cases}
    for one, spending in known:
        lines = spending.lines
        if asked.unpriced(one, spending, model):
            states.append("unasked")
            continue
        if isinstance(lines, NotEnoughEvidence):
            states.append("open")
            says.append(f"Of {one.model_id} nothing is known yet: {lines.reason}.")
            changes.append(spending_text.too_few(one, spending, stream))
            continue
        state: State = "known" if _known(lines) else "open"
        states.append(state)
        says.append(
            f"{_so_far(one.model_id, model, lines, spending.money, currency)} {_cross(lines, spending.money, today)}"
        )
        changes += [] if state == "known" else [_open(one.model_id, lines, stream)]
        if asked.early(one):
            states[-1] = "open"
            says.append(asked.early_text(one))
            changes.append(asked.to_certify(one))
        figures |= _figures(one.model_id, lines)
    if lacking := asked.all_unpriced(known, model):
        says.append(
            f"What answers of {asked.named(lacking)} have cost is not known, so neither is which has cost less."
        )
        changes.append("The prices of their answers, as for Build or buy.")
    return Answer(
        question=QUESTION,
        state=asked.state(states),
        missing="a price" if asked.state(states) == "unasked" else "",
        says=" ".join(says),
        rests_on=f"{asked.rests_on(known, stream, currency)} As if each had finished every case as it would today.",
        would_change=" ".join(changes) or "Other costs of either, other prices, or another number of cases a day.",
        figures=figures,
    )


def _so_far(other: str, model: str, lines: Lines, money: Money, currency: str) -> str:
    cheaper = lines.cheaper
    limits = f"{formats.whole(1 - cheaper.alpha)} limits"
    every = f"For all {formats.count(money.cases, 'case')} so far {other}"
    match lines.ahead:
        case 1:
            low, high = formats.amounts(cheaper.low, cheaper.high)
            return f"{every} would have cost {low} to {high} {currency} less than {model} ({limits})."
        case -1:
            low, high = formats.amounts(-cheaper.high, -cheaper.low)
            return f"{every} would have cost {low} to {high} {currency} more than {model} ({limits})."
    if cheaper.low == cheaper.high:
        return f"{every} would have cost as much as {model}."
    more, less = (formats.amounts(0.0, end)[1] for end in (-cheaper.low, cheaper.high))
    return f"{every} would have cost from {more} {currency} more to {less} less than {model} ({limits})."


def _cross(lines: Lines, money: Money, today: date) -> str:
    cross = lines.cross
    if isinstance(cross, NotEnoughEvidence):
        return f"No crossing is claimed: {cross.reason}."
    limits = (
        f"{formats.whole(1 - cross.alpha)} limits {formats.count(cross.low)} to {formats.count(math.ceil(cross.high))}"
    )
    at = f"after about {formats.count(cross.value, 'case')} ({limits})"
    if cross.high < money.cases:
        return f"The lines have crossed {at}."
    pace = f"{formats.daily(money.cases_a_day)} cases a day"
    value, low, high = ((end - money.cases) / money.cases_a_day for end in (cross.value, cross.low, cross.high))
    if low > LONG:
        return f"The lines cross {at}, if ever at {pace}."
    # Rounded outwards, nine digits first: a hair above a whole number of days is no day more.
    first, last = _on(math.floor(round(low, 9)), today), _on(math.ceil(round(high, 9)), today)
    about = "about " if 0 <= value <= LONG else ""
    dates = f"{about}{_on(math.floor(value), today)} (limits {first} to {last}) at {pace}"
    if low > 0:
        return f"The lines cross {at}: {dates}."
    return f"Whether the lines have crossed is not known. They cross {at}: {dates}."


def _on(days: int, today: date) -> str:
    """The date so many days from today, as far as it lies ahead and within `LONG`."""
    if days < 0:
        return "before today"
    return f"beyond {today.year + 100}" if days > LONG else (today + timedelta(days=days)).isoformat()


def _known(lines: Lines) -> bool:
    """Whether it is known on which side of today the lines cross, or that they never do.

    Where they do, the limits of the crossing hold today's number of cases exactly where those of the costs so far hold zero.
    """
    each = lines.each
    return bool(lines.ahead) and (each.low > 0 or each.high < 0 or each.low == each.high)


def _open(name: str, lines: Lines, stream: str) -> str:
    """How many cases there are and about how many more set the costs so far apart, and those of each case from now on."""
    lacking = [spending_text.needed(one) for one in (lines.cheaper, lines.each) if one.low <= 0 <= one.high]
    most = max((cases for cases in lacking if cases is not None), default=None)
    if most is None or None in lacking:
        return f"Other costs of either: by these {name} costs as much."
    end = f"would tell the two apart, if they differ so: second-reader shadow {stream} --model {name}"
    return spending_text.more(lines.cheaper.n, most, end)


def _figures(name: str, lines: Lines) -> dict[str, float | int | str | None]:
    cheaper = lines.cheaper
    cross = lines.cross if isinstance(lines.cross, Estimate) else None
    return {
        f"{name} cheaper_so_far": cheaper.value,
        f"{name} cheaper_so_far_low": cheaper.low,
        f"{name} cheaper_so_far_high": cheaper.high,
        f"{name} crossing": None if cross is None else cross.value,
        f"{name} crossing_low": None if cross is None else cross.low,
        f"{name} crossing_high": None if cross is None else cross.high,
    }
