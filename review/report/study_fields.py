"""The fields of a study of records in words, and as JSON. Pure."""

from dataclasses import asdict
from typing import Any

from models.planning.record_study import ByField, FieldRow
from models.planning.study import Study
from review import formats

LONGEST = 18  # characters of a field's name


def lines(by_field: ByField | None, study: Study) -> list[str]:
    """A row for each field: how often it is right, in all records and in those released; how often it is the least sure one;
    what share of its values could be released at the target, and is certified, by a threshold on its own score.
    """
    if by_field is None:
        return []
    limits = f"{formats.whole(1 - study.delta)} limits"
    text = [
        f"Field by field (released: {_released(by_field, study)}; alone: by a threshold on its own score)",
        f"{'field':>{LONGEST}}  {'right':>7}  {limits:>18}  {'if released':>11}  {'least sure':>10}  "
        f"{'could go alone':>14}  {'certified':>9}",
    ]
    for row in by_field.rows:
        right, between = formats.DASH, "not known"
        if row.right is not None:
            right = formats.share(row.right.value)
            between = f"{formats.at_least(row.right.low)} to {formats.at_most(row.right.high)}"
        released = None if row.released is None else row.released.value
        alone = (None, None) if row.alone is None else (row.alone.oracle, row.alone.certified)
        text.append(
            f"{_short(row.name):>{LONGEST}}  {right:>7}  {between:>18}  {formats.share(released):>11}  "
            f"{formats.share(row.decides):>10}  {formats.share(alone[0]):>14}  {formats.share(alone[1]):>9}"
        )
    return [*text, *_sentences(by_field, study)]


def as_json(by_field: ByField | None) -> dict[str, Any] | None:
    """As `models.planning.record_study` has it; None where there are no fields."""
    return None if by_field is None else asdict(by_field)


def _released(by_field: ByField, study: Study) -> str:
    if by_field.threshold is None:
        return "nothing"
    at = formats.thresholds([by_field.threshold], study.scores)[0]
    return f"records at {at} and above, as {'certified' if by_field.certified else 'could be'}"


def _sentences(by_field: ByField, study: Study) -> list[str]:
    asked = next(row for row in study.attainable if row.target == study.target)
    known = [(row.alone.oracle, _quoted(row)) for row in by_field.rows if row.alone is not None]
    text = []
    if len(by_field.rows) > 1 and known:
        least, name = min(known)
        text.append(
            f"A record goes out whole, by one threshold for all of its fields: {formats.share(asked.oracle)} of them could. "
            f"A field alone, with at most {formats.whole(study.target)} of its values wrong, could in {formats.share(least)} "
            f"or more ({name} least)."
        )
    if blocked := [f"{_quoted(row)} {formats.count(row.unscored)}" for row in by_field.rows if row.unscored]:
        text.append(f"Records that a field leaves to a person: {', '.join(blocked)}.")
    return text


def _quoted(row: FieldRow) -> str:
    return repr(row.name)


def _short(name: str) -> str:
    shown = repr(name)[1:-1]
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}\u2026"
