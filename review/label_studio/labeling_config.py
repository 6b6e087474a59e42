"""The form a reviewer fills in: project settings and labelling config. Pure. It shows `task_data`, and gives back `results`.

One question, one single choice, one key press per label; of very many labels one is found by typing. Whatever comes from a
model or a file is shown by <Text>, <Header> or <Image>, which show markup as text. Label Studio's <Markdown> runs scripts and is
never used; <HyperText> loads foreign images and shows nothing but what `inert_html` or `boxed_picture` has built. <Table> sorts
a record's fields by name and joins its lines, so a record is a <Text> a field. The names in the config are fixed: a column may be
called anything.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from models.config import field_table
from models.config.stream import Stream
from models.errors import StreamInvalid
from review.label_studio import boxed_picture, evidence, inert_html

CHOICES = "answer"  # the control's name: what a result's `from_name` must say
CONTROLS = ("Choices", "Taxonomy")  # its tag
UNSURE, COMMENT = "unsure", "comment"  # controls beside it, both optional
SUBJECT = "subject"  # the object's name: what a result's `to_name` says
CASE = "case_id"  # in a task's data, where the stream shows the case's id
KEY = "case_key"  # our own key in a task's data; the only thing by which a task is found again

MODEL_VERSION = "second-reader"  # of every prediction: Label Studio hides those of any but the project's version

# Settings of the project that the queue rests on, and why.
SETTINGS: Mapping[str, object] = MappingProxyType(
    {
        "sampling": "Sequential sampling",  # the priority queue is ours: tasks are served in the order of the push
        "maximum_annotations": 1,  # one reading per task; a re-judgement is a task of its own
        "show_collab_predictions": True,  # assisted cases come pre-filled; blind ones have no prediction to show
        "reveal_preannotations_interactively": False,
        "evaluate_predictions_automatically": False,
        "enable_empty_annotation": False,  # an answer or a skip, nothing in between; of records see `settings`
        "show_skip_button": True,
        "skip_queue": "REQUEUE_FOR_OTHERS",  # what one cannot judge, another may
    }
)

_KEYS = "1234567890qwetasdfgzxcbyiopjkln"  # as Label Studio itself deals them; h, r, u and v are its own
_UNSURE_KEY = "m"  # for "maybe"

NOT_SURE = "Not sure"

AT_ONCE = 200  # labels that are all shown; of more, one is looked for in a list with a search field

# The negative top covers the page's own padding, through which a scrolled text would show.
HEAD = "position: sticky; top: -1rem; z-index: 2; padding: 0.5rem 0; background: var(--color-neutral-background)"
# As it was written, indents and all, in lines that can be read.
CASE_STYLE = "max-width: 60rem; white-space: pre-wrap; overflow-wrap: anywhere"
_ANSWER = "display: flex; flex-wrap: wrap; column-gap: 2.5rem; align-items: flex-start"  # the mark beside it, or below
FIELD = "margin: 0 0 1rem 0"
NAME = "margin: 0; font-size: 0.8125rem; font-weight: 500; color: var(--color-neutral-content-subtler)"
# Label Studio's panels of regions and relations hold nothing of a form without regions, and take a quarter of the page; on a
# narrow screen its buttons would lie beside it.
STYLE = (
    ".lsf-sidepanels { padding: 0 !important; } .lsf-sidepanels__wrapper { display: none; } "
    "@media (max-width: 600px) { .lsf-bottombar { flex-wrap: wrap; height: auto; } "
    ".lsf-bottombar__group:first-child { display: none; } .lsf-bottombar__group { flex: 1; } }"
)
# Beside every answer: the mark of a reader who is not sure, and what they have to say.
MARK = f"""    <Choices name="{UNSURE}" toName="{SUBJECT}" choice="multiple" showInline="true">
      <Choice value="{NOT_SURE}" hotkey="{_UNSURE_KEY}"/>
    </Choices>"""
REMARK = f"""  <View style="max-width: 60rem; margin: 1rem 0">
    <TextArea name="{COMMENT}" toName="{SUBJECT}" rows="1" maxSubmissions="1" editable="true" placeholder="Comment, if any"/>
  </View>"""

_JOINER = "\u2060"  # invisible
_SEPARATOR = "\u2063"  # invisible, and in no face: Label Studio cuts a taxonomy's entries at it

_UNSAFE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL refuses NUL in JSON, and a lone surrogate has no UTF-8


def hotkeys(labels: Sequence[str]) -> list[str | None]:
    """The key of each label, in order: its own character where it is one, else 1 to 9, 0, then letters.

    None where the keys have run out (more than 31 labels).
    """
    own = {label.lower() for label in labels if label.lower() in tuple(_KEYS)}
    free = iter([key for key in _KEYS if key not in own])
    dealt: list[str | None] = []
    for label in labels:
        key = label.lower()
        if key in own:
            own.remove(key)  # of "a" and "A" the first gets the key
            dealt.append(key)
        else:
            dealt.append(next(free, None))
    return dealt


def config(stream: Stream) -> str:
    """The labelling config of the stream's project: the question, the subject, one required choice.

    Raises StreamInvalid if a reviewer could not tell two labels apart.
    """
    by_face(tuple(stream.labels))
    # Above the case and always in sight: the keys are in the same place whatever the length of a text or the size of an
    # image.
    return f"""<View>
  <Style>{STYLE}</Style>
  <View style="{HEAD}">
    <Header value={quoteattr(face(stream.review.question))}/>
    <View style="{_ANSWER}">
{_control(stream.labels)}
{MARK}
    </View>
  </View>
  {subject(stream)}
{REMARK}
</View>"""


def subject(stream: Stream) -> str:
    """What shows the payload of a case: the object that every control speaks of."""
    shown = {
        "text": f'<View style="{CASE_STYLE}"><Text name="{SUBJECT}" value="$text"/></View>',
        # At its own size where there is room for it, never blown up.
        "image": f'<Image name="{SUBJECT}" value="$image" defaultZoom="auto"/>',
        "pdf": evidence.pages_tag(SUBJECT, f"{NAME}; margin: 0 0 0.25rem 0"),
        "html": inert_html.tag(SUBJECT, "max-width: 60rem"),
        "record": _record(columns(stream)),
    }[stream.review.kind]
    if stream.review.box is not None:
        shown = boxed_picture.tag(SUBJECT)
    if stream.review.show_id:
        shown = f'<Header size="6" style="{NAME}; {FIELD}" value="Case ${CASE}"/>\n  {shown}'
    return shown


def columns(stream: Stream) -> list[str]:
    """The columns that a record shows one below the other: not those whose texts stand side by side (`pair_fields`)."""
    side_by_side = field_table.paired(stream.field)
    return [column for column in stream.input.payload if column not in side_by_side]


def _control(labels: Sequence[str]) -> str:
    """What holds the answer: all labels with their keys, or a list to search."""
    if len(labels) > AT_ONCE:
        return taxonomy(f'name="{CHOICES}" toName="{SUBJECT}" required="true"', labels)
    choices = "\n".join(
        f"      <Choice value={quoteattr(face(label))}" + (f' hotkey="{key}"/>' if key else "/>")
        for label, key in zip(labels, hotkeys(labels), strict=True)
    )
    return f"""    <Choices name="{CHOICES}" toName="{SUBJECT}" choice="single" required="true" showInline="true">
{choices}
    </Choices>"""


def taxonomy(attributes: str, labels: Sequence[str]) -> str:
    """A list of labels to search, of which one is chosen."""
    rest = "\n".join(f"      <Choice value={quoteattr(face(label))}/>" for label in labels)
    return f"""    <Taxonomy {attributes} maxUsages="1" minWidth="500px"
      pathSeparator="{_SEPARATOR}" placeholder="Click, and type a part of the label">
{rest}
    </Taxonomy>"""


def instructions(text: str) -> str:
    """The stream's instructions as the HTML Label Studio expects: one paragraph per line, nothing of it markup."""
    return "".join(f"<p>{escape(safe(line.strip()))}</p>" for line in text.splitlines() if line.strip())


