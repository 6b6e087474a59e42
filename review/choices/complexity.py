"""The second question: is the better model worth a change? Reviews it spares in a year beside those that changes took. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.evaluation import crossing
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.adoption.equal_risk import Spending
from review.adoption.other_models import OtherModel
from review.choices import asked, spending_text
from review.choices.answer import Answer, State
from review.choices.work import Work

QUESTION = "Complexity or upkeep: does a better model spare more reviews than the change to it takes?"
YEAR = 365  # days
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The start of a model: the reviews of people until its first adopted threshold; `over`: it has one."""

    model_id: str
    reviews: int
    over: bool


def of(
    stream: str,
    model: str,
    work: Work,
    others: Sequence[OtherModel],
    decided: int,
    changes: Sequence[Change],
) -> Answer:
    """The answer for a stream's model, the others that were asked, and all starts of models in the stream, oldest first.

    `decided`: cases so far.
    """
    known = asked.with_spending(others)
    prices = [change.reviews for change in changes if change.over]
    took = _took(prices, changes, work)
    figures: dict[str, float | int | str | None] = {
        "changes": len(prices),
        "reviews_of_a_change_least": min(prices, default=None),
        "reviews_of_a_change_most": max(prices, default=None),
    }
    if not known:
        nobody = asked.nobody(
            QUESTION,
            f"No other model was asked about the same cases as {model}, so no better one is known. {took}",
            stream,
            decided,
        )
        rests_on = f"{nobody.rests_on} The reviews from the start of each model to its first adopted threshold."
        return replace(nobody, rests_on=rests_on, figures=figures)
    one, spending, spared = _best([(one, spending, _a_year(spending)) for one, spending in known])
    state, text, change = _weighed(one, spending, spared, prices)
    if asked.early(one):
        early = f"Not known yet whether {one.model_id} spares reviews."
        state, text, change = "open", f"{early} {asked.early_text(one)}", asked.to_certify(one)
    change = change or _open(one, spending, spared, prices, model, stream)
    if spared is not None:
        figures |= {"model": one.model_id, "reviews_spared_a_year": spared.value}
        figures |= {"reviews_spared_a_year_low": spared.low, "reviews_spared_a_year_high": spared.high}
    figures["upkeep_more_a_year"] = _upkeep(spending)
    return Answer(
        question=QUESTION,
        state=state,
        says=f"{text} {took}{_beside(one, spending, spared, work.currency)}",
        rests_on=(
            f"{asked.rests_on(known, stream, work.currency)} A change: the reviews in the ledger from the start of each model to "
            "its first adopted threshold."
        ),
        would_change=change,
        figures=figures,
    )


def _best(rows: Sequence[tuple[OtherModel, Spending, Estimate | None]]) -> tuple[OtherModel, Spending, Estimate | None]:
    """The model that surely spares most reviews; where none surely does, the one that may spare most."""
    sure = [row for row in rows if row[2] is not None and row[2].low > 0]
    if sure:
        return max(sure, key=lambda row: row[2].low if row[2] is not None else 0.0)
    return max(rows, key=lambda row: row[2].high if row[2] is not None else math.inf)


def _a_year(spending: Spending) -> Estimate | None:
    """Reviews that the other model spares in a year at today's number of cases."""
    if not isinstance(spending.reviews, Estimate):
        return None
    return crossing.moved(spending.reviews, factor=YEAR * spending.money.cases_a_day)


