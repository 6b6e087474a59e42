"""What a reviewer filled in, read back from the result of an annotation. Pure."""

from collections.abc import Mapping

from models.answers import same
from models.config.stream import Stream
from review.label_studio import labeling_config, record_results
from review.label_studio.unreadable import Unreadable


def read(stream: Stream, result: object, case_id: str, prediction: str | None = None) -> str:
    """The answer an annotation holds: one of the stream's labels, or a record, by the stream's rules. Raises Unreadable.

    `case_id`: of the case that it answers. `prediction`: what the model said, which a record is compared with. Controls
    somebody added to the project are ignored; ours must be there, once, with one choice we offered.
    """
    if stream.field:
        return record_results.read(stream, result, case_id, prediction)
    if not isinstance(result, list) or not all(isinstance(item, dict) for item in result):
        raise Unreadable("the result is not a list of items")
    ours = [item for item in result if item.get("from_name") == labeling_config.CHOICES]
    if not ours:
        others = sorted({str(item.get("from_name")) for item in result})
        raise Unreadable(
            f"nothing was chosen in {labeling_config.CHOICES!r}"
            + (f"; the result speaks of {others}" if others else "")
        )
    if len(ours) > 1:
        raise Unreadable(f"{labeling_config.CHOICES!r} was answered {len(ours)} times")
    chosen = _chosen(ours[0])
    if not isinstance(chosen, list) or len(chosen) != 1 or not isinstance(chosen[0], str):
        raise Unreadable(f"{labeling_config.CHOICES!r} holds {chosen!r} instead of one choice")
    label = labeling_config.by_face(tuple(stream.labels)).get(chosen[0]) or stream.rule.label(chosen[0])
    if label is None:
        raise Unreadable(f"{chosen[0]!r} is not one of the stream's labels: {same.few(stream.labels)}")
    return label


def unsure(result: object) -> bool:
    """Whether the reader marked the answer as one they are not sure of."""
    return any(
        labeling_config.NOT_SURE in (_texts(item, "choices") or ()) for item in _items(result, labeling_config.UNSURE)
    )


def comment(result: object) -> str | None:
    """What the reader wrote beside the answer, its lines joined by line feeds; None: nothing."""
    lines = [line for item in _items(result, labeling_config.COMMENT) for line in _texts(item, "text")]
    return labeling_config.safe("\n".join(lines)).strip() or None


def _items(result: object, control: str) -> list[Mapping[str, object]]:
    """What a result says of a control of ours; anybody may write anything there."""
    items = result if isinstance(result, list) else []
    return [item for item in items if isinstance(item, dict) and item.get("from_name") == control]


def _texts(item: Mapping[str, object], kind: str) -> list[str]:
    value = item.get("value")
    texts = value.get(kind) if isinstance(value, dict) else None
    return [text for text in ([texts] if isinstance(texts, str) else texts or ()) if isinstance(text, str)]


def _chosen(item: Mapping[str, object]) -> object:
    """What was chosen: a list of texts, or whatever else stands there. Of a path in a taxonomy, its one part."""
    kind, value = item.get("type"), item.get("value")
    choices = value.get(kind) if isinstance(value, dict) and kind in ("choices", "taxonomy") else None
    if kind == "taxonomy" and isinstance(choices, list):
        return [path[0] if isinstance(path, list) and len(path) == 1 else path for path in choices]
    return choices
