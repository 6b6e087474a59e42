"""That released cases are audited more often in some bands of confidence than in others, in a sentence."""

from review import formats
from review.report.figures import Report


def of(report: Report) -> list[str]:
    """The sentence; none where all that is released is audited at one rate."""
    policy = None if report.in_force is None else report.in_force.policy
    if policy is None or policy.by_band is None:
        return []
    begins = formats.thresholds([begin for begin, _ in policy.by_band])
    each = ", ".join(
        f"{formats.share(rate)} from confidence {begin}"
        for begin, (_, rate) in zip(begins, policy.by_band, strict=True)
    )
    return [
        f"Of what is released {formats.whole(policy.audit_rate)} is sampled for a blind label, more often where earlier labels "
        f"showed errors: {each} on."
    ]
