"""The form of a record: what it was read from on the left, its fields on the right in the order of the stream file. Pure.

A control is called by a few digits that say what its field is: a field may be called anything, and others may come before it. Of
a text the model's value comes in the task's data, for Label Studio shows a text that comes as a prediction as a card that must
be clicked before it can be mended. So does a number, which is typed as text: at each key Label Studio's own control writes back
what it has read, and makes 5586 of 558.06. The other kinds come as predictions. A blind task has the same data, and nothing in
it.

Beside the name of a field stands, in an assisted task, whether the model is not sure of it. Every other task says nothing there.

A draft is shown to every reader, who says whether it may go out as it stands: nobody writes anew what is there. A blind reader
does not know how sure the model was of it, nor whether it has gone out.

Beside each control is a choice that there is no such value. It hides the control, which need not be filled in then: Label Studio
takes no answer in which nothing is filled in, and of a set that may be the right one. Where parts are marked nothing can be asked
for, so a reader says that all of them are: what was overlooked must not read as "none".
"""

import hashlib
import json
from xml.sax.saxutils import quoteattr

from models.answers.row_lists import BAR
from models.config.field_table import REGIONS, SETS, FieldTable
from models.config.stream import Stream
from models.errors import StreamInvalid
from review.label_studio import labeling_config, pair_fields, region_fields
from review.label_studio.labeling_config import SUBJECT, face

UNSURE = "Check: the model is not sure"  # beside the name of a field
ABSENT, NONE, NO_ROWS, ALL = "Not there", "None of them", "No rows", "All are marked"  # a value; a set; rows; regions
YES, NO = "Yes", "No"
AS_IT_STANDS, EDITED, HELD_BACK = "As it stands", "After an edit", "Not at all"  # how a draft may go out
_COLUMNS = "display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; align-items: flex-start"
_LEFT = "flex: 3 1 24rem; min-width: 0; position: sticky; top: 4.5rem"
_RIGHT = "flex: 2 1 22rem; min-width: 0"
_WHOLE = "flex: 1 1 100%; min-width: 0"  # where there are no fields but pairs
_FIELD = "margin: 0 0 0.75rem 0"
_NAMED = "display: flex; flex-wrap: wrap; gap: 0 0.75rem"
_ROW = "display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: center"
_VALUE = "flex: 1 1 11rem; min-width: 0"
# Label Studio leaves room for a line or two around each of its controls; a record has many.
_TIGHT = (
    ".record .lsf-choices, .record .htx-datetime, .record .ant-form-item { margin: 0 !important; } "
    ".record .htx-datetime { padding: 0; } .record .lsf-choice { margin: 0.125rem 0; } "
    ".record .unsure * { color: var(--color-negative-content) !important; }"
)
_DRAFT = "border: 1px solid var(--color-neutral-border); border-radius: 0.25rem; padding: 0.25rem; margin: 0.25rem 0"
# Of several lines, without a button that would make a card of them.
_LINES = 'rows="6" maxSubmissions="1" editable="true" showSubmitButton="false"'
_KEYS = "1234567890qwetasdfgzxcbyiopjkln"  # with Alt: that a field has no value


def control(field: FieldTable) -> str:
    """The name of a field's control."""
    return f"f{_known(field)}"


def absence(field: FieldTable) -> str:
    """The name of the control that says that a field has no value."""
    return f"n{_known(field)}"


def absent(field: FieldTable) -> str:
    """What is chosen where a field has no value."""
    if field.kind == "rows":
        return NO_ROWS
    return NONE if field.kind in SETS else ABSENT


def edit(field: FieldTable) -> str:
    """The name of the control that holds an edited draft."""
    return f"e{_known(field)}"


def start(field: FieldTable) -> str:
    """Where a task's data holds a draft, or what a text, a number or rows start from."""
    return f"v{_known(field)}"


def mark(field: FieldTable) -> str:
    """Where a task's data says that the model is not sure of a field."""
    return f"h{_known(field)}"


def _known(field: FieldTable) -> str:
    """A field by what it is: in a form that is not the stream's any more nothing is taken for another field."""
    options = field.labels if field.of is None else sorted(field.of)
    columns = [list(field.columns)] if field.columns else []  # in another order a line says something else
    what = json.dumps([field.name, field.kind, options, *columns], ensure_ascii=True)
    return hashlib.sha256(what.encode("ascii")).hexdigest()[:8]


def config(stream: Stream) -> str:
    """The labelling config of the stream's project.

    Raises StreamInvalid if a reviewer could not tell two fields, or two labels of one, apart.
    """
    _check_names(stream)
    pairs = pair_fields.shown(stream, {field.name: control(field) for field in stream.field})
    keyed = not pairs  # whose are the first keys
    fields = [_field(place, field, keyed) for place, field in enumerate(stream.field) if field.of is None]
    rest = "\n".join([*fields, labeling_config.REMARK])
    left, right = (_LEFT, _RIGHT) if fields else (_WHOLE, _WHOLE)
    return f"""<View>
  <Style>{labeling_config.STYLE} {_TIGHT}</Style>
  <View style="{labeling_config.HEAD}">
    <Header value={quoteattr(face(stream.review.question))}/>
{labeling_config.MARK}
  </View>
  <View style="{_COLUMNS}">
  <View className="record" style="{left}">
  {labeling_config.subject(stream)}
{pairs}
  </View>
  <View className="record" style="{right}">
{rest}
  </View>
  </View>
</View>"""


