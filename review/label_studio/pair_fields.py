"""Fields that say which of two texts is better: the texts side by side, a question above them, and the way back. Pure.

People prefer what stands on the left. So which text does is a hash of the case's id: the one in half of all cases, the other in
half, whatever the model answered. A case has the same in every task. An annotation says left or right, and the column
follows from the case's id alone.

Label Studio's Pairwise knows no tie, so the question is a single choice. The names of the columns are nowhere in sight: they may
say which system wrote the text.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from models.config.field_table import TIE, FieldTable
from models.config.stream import Stream
from review.label_studio import labeling_config
from review.label_studio.labeling_config import SUBJECT, face

LEFT, RIGHT, NEITHER = "The left one", "The right one", "Neither is better"
_CHOICES = (LEFT, RIGHT, NEITHER)
_KEYS = "123456789"  # of the first three pairs
_SALT = "which text of a pair stands on the left"
_BOTH = "display: flex; gap: 1rem; align-items: stretch"
_TEXT = (
    f"{labeling_config.CASE_STYLE}; flex: 1 1 0; min-width: 0; padding: 0.5rem; border-radius: 0.25rem; "
    "border: 1px solid var(--color-neutral-border)"
)


def sides(of: Sequence[str], case_id: str) -> tuple[str, str]:
    """The columns of a pair that stand on the left and on the right, in whatever order the stream file has them."""
    one, other = sorted(of)
    digest = hashlib.sha256(json.dumps([_SALT, one, other, case_id], ensure_ascii=True).encode("ascii")).digest()
    return (one, other) if digest[0] % 2 else (other, one)


def choice(of: Sequence[str], case_id: str, value: str) -> str:
    """What is chosen where this is the value: one of the columns, or a tie."""
    return NEITHER if value == TIE else _CHOICES[sides(of, case_id).index(value)]


def read(of: Sequence[str], case_id: str, value: Mapping[str, Any]) -> str:
    """The value that an item of a result holds. Raises KeyError, TypeError or ValueError where it holds none."""
    (chosen,) = value["choices"]
    return dict(zip(_CHOICES, (*sides(of, case_id), TIE), strict=True))[chosen]


def texts(stream: Stream, case_id: str) -> dict[str, str]:
    """Which column stands where in a task's data: key -> column."""
    names: dict[str, str] = {}
    for columns in _pairs(stream):
        names |= dict(zip(_keys(columns), sides(columns, case_id), strict=True))
    return names


def shown(stream: Stream, controls: Mapping[str, str]) -> str:
    """All pairs: the questions about two texts, and below them the texts. `controls`: the name of each field's control."""
    fields = [field for field in stream.field if field.of]
    keys = {field.name: _KEYS[3 * place : 3 * place + 3] for place, field in enumerate(fields)}
    alone = not labeling_config.columns(
        stream
    )  # nothing else is shown, so that the first text is what controls speak of
    blocks = []
    for place, (columns, about) in enumerate(_pairs(stream).items()):
        questions = "\n".join(_question(field, controls[field.name], keys[field.name]) for field in about)
        names = (SUBJECT if alone and not place else f"left{place}", f"right{place}")
        both = "\n".join(
            f'      <View style="{_TEXT}"><Text name="{name}" value="${key}"/></View>'
            for name, key in zip(names, _keys(columns), strict=True)
        )
        blocks.append(f"""    <View style="{labeling_config.FIELD}">
{questions}
      <View style="{_BOTH}">
{both}
      </View>
    </View>""")
    return "\n".join(blocks)


def _question(field: FieldTable, control: str, keys: str) -> str:
    wanted = quoteattr(f"{face(field.name)}: say which one is better")
    choices = "\n".join(
        f'        <Choice value="{one}"' + (f' hotkey="{keys[place]}"/>' if keys else "/>")
        for place, one in enumerate(_CHOICES)
    )
    attributes = f'name="{control}" toName="{SUBJECT}" choice="single" showInline="true" required="true"'
    return f"""      <Header size="6" style="{labeling_config.NAME}" value={quoteattr(face(field.name))}/>
      <Choices {attributes} requiredMessage={wanted}>
{choices}
      </Choices>"""


def _pairs(stream: Stream) -> dict[tuple[str, ...], list[FieldTable]]:
    """The pairs of columns, each once and sorted, and the fields that ask about each."""
    pairs: dict[tuple[str, ...], list[FieldTable]] = {}
    for field in stream.field:
        if field.of is not None:
            pairs.setdefault(tuple(sorted(field.of)), []).append(field)
    return pairs


def _keys(columns: Sequence[str]) -> tuple[str, str]:
    """Under which keys of a task's data the two texts are: the same in every task, whichever stands where."""
    known = hashlib.sha256(json.dumps(sorted(columns), ensure_ascii=True).encode("ascii")).hexdigest()[:8]
    return f"left{known}", f"right{known}"
