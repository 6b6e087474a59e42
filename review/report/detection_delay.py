"""How long a risen error goes unnoticed, and how often an alarm is false, at a stream's own pace: in words. Pure."""

from models.monitoring import change_detection
from review import formats


def sentence(target: float, audits: float, *, beside: int = 0) -> str | None:
    """For `audits` blind labels of released cases a day; None where no detector looks: none a day, or half may be wrong.

    `beside`: how many fields with targets of their own are watched, too.
    """
    if not 0 < target < 0.5 or not audits > 0:
        return None
    years = change_detection.false_alarm_years(change_detection.run_length(target), audits)
    some, double = (change_detection.unnoticed(target, rise, audits) for rise in (1.5, 2.0))
    return (
        f"At {formats.daily(audits)} audits a day a false alarm comes about once in {years:.2g} years. A jump of the error to "
        f"1.5 times the target goes unnoticed for about {formats.days(some)}, one to twice the target for "
        f"{formats.days(double)} (medians); a slow rise takes longer."
        + (
            " Fields with targets of their own share the false alarms, so all are noticed somewhat later."
            if beside
            else ""
        )
    )
