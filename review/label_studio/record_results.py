"""The values of a record that a reader filled in, read back from the result of an annotation. Pure."""

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

from models.answers import record_text, value_same
from models.answers.record_text import Values
from models.answers.row_lists import BAR
from models.config.field_table import REGIONS, SETS, FieldTable
from models.config.stream import Stream
from models.outputs import field_same, field_values, row_values
from review.label_studio import labeling_config, pair_fields, record_form, region_fields
from review.label_studio.unreadable import Unreadable

Items = dict[str, list[Mapping[str, Any]]]  # name of a control -> what a result says of it


def read(stream: Stream, result: object, case_id: str, prediction: str | None) -> str:
    """The record that an annotation holds, as a text: the model's own where each field is the same by its rule.

    Args:
        stream: What was asked.
        result: As submitted; anybody may write anything there. Controls that are not ours are passed over.
        case_id: Of the case that it answers, from the ledger: which text of a pair stood on the left follows from it.
        prediction: The text of the model's record; None: it gave none.

    Raises:
        Unreadable: A control of ours holds what is no value of its field.
    """
    if not isinstance(result, list) or not all(isinstance(item, dict) for item in result):
        raise Unreadable("the result is not a list of items")
    by_control: Items = {}
    for item in result:
        by_control.setdefault(str(item.get("from_name")), []).append(item)
    ours = {name for field in stream.field for name in (record_form.control(field), record_form.absence(field))}
    if not ours & by_control.keys():
        raise Unreadable(f"nothing was filled in; the result speaks of {sorted(by_control)}")
    predicted = record_text.values(prediction)
    theirs: Values = {}
    for field in stream.field:
        if field.kind == "draft":
            theirs[field.name] = _draft(field, by_control, predicted.get(field.name))
        else:
            before, value = predicted.get(field.name), _value(field, by_control, case_id)
            theirs[field.name] = field_same.as_ours(before, value, field) if field_values.fits(before, field) else value
    fields = {field.name: field for field in stream.field}

    def same(name: str, one: Any, other: Any) -> bool:
        field = fields[name]
        if one is not None and not field_values.fits(one, field):
            return False
        return field_same.same(one, other, field)

    return record_text.answered(prediction, theirs, same)


def _draft(field: FieldTable, by_control: Items, draft: Any) -> Any:
    """The text that may go out: the draft itself, an edited one, or None. Raises Unreadable.

    Who says that it takes an edit, and makes none, lets nothing go out.
    """
    chosen = _texts(by_control.get(record_form.control(field), []), "choices")
    if chosen == [record_form.AS_IT_STANDS]:
        return draft
    if chosen == [record_form.HELD_BACK]:
        return None
    if chosen != [record_form.EDITED]:
        raise Unreadable(f"field {field.name!r} does not say whether the draft may go out: {str(chosen)[:80]}")
    lines = _texts(by_control.get(record_form.edit(field), []), "text")
    text = value_same.plain_text(labeling_config.safe("\n".join(lines)))
    return text if text and text != value_same.plain_text(draft) else None


def _texts(items: list[Mapping[str, Any]], kind: str) -> list[str]:
    """The texts that one item of a result holds; none where there is not one item, or it holds something else."""
    value = items[0].get("value") if len(items) == 1 else None
    texts = value.get(kind) if isinstance(value, dict) else None
    texts = [texts] if isinstance(texts, str) else texts
    return texts if isinstance(texts, list) and all(isinstance(text, str) for text in texts) else []


