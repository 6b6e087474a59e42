"""What stands beside an estimate so that nobody misreads it: errors that are not settled, limits that grew. Pure."""

from models import limits, risk
from models.estimate import Estimate, NotEnoughEvidence
from review import wording
from review.figures import Report

WIDER = 1.25  # times the width that as many labels alike would give, from which it is worth a word


def doubted(labels: int) -> str:
    """That labels which another person is to read are taken for errors in an estimate; empty where there are none."""
    if not labels:
        return ""
    one = labels == 1
    return (
        f"{wording.count(labels)} of the wrong {'waits' if one else 'wait'} for another reader, and "
        f"{'counts' if one else 'count'} as wrong until then."
    )


def wider(report: Report) -> str:
    """Why limits are wider since the line was moved, with the same labels; empty where they are not."""
    error, here = report.error, report.here
    if isinstance(here, NotEnoughEvidence) or report.in_force is None:
        return ""
    of_all = f"{wording.at_least(here.low)} to {wording.at_most(here.high)}"
    if isinstance(error, Estimate) and error.high - error.low > here.high - here.low and error.n < here.n:
        return (
            f"Here only the {wording.count(error.n, 'label')} of released cases count, of {wording.count(here.n)} at or above "
            f"the line, so the limits are wider than before the line was moved ({of_all} from all of them); they narrow with "
            "each audit."
        )
    low, high = limits.clopper_pearson(here.errors, here.n, here.alpha)
    if here.method == risk.WEIGHTED and here.high - here.low > WIDER * float(high - low):
        stands = wording.count(round(1 / report.in_force.policy.audit_rate), "case")
        return (
            f"At the line the limits are {of_all}, wider than {wording.count(here.n, 'label')} alike would give: since the "
            f"line was moved one audit stands for {stands}. They narrow with each audit."
        )
    return ""
