"""A replayed reader's record as a form submits it."""

from models.answers import record_text
from models.config.stream import Stream
from review.label_studio import labeling_config, record_form, record_tasks


def result(stream: Stream, answer: str, case_id: str) -> list[dict[str, object]]:
    """The result of a reader who fills in this record (`record_text`); what has no value is not there."""
    values = record_text.values(answer)
    items = record_tasks.prefill(stream, answer, case_id)
    filled = {item["from_name"] for item in items}
    for field in stream.field:
        value = values[field.name]
        if value is None and record_form.absence(field) not in filled:
            items.append(_item(record_form.absence(field), "choices", [record_form.absent(field)]))
        elif value is not None and field.kind in ("text", "number"):
            items.append(_item(record_form.control(field), "textarea", [str(value)], key="text"))
    return items


def _item(control: str, kind: str, value: object, *, key: str = "choices") -> dict[str, object]:
    return {"from_name": control, "to_name": labeling_config.SUBJECT, "type": kind, "value": {key: value}}
