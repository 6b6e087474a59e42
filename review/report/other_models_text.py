"""What a report says of a model that was asked beside the one whose answers go out. Pure."""

from models.evaluation.estimate import NotEnoughEvidence
from review import formats
from review.adoption.other_models import OtherModel


def right(one: OtherModel, model: str) -> str:
    """How right both are, on the same cases."""
    if isinstance(one.paired, NotEnoughEvidence):
        return f"Not known yet: {one.paired.reason}."
    more = one.paired.more
    both = f"{formats.share(one.paired.theirs)} right, {model} {formats.share(one.paired.ours)}, of the same cases"
    if not more.errors:
        return f"{both}: neither is right where the other is wrong."
    confidence = f"{formats.whole(1 - more.alpha)} limits"
    match one.paired.apart:
        case 1:
            return f"{both}: {formats.at_least(more.low)} to {formats.at_most(more.high)} of cases more ({confidence})."
        case -1:
            return (
                f"{both}: {formats.at_least(-more.high)} to {formats.at_most(-more.low)} of cases fewer ({confidence})."
            )
    least, most = formats.at_most(-more.low), formats.at_most(more.high)
    return f"{both}: which is better is not known (from {least} of cases fewer to {most} more, {confidence})."


def released(one: OtherModel, model: str) -> str:
    """How much it could release at the target, beside what goes out now."""
    now = "nothing" if not one.ours else f"{formats.share(one.ours)} of cases"
    ours = "" if one.ours is None else f" By today's threshold {model} releases {now}."
    if one.barred:
        return f"It cannot take over: {one.barred}.{ours}"
    if one.threshold is None:
        lacks = (
            "" if one.needed is None else f" About {formats.count(one.needed, 'more label')} would certify the first."
        )
        return f"No threshold of it is certified.{lacks}{ours}"
    return f"By a certificate of its own it could release {formats.share(one.coverage)} of cases.{ours}"


def price(one: OtherModel, currency: str) -> str:
    """What a thousand answers cost and how long one takes, of both; empty where nobody said."""
    parts = []
    if one.cost is not None:
        ours = "" if one.our_cost is None else f", here {formats.amount(1000 * one.our_cost)}"
        parts.append(f"{formats.amount(1000 * one.cost)} {currency} a thousand answers{ours}")
    if one.latency_ms is not None:
        ours = "" if one.our_latency_ms is None else f", here {formats.count(round(one.our_latency_ms))} ms"
        parts.append(f"{formats.count(round(one.latency_ms))} ms an answer{ours}")
    return "; ".join(parts)
