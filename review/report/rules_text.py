"""What the rules of the stream's owner came to, in sentences."""

from review import formats
from review.report.figures import Report


def of(report: Report) -> list[str]:
    """The sentences; none where no rule held of a case."""
    sentences = []
    if report.never_released:
        each = ", ".join(f"{code} {formats.count(cases)}" for code, cases in report.never_released.items())
        total = sum(report.never_released.values())
        sentences.append(
            f"{formats.count(total, 'case')} went to people, however sure the model was, by rules of the stream file "
            f"(never_release): {each}. No threshold and no certificate speaks of {'it' if total == 1 else 'them'}."
        )
    if report.always_audited:
        sentences.append(
            f"{formats.count(report.always_audited, 'released case')} {'was' if report.always_audited == 1 else 'were'} sampled "
            "by a rule of the stream file (always_audit), and each stands for fewer cases in every estimate."
        )
    return sentences
