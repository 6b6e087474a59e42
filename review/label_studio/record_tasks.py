"""What a reader of a record starts from: the texts in a task's data, and the other values as a prediction. Pure."""

import json
from collections.abc import Collection
from typing import Any

from models.answers import record_text
from models.answers.row_lists import BAR
from models.config.field_table import REGIONS, FieldTable
from models.config.stream import Stream
from models.outputs import field_values
from review.label_studio import labeling_config, pair_fields, record_form, region_fields
from review.label_studio.labeling_config import face

WRITTEN = ("text", "number", "rows")  # kinds that people write, in a control that starts from the task's data


def data(stream: Stream, prediction: str | None, *, blind: bool, unsure: Collection[str] = ()) -> dict[str, object]:
    """The part of a task's data that fields start from: drafts, and what people write, which is empty in every blind task.

    `unsure`: names of fields to mark, of which a blind task marks none.
    """
    values = _values(stream, prediction)
    marks: dict[str, object] = {
        record_form.mark(field): record_form.UNSURE if field.name in unsure and not blind else ""
        for field in stream.field
    }
    return marks | {
        record_form.start(field): ""
        if blind and field.kind in WRITTEN
        else labeling_config.safe(_written(field, values.get(field.name)))
        for field in stream.field
        if field.kind in (*WRITTEN, "draft")
    }


def _written(field: FieldTable, value: Any) -> str:
    """What a text, a number or a list of rows is as lines that a person can change."""
    if field.kind != "rows":
        return _cell(value) if field.kind == "number" else str(value or "")
    lines = [f" {BAR} ".join(_cell(row[name]) for name in field.columns or {}).rstrip() for row in value or ()]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.replace(BAR, " ").split())
    return "" if value is None else json.dumps(value)


def prefill(stream: Stream, prediction: str | None, case_id: str) -> list[dict[str, object]]:
    """The result that the other fields start from. A value that the model had to give, and did not, is asked for."""
    values = _values(stream, prediction)
    items = []
    for field in stream.field:
        if field.name not in values or field.kind == "draft":
            continue
        value = values[field.name]
        if value == [] or (value is None and not field.required):
            items.append(_item(record_form.absence(field), "choices", [record_form.absent(field)]))
        elif field.kind in REGIONS and value is not None:
            items += region_fields.items(record_form.control(field), field, value)
            items.append(_item(record_form.absence(field), "choices", [record_form.ALL]))
        elif field.of is not None and value is not None:
            chosen = pair_fields.choice(field.of, case_id, value)
            items.append(_item(record_form.control(field), "choices", [chosen]))
        elif value is not None and field.kind not in WRITTEN:
            items.append(_item(record_form.control(field), *_kept(field, value)))
    return items


def _values(stream: Stream, prediction: str | None) -> record_text.Values:
    """The values of the model that can be shown: those of an earlier epoch may be of another kind."""
    fields = {field.name: field for field in stream.field}
    values = record_text.values(prediction)
    return {name: one for name, one in values.items() if name in fields and field_values.fits(one, fields[name])}


def _item(control: str, kind: str, value: Any) -> dict[str, object]:
    return {"from_name": control, "to_name": labeling_config.SUBJECT, "type": kind, "value": {kind: value}}


def _kept(field: FieldTable, value: Any) -> tuple[str, Any]:
    """How Label Studio calls a kind of value, and writes this one."""
    match field.kind:
        case "date":
            return "datetime", value
        case "rating":
            return "rating", value
        case "yesno":
            return "choices", [record_form.YES if value else record_form.NO]
        case "set":
            return "choices", [face(label) for label in value]
    if len(field.labels or ()) > labeling_config.AT_ONCE:
        return "taxonomy", [[face(value)]]
    return "choices", [face(value)]