def _value(field: FieldTable, by_control: Items, case_id: str) -> Any:
    """A field's value as JSON has it; None: it is not there. Raises Unreadable.

    What was neither filled in nor said to be not there is no answer: the form asks for one of the two, and a form of another day,
    or somebody's own, may not have had the field.
    """
    items = by_control.get(record_form.control(field), [])
    chosen = _texts(by_control.get(record_form.absence(field), []), "choices")
    if chosen == [record_form.absent(field)]:
        return [] if field.kind in SETS else None
    if field.kind in REGIONS:
        if chosen != [record_form.ALL] or not items:
            raise Unreadable(
                f"field {field.name!r} does not say whether all of its parts are marked: {str(chosen)[:80]}"
            )
        return region_fields.read(field, items)
    if len(items) != 1:
        times = f"was answered {len(items)} times" if items else "was neither filled in nor said to be not there"
        raise Unreadable(f"field {field.name!r} {times}")
    value = items[0].get("value")
    value = value if isinstance(value, dict) else {}
    try:
        if field.of is not None:
            return pair_fields.read(field.of, case_id, value)
        return _READ[field.kind](field, value)
    except (KeyError, TypeError, ValueError, OverflowError):
        shown = str(value)[:80]
        raise Unreadable(f"field {field.name!r} holds {shown!r} instead of a value of kind {field.kind}") from None


def _text(_: FieldTable, value: dict[str, Any]) -> str | None:
    lines = value["text"]
    text = "\n".join([lines] if isinstance(lines, str) else lines)
    return value_same.plain_text(labeling_config.safe(text)) or None


def _rows(field: FieldTable, value: dict[str, Any]) -> list[dict[str, Any]]:
    """One row a line, its cells parted by bars; a cell that is left out at the end is not there."""
    kinds = field.columns or {}
    rows = []
    for line in (_text(field, value) or "").splitlines():
        if not line.strip(f" \t{BAR}"):
            continue
        parts = line.split(BAR)
        parts = parts[:-1] if len(parts) == len(kinds) + 1 and not parts[-1].strip() else parts
        if len(parts) > len(kinds):
            raise ValueError(f"{len(parts)} cells")
        texts = [*parts, *[""] * (len(kinds) - len(parts))]
        cells = {name: row_values.cell(text, kind) for (name, kind), text in zip(kinds.items(), texts, strict=True)}
        if any(cell is ... for cell in cells.values()):
            raise ValueError(line)
        rows.append(cells)
    if not rows:
        raise ValueError("no row")
    return rows


def _number(field: FieldTable, value: dict[str, Any]) -> float | int:
    if "number" in value:  # of a form of another day, which had Label Studio's own control
        number = value["number"]
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise TypeError
        return int(number) if float(number).is_integer() and abs(number) < 2**53 else float(number)
    typed = row_values.cell(_text(field, value), "number")
    if not isinstance(typed, int | float):
        raise ValueError
    return typed


def _date(_: FieldTable, value: dict[str, Any]) -> str:
    return date.fromisoformat(str(value["datetime"])[:10]).isoformat()


def _rating(field: FieldTable, value: dict[str, Any]) -> int:
    rating = value["rating"]
    if rating not in range(1, field.highest + 1):
        raise ValueError
    return int(rating)


def _yesno(_: FieldTable, value: dict[str, Any]) -> bool:
    (chosen,) = value["choices"]
    return {record_form.YES: True, record_form.NO: False}[chosen]


def _choice(field: FieldTable, value: dict[str, Any]) -> str:
    paths = value["taxonomy"] if "taxonomy" in value else [value["choices"]]
    ((chosen,),) = paths
    return _label(field, chosen)


def _set(field: FieldTable, value: dict[str, Any]) -> list[str]:
    labels = [_label(field, face) for face in value["choices"]]
    if not labels:
        raise ValueError
    return [label for label in field.labels or () if label in labels]


def _label(field: FieldTable, face: str) -> str:
    label = labeling_config.by_face(tuple(field.labels or ())).get(face) or field.rule.label(face)
    if label is None:
        raise ValueError
    return label


_READ = {
    "choice": _choice,
    "date": _date,
    "number": _number,
    "rating": _rating,
    "rows": _rows,
    "set": _set,
    "text": _text,
    "yesno": _yesno,
}
