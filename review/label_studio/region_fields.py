"""Fields that are parts of what a reader is shown: spans of a text, boxes on a picture. Pure.

Label Studio writes one item of a result for each region. It counts a text's characters as we do, and a box in percent.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from models.answers.regions import Region
from models.config.field_table import FieldTable
from review.label_studio import labeling_config
from review.label_studio.labeling_config import face
from review.label_studio.unreadable import Unreadable

_TAGS = {"spans": "Labels", "boxes": "RectangleLabels"}
_KEYS = {"spans": ("start", "end"), "boxes": ("x", "y", "width", "height")}
_DIGITS = 4


def control(common: str, field: FieldTable) -> str:
    """The labels to mark regions with. `common`: attributes that every control has."""
    labels = "\n".join(f"        <Label value={quoteattr(face(label))}/>" for label in field.labels or ())
    tag = _TAGS[field.kind]
    common += ' canRotate="false"' if field.kind == "boxes" else ""  # the model's boxes stand upright
    return f"      <{tag} {common}>\n{labels}\n      </{tag}>"


def items(control: str, field: FieldTable, regions: Sequence[Region]) -> list[dict[str, object]]:
    """The items of a result that show these regions."""
    kind = _TAGS[field.kind].lower()
    return [
        {
            "id": f"{control}-{place}",
            "from_name": control,
            "to_name": labeling_config.SUBJECT,
            "type": kind,
            "value": {key: region[key] for key in _KEYS[field.kind]} | {kind: [face(str(region["label"]))]},
        }
        for place, region in enumerate(regions)
    ]


def read(field: FieldTable, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The regions that a result holds, in the order of where they begin. Raises Unreadable."""
    regions = [_region(field, item) for item in items]
    return sorted(regions, key=lambda one: (*(one[key] for key in _KEYS[field.kind][:2]), one["label"]))


def _region(field: FieldTable, item: Mapping[str, Any]) -> dict[str, Any]:
    value = item.get("value")
    value = value if isinstance(value, dict) else {}
    try:
        (chosen,) = value[_TAGS[field.kind].lower()]
        label = labeling_config.by_face(tuple(field.labels or ())).get(chosen) or field.rule.label(chosen)
        sides = {key: float(value[key]) for key in _KEYS[field.kind]}
        whole = field.kind == "boxes" or all(side.is_integer() for side in sides.values())
        upright = not value.get("rotation")
    except (KeyError, TypeError, ValueError, OverflowError):
        label, whole, upright = None, False, False
    if label is None or not whole or not upright or not all(map(math.isfinite, sides.values())):
        raise Unreadable(f"field {field.name!r} holds {str(value)[:80]!r} instead of a region with one of its labels")
    if field.kind == "spans":
        return {key: int(side) for key, side in sides.items()} | {"label": label}
    return {key: round(side, _DIGITS) for key, side in sides.items()} | {"label": label}
