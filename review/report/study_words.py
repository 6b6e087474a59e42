"""The first lines of a study: how good the model is, which rows are left out and why. Pure."""

from collections.abc import Mapping

from models.evaluation.estimate import Estimate
from models.evaluation.reliability import CHANCE
from models.planning.labelled import LeftOut
from models.planning.study import Study
from review import formats

SPELLINGS = 6  # shown, of answers written otherwise


def model(
    name: str, study: Study, votes: Estimate | None, people: Mapping[str, float], rows: LeftOut | None = None
) -> list[str]:
    """How good the model is, and what to beware of."""
    confidence = formats.whole(1 - study.delta)
    labels = formats.count(study.labelled, "labelled case")
    if study.groups is not None:
        items = formats.count(study.groups, "item")
        labels += f" of {items} (at most {formats.count(study.largest_group)} of one), each item one unit"
    if study.weighted:
        labels += f" for {formats.count(study.cases, 'case')}, each weighted by 1 / its chance"
    lacking, others = "without a confidence", "of those with a confidence"
    if rows is not None and rows.written:
        lacking, others = "whose label is written otherwise, or without a confidence", "of the others"
    text = [
        f"{name}: {labels}, {formats.count(study.unscorable)} {lacking} (always for a person).",
        f"Right: {formats.between(study.accuracy)}{f' {others}' if study.unscorable else ''}.",
    ]
    for figure, what in (
        (study.auroc, "Tells right from wrong (AUROC, 0.5 is chance)"),
        (study.ece, "Confidence is off by (ECE)"),
    ):
        if isinstance(figure, Estimate):
            limits = f"{confidence} limits {figure.low:.3f} to {figure.high:.3f}"
            text.append(f"{what}: {figure.value:.3f} ({limits}).")
        else:
            text.append(f"{what}: not known, {figure.reason}.")
    if study.groups is not None:
        text.append(
            "(The limits of AUROC and ECE take each case for itself, and are too narrow where those of an item are alike.)"
        )
    text += [f"Beware: {sentence}." for sentence in (*study.gate.refusals, *study.gate.warnings)]
    if len(study.scores) > 1 and isinstance(study.auroc, Estimate) and study.auroc.high < CHANCE:
        text.append(
            "AUROC is below 0.5: perhaps the column says how unsure the model is, or how likely another answer is."
        )
    if votes is not None:
        text.append(
            f"Single people agree with the truth in {formats.between(votes)} of {formats.count(votes.n, 'vote')}."
        )
    if people:
        each = ", ".join(f"{person} {formats.share(accuracy)}" for person, accuracy in people.items())
        text.append(f"Assessed by each other, without the truth (Dawid and Skene), they are right in: {each}.")
    return text


def left_out(rows: LeftOut | None) -> list[str]:
    """Which rows are not assessed, and why; nothing where all are."""
    if rows is None:
        return []
    reasons = []
    if rows.unlabelled:
        none = f" ({_most(rows.placeholders)} taken for no label)" if rows.placeholders else ""
        reasons.append(f"{formats.count(rows.unlabelled, 'row')} without a truth{none}")
    for n, words in (
        (rows.unreadable, "that could not be read"),
        (rows.without_chance, "without a chance above 0 and at most 1"),
        (rows.repeats, "that repeat an item"),
    ):
        reasons += [f"{formats.count(n)} {words}"] if n else []
    if rows.unread:
        reasons.append(
            f"{formats.count(rows.unread)} of which a right value could not be read (the first: {rows.first_unread})"
        )
    if rows.undecided:
        reasons.append(
            f"{formats.count(sum(rows.undecided.values()))} marked neither right nor wrong ({_most(rows.undecided)})"
        )
    if rows.written:
        number = formats.count(sum(rows.written.values()))
        reasons.append(
            f"{number} written in a way the labels do not have ({_most(rows.written)}; they go to a person, unless --fold "
            "passes over it, or [labels] of the stream named by --stream knows it)"
        )
    if rows.unscored:
        reasons.append(
            f"{formats.count(rows.unscored)} that could not be scored and go to a person (the first: {rows.first_reason})"
        )
    return [f"Left out: {', '.join(reasons)}."] if reasons else []


def _most(counts: Mapping[str, int]) -> str:
    """The most frequent texts with their counts, as they can be distinguished: `'Billing' 87, 'billing\\n' 37`."""
    shown = [f"{text[:40]!r} {formats.count(number)}" for text, number in list(counts.items())[:SPELLINGS]]
    return ", ".join(shown + [f"and {len(counts) - SPELLINGS} more"] * (len(counts) > SPELLINGS))
