"""What stands beside an estimate so that nobody misreads it: errors that are not settled, limits that grew. Pure."""

from models.evaluation import intervals, risk
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.report.figures import Report

WIDER = 1.25  # times the width that as many labels alike would give, from which it is worth a word


def doubted(labels: int) -> str:
    """That labels which another person is to read are taken for errors in an estimate; empty where there are none."""
    if not labels:
        return ""
    one = labels == 1
    return (
        f"{formats.count(labels)} of the wrong {'waits' if one else 'wait'} for another reader, and "
        f"{'counts' if one else 'count'} as wrong until then."
    )


def wider(report: Report) -> str:
    """Why limits are wider since the threshold was moved, with the same labels; empty where they are not."""
    error, here = report.error, report.here
    if isinstance(here, NotEnoughEvidence) or report.in_force is None:
        return ""
    of_all = f"{formats.at_least(here.low)} to {formats.at_most(here.high)}"
    if isinstance(error, Estimate) and error.high - error.low > here.high - here.low and error.n < here.n:
        return (
            f"These limits rest on the {formats.count(error.n, 'label')} of released cases only and narrow with each audit; "
            f"all {formats.count(here.n)} at or above the threshold give {of_all}."
        )
    low, high = intervals.clopper_pearson(here.errors, here.n, here.alpha)
    if here.method == risk.WEIGHTED and here.high - here.low > WIDER * float(high - low):
        rates = report.in_force.policy.audit_rates
        most = "up to " if len(rates) > 1 else ""
        stands = most + formats.count(round(1 / min(rates)), "case")
        return (
            f"At the threshold the limits are {of_all}, wider than {formats.count(here.n, 'label')} alike would give: since the "
            f"threshold was moved one audit stands for {stands}. They narrow with each audit."
        )
    return ""