def alike(one: str, other: str) -> bool:
    """Whether two configs are the same but for spacing, quotes or the order of attributes."""
    return _canonical(one) == _canonical(other)


def settings(config: str) -> dict[str, object]:
    """The settings of the project that asks by this form.

    The form of a record names each field that is not filled in, and takes what is typed into a text only when it is submitted: to
    Label Studio a record of texts is empty until then, and could never be submitted where it refuses what is empty.
    """
    return {**SETTINGS, "enable_empty_annotation": '<View className="record"' in config}


def drift(project: Mapping[str, object], ours: str) -> list[str]:
    """What somebody changed in a project, one sentence each. `project`: its fields as Label Studio gives them."""
    problems = []
    if not alike(str(project.get("label_config")), ours):
        problems.append("the labelling config is not the stream's; answers that do not fit it become faults")
    for name, value in settings(ours).items():
        if project.get(name) != value:
            problems.append(f"{name} is {project.get(name)!r}; set it back to {value!r}")
    version = project.get("model_version")
    if version not in (None, "", MODEL_VERSION):
        problems.append(f"it shows predictions of {version!r}; choose {MODEL_VERSION!r}, or assisted cases come empty")
    return problems


def _record(columns: Sequence[str]) -> str:
    """The fields of a record, one below the other in the order of the stream file. A field's name stands above it."""
    if not columns:
        return ""
    names = [SUBJECT, *(f"field{number}" for number in range(2, len(columns) + 1))]
    fields = "\n    ".join(
        f'<View style="{FIELD}"><Header size="6" style="{NAME}" value={quoteattr(face(column))}/>'
        f'<Text name="{name}" value="$field{number}"/></View>'
        for number, (column, name) in enumerate(zip(columns, names, strict=True), 1)
    )
    return f'<View style="{CASE_STYLE}">\n    {fields}\n  </View>'


def _canonical(xml: str) -> str:
    """The same for configs that differ only in spacing, quotes or the order of attributes."""
    try:
        return ElementTree.canonicalize(xml, strip_text=True)
    except ElementTree.ParseError:
        return xml


def face(text: str) -> str:
    """How a label or a question stands in the config, and a label in a result.

    Label Studio joins white space, and replaces `$name` by task data wherever it stands: a word joiner prevents it.
    """
    return " ".join(safe(text).replace(_SEPARATOR, "").split()).replace("$", f"{_JOINER}${_JOINER}")


@functools.lru_cache(maxsize=8)  # asked for every answer
def by_face(labels: tuple[str, ...]) -> dict[str, str]:
    """The label behind each face. Raises StreamInvalid if two labels have one."""
    label_of: dict[str, str] = {}
    for label in labels:
        other = label_of.setdefault(face(label), label)
        if not face(label):
            raise StreamInvalid(f"labels: a reviewer would see nothing of {label!r}; give it a name")
        if other != label:
            raise StreamInvalid(f"labels: {label!r} and {other!r} look the same to a reviewer; rename one")
    return label_of


def safe(text: str) -> str:
    if text.isascii() and "\0" not in text:  # nearly all text, and quicker to see
        return text
    return _UNSAFE.sub("", text)