def _check_names(stream: Stream) -> None:
    faces: dict[str, str] = {}
    for field in stream.field:
        other = faces.setdefault(face(field.name), field.name)
        if not face(field.name):
            raise StreamInvalid(f"field: a reviewer would see nothing of the name {field.name!r}; give it another")
        if other != field.name:
            raise StreamInvalid(f"field: {field.name!r} and {other!r} look the same to a reviewer; rename one")
        labeling_config.by_face(tuple(field.labels or ()))
        _check_columns(field)


def _check_columns(field: FieldTable) -> None:
    faces: dict[str, str] = {}
    for column in field.columns or {}:
        other = faces.setdefault(face(column), column)
        if not face(column) or BAR in column:
            raise StreamInvalid(
                f"field {field.name!r}: a reviewer could not tell where column {column!r} ends; give it a name without {BAR!r}"
            )
        if other != column:
            raise StreamInvalid(f"field {field.name!r}: columns {column!r} and {other!r} look the same to a reviewer")


def _field(place: int, field: FieldTable, keyed: bool) -> str:
    """A field's name and control and, unless an empty one is a value already, the choice that it is not there."""
    name = f"""      <View style="{_NAMED}">
      <Header size="6" style="{labeling_config.NAME}" value={quoteattr(face(field.name))}/>
      <View className="unsure"><Header size="6" style="{labeling_config.NAME}" value="${mark(field)}"/></View>
      </View>"""
    shown = _draft(place, field, keyed) if field.kind == "draft" else _control(field)
    if field.kind in REGIONS:
        shown = f"{shown}\n{_all_marked(field)}"
    elif field.kind != "draft":
        none = absent(field)
        key = f' hotkey="alt+{_KEYS[place]}"' if place < len(_KEYS) else ""
        shown = f"""      <View style="{_ROW}">
      <View style="{_VALUE}" visibleWhen="choice-unselected" whenTagName="{absence(field)}" whenChoiceValue="{none}">
{shown}
      </View>
      <Choices name="{absence(field)}" toName="{SUBJECT}" choice="multiple" showInline="true">
        <Choice value="{none}"{key}/>
      </Choices>
      </View>"""
    return f"""    <View style="{_FIELD}">
{name}
{shown}
    </View>"""


def _all_marked(field: FieldTable) -> str:
    wanted = quoteattr(f"{face(field.name)}: say whether all are marked")
    attributes = f'name="{absence(field)}" toName="{SUBJECT}" choice="single" showInline="true" required="true"'
    return _choices(f"{attributes} requiredMessage={wanted}", [ALL, NONE])


def _draft(place: int, field: FieldTable, keyed: bool) -> str:
    """The text, the question whether it may go out, and where that takes an edit, an editor that starts from it."""
    wanted = quoteattr(f"{face(field.name)}: say whether it may go out")
    keys = labeling_config.hotkeys([AS_IT_STANDS, EDITED, HELD_BACK]) if place == 0 and keyed else [None] * 3
    choices = "\n".join(
        f'        <Choice value="{one}"' + (f' hotkey="{key}"/>' if key else "/>")
        for one, key in zip((AS_IT_STANDS, EDITED, HELD_BACK), keys, strict=True)
    )
    attributes = f'name="{control(field)}" toName="{SUBJECT}" choice="single" showInline="true" required="true"'
    text = f'value="${start(field)}"'
    return f"""      <View style="{labeling_config.CASE_STYLE}; {_DRAFT}"><Text name="d{place}" {text}/></View>
      <Choices {attributes} requiredMessage={wanted}>
{choices}
      </Choices>
      <View visibleWhen="choice-selected" whenTagName="{control(field)}" whenChoiceValue="{EDITED}">
      <TextArea name="{edit(field)}" toName="{SUBJECT}" {text} {_LINES}/>
      </View>"""


def _control(field: FieldTable) -> str:
    value = "a number, as 1250.5," if field.kind == "number" else "a value,"
    wanted = f"{face(field.name)}: give {value} or choose: {absent(field)}"
    common = f'name="{control(field)}" toName="{SUBJECT}"'
    needed = f'{common} required="true" requiredMessage={quoteattr(wanted)}'
    match field.kind:
        case "text" | "number":
            return f'      <TextArea {needed} value="${start(field)}" rows="1" maxSubmissions="1" editable="true"/>'
        case "rows":
            columns = quoteattr(face(f"A line a row: {f' {BAR} '.join(field.columns or {})}"))
            return (
                f'      <Header size="6" style="{labeling_config.NAME}" value={columns}/>\n'
                f'      <TextArea {needed} value="${start(field)}" {_LINES}/>'
            )
        case "date":
            return f'      <DateTime {needed} only="date" format="%Y-%m-%d"/>'
        case "rating":
            return f'      <Rating {needed} maxRating="{field.highest}"/>'
        case "yesno":
            return _choices(f'{needed} choice="single" showInline="true"', [YES, NO])
        case "set":
            return _choices(f'{needed} choice="multiple" showInline="true"', field.labels or [])
        case "spans" | "boxes":
            return region_fields.control(common, field)
    labels = field.labels or []
    if len(labels) > labeling_config.AT_ONCE:
        return labeling_config.taxonomy(needed, labels)
    return _choices(f'{needed} choice="single" showInline="true"', labels)


def _choices(attributes: str, labels: list[str]) -> str:
    choices = "\n".join(f"        <Choice value={quoteattr(face(label))}/>" for label in labels)
    return f"      <Choices {attributes}>\n{choices}\n      </Choices>"
