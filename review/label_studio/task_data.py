"""What Label Studio is given of a case. Pure.

The data is the same for an audit and for a doubtful case: payload and key, and the case's id if the stream shows it; never
score, route or model. An assisted task of a record holds the model's texts, and marks the fields it is not sure of. A blind one
has the same keys, with nothing in them.
"""

import hashlib
import json
from collections.abc import Collection, Mapping

from models.config.stream import Stream
from review.label_studio import boxed_picture, evidence, inert_html, labeling_config, pair_fields, record_tasks


def task_key(stream: str, case_id: str, slot: int) -> str:
    """The task's own key: 32 hex characters of SHA-256 over canonical JSON, so that no two cases share one."""
    canonical = json.dumps([stream, case_id, slot], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:32]


def key(task_data: object) -> str | None:
    """Our key in a task's data; None if it is not one of ours."""
    text = task_data.get(labeling_config.KEY) if isinstance(task_data, dict) else None
    return text if isinstance(text, str) else None


def shown(stream: Stream, prediction: str | None) -> str | None:
    """What an assisted task may show of a prediction: one that the form can hold; None: nothing."""
    return prediction if stream.field or prediction in stream.labels else None


def data(
    stream: Stream,
    payload: Mapping[str, object],
    case_id: str,
    prediction: str | None = None,
    *,
    blind: bool = True,
    unsure: Collection[str] = (),
) -> dict[str, object]:
    """The data of one task: what the reviewer is shown, nothing else. The push adds the task's key under KEY.

    `payload`: of a PDF its `evidence.Pages`. `prediction`: what the model said; of a record an assisted task holds its texts, and
    every task its drafts. `unsure`: the fields that an assisted task marks (`records.unsure`).
    """
    fields: dict[str, object]
    if stream.review.kind == "record":
        single = {f"field{number}": column for number, column in enumerate(labeling_config.columns(stream), 1)}
        places = single | pair_fields.texts(stream, case_id)
        fields = {place: _shown(payload.get(column)) for place, column in places.items()}
    elif stream.review.kind == "pdf":
        fields = evidence.pages(payload.get(stream.input.payload[0]))
    elif stream.review.kind == "html":
        fields = {"html": inert_html.page(_shown(payload.get(stream.input.payload[0])))}
    elif stream.review.box is not None:
        sides = [payload.get(column) for column in stream.review.box.columns]
        picture = _shown(payload.get(stream.input.payload[0]))
        fields = {boxed_picture.PAGE: boxed_picture.page(picture, sides, stream.review.box.unit)}
    else:
        fields = {stream.review.kind: _shown(payload.get(stream.input.payload[0]))}
    fields |= record_tasks.data(stream, prediction, blind=blind, unsure=unsure) if stream.field else {}
    return fields | ({labeling_config.CASE: labeling_config.safe(case_id)} if stream.review.show_id else {})


def prefill(stream: Stream, prediction: str | None, case_id: str) -> list[dict[str, object]]:
    """The result a reviewer starts from. Empty where there is none to start from: no prediction, or no such label."""
    if stream.field:
        return record_tasks.prefill(stream, prediction, case_id)
    if prediction is None or prediction not in stream.labels:
        return []
    face = labeling_config.face(prediction)
    kind, chosen = ("taxonomy", [[face]]) if len(stream.labels) > labeling_config.AT_ONCE else ("choices", [face])
    value = {kind: chosen}
    return [{"from_name": labeling_config.CHOICES, "to_name": labeling_config.SUBJECT, "type": kind, "value": value}]


def _shown(value: object) -> str:
    """What a reviewer sees of a value: text as it is, nothing for None, JSON for the rest."""
    if value is None:
        return ""
    return labeling_config.safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