def _weighed(
    one: OtherModel, spending: Spending, spared: Estimate | None, prices: Sequence[int]
) -> tuple[State, str, str]:
    """The state, the sentence and what would change it; empty where it is open: `_open` says that."""
    name = one.model_id
    if spared is None:
        reason = spending.reviews.reason if isinstance(spending.reviews, NotEnoughEvidence) else ""
        return "open", f"How many reviews {name} spares is not known yet: {reason}.", ""
    confidence = f"{formats.whole(1 - spared.alpha)} limits"
    a_day = f"at {formats.daily(spending.money.cases_a_day)} cases a day"
    if spared.low > 0:
        low, high = formats.count(spared.low), formats.count(math.ceil(spared.high))
        text = f"{name} would spare {low} to {high} reviews a year {a_day} ({confidence})"
    elif spared.high < 0:
        low, high = formats.count(-spared.high), formats.count(math.ceil(-spared.low))
        return (
            "known",
            f"No other model spares reviews: {name} would take {low} to {high} more a year {a_day} ({confidence}).",
            "Another model.",
        )
    else:
        more, fewer = formats.count(math.ceil(-spared.low)), formats.count(math.ceil(spared.high))
        text = f"Whether {name} spares reviews is not known (from {more} more to {fewer} fewer a year, {confidence})"
    if not prices:
        return "open", f"{text}.", ""
    if spared.low > max(prices):
        return "known", f"{text}: more than a change takes, so it pays within a year.", "Fewer cases, or dearer upkeep."
    if spared.high < min(prices):
        return "known", f"{text}: fewer than a change takes, so it does not pay within a year.", "More cases a day."
    return "open", f"{text}.", ""


def _open(
    one: OtherModel, spending: Spending, spared: Estimate | None, prices: Sequence[int], model: str, stream: str
) -> str:
    """What would close an answer that is open: how many cases there are and about how many more it takes."""
    name = one.model_id
    if spared is None:
        return spending_text.too_few(one, spending, stream)
    if not prices:
        first = (
            f"A first adopted threshold of {model}: then the price of a change is known. More data or better data says how many "
            "more labels it takes."
        )
        lacking = spending_text.needed(spared)
        if lacking is None:
            return first
        also = spending_text.more(spared.n, lacking, f"would tell whether {name} spares reviews, if it spares as many")
        return f"{first} {also}"
    # It is known once the limits lie above the dearest change, or below the cheapest.
    price = max(prices) if spared.value > max(prices) else min(prices)
    lacking = None
    if not min(prices) <= spared.value <= max(prices):
        lacking = spending_text.needed(crossing.moved(spared, by=-price))
    if lacking is None:
        return f"Another number of cases a day: {name} spares about as many reviews as a change takes."
    end = f"would tell whether {name} pays within a year, if it spares as many reviews"
    return spending_text.more(spared.n, lacking, end)


def _took(prices: Sequence[int], changes: Sequence[Change], work: Work) -> str:
    """What changes have taken in this stream, the newest `_SHOWN` one by one."""
    if not prices:
        after = formats.count(changes[-1].reviews if changes else 0, "review")
        return f"What a change takes is not known: no answer of a model was released yet, after {after}."
    took = [_price(reviews, work) for reviews in prices[-_SHOWN:]]
    whose = "the first model here" if len(prices) == 1 else f"the last {len(took)} of {len(prices)} models here"
    if 1 < len(prices) <= _SHOWN:
        whose = f"the {len(prices)} models here"
    return f"To start {whose} took people {', then '.join(took)}."


def _price(reviews: int, work: Work) -> str:
    if not reviews:
        return "no review (its answers were certified before they went out)"
    effort = work.effort(reviews)
    return f"{formats.count(reviews, 'review')}{f' ({effort})' if effort else ''}"


def _upkeep(spending: Spending) -> float:
    return YEAR * (spending.money.outlay_a_day[1] - spending.money.outlay_a_day[0])


def _beside(one: OtherModel, spending: Spending, spared: Estimate | None, currency: str) -> str:
    """The upkeep beside what the reviews are worth; empty where no outlay is entered for either model."""
    if not any(spending.money.entered):
        return ""
    more = _upkeep(spending)
    which = "more" if more >= 0 else "less"
    text = f" Upkeep of {one.model_id}: {formats.amount(abs(more))} {currency} a year {which}"
    if spared is None or spared.low <= 0:
        return f"{text}."
    worth = formats.amounts(spending.money.review * spared.low, spending.money.review * spared.high)
    return f"{text}; the reviews are worth {worth[0]} to {worth[1]} {currency}."
