"""What is said of the money that two models cost: on the page, and in the answers to the owner's questions. Pure."""

import math

from models.evaluation import break_even, paired_cost
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.adoption.equal_risk import Spending
from review.adoption.other_models import OtherModel

THOUSAND = 1000  # cases, by which prices are said: those of one are too small to read


def of(one: OtherModel, model: str, currency: str) -> str:
    """What a thousand finished cases cost by each model, in a sentence or two; empty where it was not worked out."""
    if one.spending is None or isinstance(one.spending.today, NotEnoughEvidence):
        return ""
    text = [cases(one.spending, one.model_id, model, currency), volume(one.spending, one.model_id, currency)]
    names = [name for name, known in zip((model, one.model_id), priced(one.spending), strict=True) if not known]
    if names:
        text.append(f"Answers of {' and '.join(names)} count as free: no price and no other cost is known.")
    return " ".join(sentence for sentence in text if sentence)


def priced(spending: Spending) -> tuple[bool, bool]:
    """Of this model and of the other: whether its answers have a price, or an outlay is entered for it."""
    ours, theirs = (price or entered for price, entered in zip(spending.priced, spending.money.entered, strict=True))
    return ours, theirs


def cases(spending: Spending, other: str, model: str, currency: str) -> str:
    """What a finished case costs by each; the limits are those of the difference."""
    today = spending.today
    if isinstance(today, NotEnoughEvidence):
        return f"What a case costs by {other} is not known yet: {today.reason}."
    theirs, ours = (formats.amount(THOUSAND * one.value) for one in (today.theirs, today.ours))
    both = f"At the same risk a thousand finished cases cost {theirs} {currency} by {other}, {ours} by {model}"
    saved = today.saved
    confidence = formats.whole(1 - saved.alpha)
    match today.apart:
        case 1:
            return f"{both}: {_range(saved.low, saved.high)} {currency} less ({confidence} limits)."
        case -1:
            return f"{both}: {_range(-saved.high, -saved.low)} {currency} more ({confidence} limits)."
    if saved.low == saved.high:
        return f"{both}."
    least, most = (formats.amounts(0.0, THOUSAND * end)[1] for end in (-saved.low, saved.high))
    return f"{both}: which is cheaper is not known (from {least} {currency} more to {most} less, {confidence} limits)."


def volume(spending: Spending, other: str, currency: str) -> str:
    """From how many cases a day the other model pays, where outlays differ; else nothing."""
    more = spending.money.outlay_a_day[1] - spending.money.outlay_a_day[0]
    if isinstance(spending.paired, NotEnoughEvidence) or not more:
        return ""
    which = "more" if more > 0 else "less"
    keep = f"Its other costs are {formats.amount(abs(more))} {currency} a day {which}"
    now = f"{formats.daily(spending.money.cases_a_day)} come now"
    match break_even.better(more, spending.paired.saved):
        case "always":
            return f"{keep}: {other} is cheaper at any number of cases."
        case "never":
            return f"{keep}: {other} is dearer at any number of cases."
        case None:
            return f"{keep}. No break-even is claimed: the limits of what a case saves hold zero."
        case side:
            at = spending.break_even
            if isinstance(at, NotEnoughEvidence):
                return ""
            until = "from" if side == "above" else "up to"
            limits = f"{formats.whole(1 - at.alpha)} limits {' to '.join(formats.amounts(at.low, at.high))}"
            return f"{keep}: it pays {until} about {formats.daily(at.value)} cases a day ({limits}); {now}."


def needed(saved: Estimate) -> int | None:
    """About how many more cases would set the limits of a difference apart from zero; None: they are, or none would."""
    if saved.low > 0 or saved.high < 0 or saved.value == 0:
        return None
    half = saved.value - saved.low if saved.value > 0 else saved.high - saved.value
    return max(round(saved.n * ((half / saved.value) ** 2 - 1)), 1)


def more(n: int, lacking: int, end: str) -> str:
    """How many cases there are and about how many more it takes. `end`: what these do, ahead of the full stop."""
    return f"{formats.count(n, 'case')} so far; about {formats.count(lacking)} more {end}."


def too_few(one: OtherModel, spending: Spending, stream: str) -> str:
    """What is to be asked while too few groups of cases were for any limits; each further group as large as those there are."""
    groups, ask = spending.groups, f"second-reader shadow {stream} --model {one.model_id}"
    if not isinstance(spending.paired, NotEnoughEvidence) or groups >= paired_cost.FEWEST:
        return f"More answers of {one.model_id}: {ask}."
    n = spending.paired.n
    lacking = math.ceil((paired_cost.FEWEST - groups) * max(n, 1) / max(groups, 1))
    return more(n, lacking, f"are enough to say something of {one.model_id}: {ask}")


def _range(low: float, high: float) -> str:
    return " to ".join(formats.amounts(THOUSAND * low, THOUSAND * high))
