"""The first question: build or buy? What a finished case costs by each model at the same risk, and from what volume. Pure."""

from collections.abc import Sequence

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.paired_cost import Paired
from review.adoption.equal_risk import Spending
from review.adoption.other_models import OtherModel
from review.choices import asked, spending_text
from review.choices.answer import Answer, State

QUESTION = "Build or buy: which model finishes a case for less, at the same risk?"


def of(stream: str, model: str, currency: str, others: Sequence[OtherModel], decided: int) -> Answer:
    """The answer for the model of a stream and the others that were asked; their `spending` holds the figures.

    `decided`: cases so far.
    """
    known = asked.with_spending(others)
    if not known:
        only = f"No other model was asked about the same cases as {model}, so no price can be compared."
        return asked.nobody(QUESTION, only, stream, decided, first=True)
    says: list[str] = []
    states: list[State] = []
    changes: list[str] = []
    figures: dict[str, float | int | str | None] = {}
    lacking = asked.all_unpriced(known, model)
    for one, spending in known:
        figures |= _figures(one.model_id, spending.today, spending.break_even)
        if asked.unpriced(one, spending, model):
            states.append("unasked")
            continue
        state, more = _state(one, spending, stream)
        text = spending_text.cases(spending, one.model_id, model, currency)
        text = f"{text} {spending_text.volume(spending, one.model_id, currency)}".strip()
        if asked.early(one):
            state, text, more = "open", f"{text} {asked.early_text(one)}", asked.to_certify(one)
        states.append(state)
        says.append(text)
        changes += [more] if more else []
    if lacking:
        says.append(f"What answers of {asked.named(lacking)} cost is not known, so neither is which model costs less.")
        changes.append(asked.how_to_price(lacking, stream))
    return Answer(
        question=QUESTION,
        state=asked.state(states),
        missing="a price" if asked.state(states) == "unasked" else "",
        says=" ".join(says),
        rests_on=asked.rests_on(known, stream, currency),
        would_change=" ".join(changes) or "Other prices, other costs or another number of cases a day.",
        figures=figures,
    )


def _state(one: OtherModel, spending: Spending, stream: str) -> tuple[State, str]:
    today = spending.today
    if isinstance(today, NotEnoughEvidence):
        return "open", spending_text.too_few(one, spending, stream)
    lacking = spending_text.needed(today.saved)
    if today.apart or today.saved.low == today.saved.high:
        return "known", ""
    if lacking is None:
        return "open", f"Other prices: by these {one.model_id} costs as much."
    return "open", spending_text.more(today.saved.n, lacking, "would tell the two apart, if they differ so")


def _figures(
    name: str, today: Paired | NotEnoughEvidence, volume: Estimate | NotEnoughEvidence
) -> dict[str, float | int | str | None]:
    if isinstance(today, NotEnoughEvidence):
        return {f"{name} cases": today.n, f"{name} saved_per_case": None}
    figures: dict[str, float | int | str | None] = {
        f"{name} cases": today.saved.n,
        f"{name} cost_per_case": today.theirs.value,
        f"{name} our_cost_per_case": today.ours.value,
        f"{name} saved_per_case": today.saved.value,
        f"{name} saved_per_case_low": today.saved.low,
        f"{name} saved_per_case_high": today.saved.high,
    }
    at = volume if isinstance(volume, Estimate) else None
    ends = (None, None, None) if at is None else (at.value, at.low, at.high)
    return figures | {f"{name} break_even{part}": end for part, end in zip(("", "_low", "_high"), ends, strict=True)}
