"""What to think of Label Studio: the server, and a stream's project in it. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

from models import timestamps
from models.answers import same
from models.config.stream import Stream
from review.health import findings
from review.label_studio import labeling_config, project_mark

TRIED = ("1.23.2",)  # all tests pass with these: deploy/label-studio.lock
_RECENT = timedelta(days=30)  # how long a removed account is worth a word
_WHOLE_SECOND = timedelta(seconds=1)
_READERS = 3  # a dispute that ties needs a third person
_CHECKED = 2  # who reads alone is checked by nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A Label Studio that answered and took the token. `members`: e-mail -> whether the account is still a member."""

    url: str
    version: str
    token: str  # personal | legacy
    signup_open: bool
    members: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task that stands for an open case."""

    task_id: int
    answers: int  # annotations, without skips
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A stream's project, seen from the ledger and from Label Studio."""

    project_id: int
    mark: project_mark.Mark  # what its description should say
    config: str  # as we gave it
    project: Mapping[str, Any] | None  # its fields; None: it is gone
    open_keys: Sequence[str]  # the keys of cases that wait for a person, by the ledger
    tasks: Mapping[str, Task]  # of these, by key
    sent: int  # tasks that were ever sent to this project
    answers: int  # annotations of this project that the ledger knows and nobody has deleted, without skips
    cursor: str | None  # up to where changes were collected, by a clock of whole seconds
    answered: str | None  # the newest change of an answer that was collected
    newest: str | None  # the newest change there
    reviewers: Mapping[str, str]  # e-mail -> when they last answered
    skips: Sequence[int]  # of each open case: how many people passed it on
    deleted: int  # answers that were deleted in the last seven days
    written: Sequence[tuple[int, str, str]]  # answers by another hand: task id, whose they are, who wrote them
    assisted: Collection[str]  # of the open keys: those that the ledger says show the model's answer
    bare: Collection[str]  # of the open keys: those whose task carries no prediction


def server(seen: Server) -> Iterator[findings.Finding]:
    """The server by itself."""
    write = findings.Scribe("Label Studio", seen.url)
    tried = ", ".join(TRIED)
    if seen.version not in TRIED:
        yield write.warn(
            f"version {seen.version}; this second-reader was tried with {tried}",
            "run one round of a test stream before relying on it",
        )
    if seen.signup_open:
        yield write.bad(
            "anybody who reaches it can sign up, and then edit and delete every project",
            "close it: LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK=true",
        )
    members = sum(seen.members.values())
    # It keeps no record of who reads what, so nobody can be known after the fact who did: the possibility is said each time.
    open_to_all = "; each can read what the others answered, blind or not, through its API" if members > 1 else ""
    yield write.ok(
        f"version {seen.version} (tried: {tried}), {seen.token} token accepted, "
        f"{findings.counted(members, 'member', 'members')}{open_to_all}"
    )


def queue(stream: Stream, seen: Queue, members: Mapping[str, bool], *, now: str) -> Iterator[findings.Finding]:
    """One stream's project. `now` is text of `models.timestamps`."""
    write = findings.Scribe("Label Studio", f"{stream.name} (project {seen.project_id})")
    if seen.project is None:
        yield write.bad(
            f"the project is gone; the ledger has every decision and answer that was collected, "
            f"{findings.counted(len(seen.open_keys), 'case waits', 'cases wait')}",
            f"make it anew and fill it: second-reader init {stream.name}, then {_again(stream)}",
        )
        return
    all_findings = [*_project(write, stream, seen, seen.project), *_tasks(write, stream, seen, seen.project)]
    all_findings += _people(write, stream, seen, members, now)
    yield from all_findings
    if not all_findings:
        open_cases = findings.counted(len(seen.open_keys), "open case has its task", "open cases have their tasks")
        yield write.ok(f"the project is as we made it, {open_cases}")


def _project(
    write: findings.Scribe, stream: Stream, seen: Queue, project: Mapping[str, Any]
) -> Iterator[findings.Finding]:
    yield from _mark(write, stream, seen.mark, str(project.get("description")))
    offered = _offered(str(project.get("label_config")))
    wanted = _offered(seen.config)
    if offered != wanted:
        gone, new = (
            same.few([repr(label) for label in labels if label not in others])
            for labels, others in ((wanted, set(offered)), (offered, set(wanted)))
        )
        changes = [f"no longer offers {gone}" if gone else "", f"offers {new}" if new else ""]
        yield write.bad(
            f"the form {' and '.join(filter(None, changes)) or 'offers its labels in another order'}; "
            "answers that are none of the stream's labels become faults",
            f"put back what `second-reader show config {stream.name}` prints (Settings > Labeling Interface > Code)",
        )
    for sentence in labeling_config.drift(project, seen.config):
        if "labelling config" not in sentence:
            yield write.warn(sentence, f"in the project's settings, or by PATCH /api/projects/{seen.project_id}/")
        elif offered == wanted:
            yield write.warn(
                sentence,
                f"put back what `second-reader show config {stream.name}` prints (Settings > Labeling Interface > Code)",
            )


def _mark(
    write: findings.Scribe, stream: Stream, mark: project_mark.Mark, description: str
) -> Iterator[findings.Finding]:
    whose = project_mark.whose(description, mark)
    if whose == "none":
        yield write.bad(
            f"it is not this stream's, or has lost its mark: its description does not say {mark}",
            f"put the line back if it is ours, else make another: second-reader init {stream.name}, then {_again(stream)}",
        )
    elif whose == "another's":
        yield write.bad(
            f"it is of another ledger: its description does not say {mark}",
            "name the ledger it belongs to in SECOND_READER_LEDGER, or give review.project another title and run: "
            f"second-reader init {stream.name}, then {_again(stream)}",
        )
    elif whose == "unnamed":
        yield write.warn(
            "its mark does not name the ledger it belongs to", f"second-reader init {stream.name} renews it"
        )


def _tasks(
    write: findings.Scribe, stream: Stream, seen: Queue, project: Mapping[str, Any]
) -> Iterator[findings.Finding]:
    back = (seen.newest or "") < (seen.answered or "")
    if back:
        yield write.warn(
            f"its newest change is of {seen.newest or 'never'}, but an answer of {seen.answered} was collected: it was "
            "restored from an older backup, or what changed last was deleted",
            "nothing in the ledger is lost; see the next lines, and this one goes with the next answer",
        )
    missing = len(seen.open_keys) - len(seen.tasks)
    if missing:
        yield write.bad(
            f"{findings.counted(missing, 'open case has', 'open cases have')} no task there any more, so nobody will answer",
            f"put them before people again: {_again(stream)}",
        )
    there, surplus = int(project["task_number"]), int(project["task_number"]) - seen.sent
    if surplus > 0:
        yield write.warn(
            f"{there} tasks, {surplus} more than the ledger knows: somebody imported or copied some, or the ledger is "
            "older than Label Studio",
            f"second-reader run {stream.name} finds what is ours by its key; delete the rest",
        )
    lost = seen.answers - int(project["total_annotations_number"])
    if lost > max(0, -surplus - missing):  # an answered task that somebody tidied away took its answer along
        yield write.warn(
            f"{findings.counted(lost, 'answer that was collected is', 'answers that were collected are')} no longer there",
            "they stand in the ledger until somebody answers or changes the task; such an answer takes their place",
        )
    read = timestamps.text(timestamps.parse(seen.cursor) + _WHOLE_SECOND) if seen.cursor else ""
    stuck = [task.task_id for task in seen.tasks.values() if task.answers and task.updated_at <= read]
    if stuck:
        yield write.bad(
            f"{findings.counted(len(stuck), 'open case was', 'open cases were')} answered in a way that does not count "
            f"(unreadable, or by a bulk action), and nobody is served it again; task {min(stuck)}",
            "correct the answer there, or delete it: then the task is served again",
        )
    yield from _predictions(write, stream, seen, project)
    if seen.written:
        task_id, reader, writer = seen.written[0]
        yield write.warn(
            f"{findings.counted(len(seen.written), 'answer was', 'answers were')} last written by another account than "
            f"the reader's (task {task_id}: {reader}, written by {writer}): of the reader's own answer the last counts, "
            "and without one it is no blind reading and settles no dispute",
            "ask who did; an answer that its reader never gave: delete it there, then the task is served again",
        )
    if seen.deleted:
        yield write.warn(
            f"{findings.counted(seen.deleted, 'answer was', 'answers were')} deleted in the last seven days; "
            "their cases are open again",
            f"ask who did; the ledger keeps what was answered (second-reader show case {stream.name} CASE_ID)",
        )


def _predictions(
    write: findings.Scribe, stream: Stream, seen: Queue, project: Mapping[str, Any]
) -> Iterator[findings.Finding]:
    """What the open tasks carry, held against what the ledger says of them."""
    empty = [key for key in seen.tasks if key in seen.assisted and key in seen.bare]
    again = f"second-reader dispatch {stream.name} sends what is missing once more"
    if empty:
        yield write.bad(
            f"{len(empty)} of {findings.counted(len(seen.assisted), 'open task', 'open tasks')} that should start from the "
            f"model's answer carry none of it (task {min(seen.tasks[key].task_id for key in empty)}): their readers start from "
            "nothing, and agreement with the model is not what the ledger says",
            again,
        )
    if len(empty) < len(seen.assisted) and not project.get("model_version"):
        yield write.bad("it names no version of predictions, so it shows none: assisted cases come empty", again)
    shown = [key for key in seen.tasks if key not in seen.assisted and key not in seen.bare]
    if shown:
        yield write.warn(
            f"{findings.counted(len(shown), 'open task carries', 'open tasks carry')} a prediction that nobody was to see "
            f"(task {min(seen.tasks[key].task_id for key in shown)}): an answer to it is no blind reading",
            "delete the prediction there (Data Manager, Delete Predictions), and ask who put it there",
        )


def _people(
    write: findings.Scribe, stream: Stream, seen: Queue, members: Mapping[str, bool], now: str
) -> Iterator[findings.Finding]:
    since = timestamps.text(timestamps.parse(now) - _RECENT)
    for email, last in sorted(seen.reviewers.items()):
        if "@" in email and not members.get(email, False) and last >= since:
            yield write.warn(
                f"{email} answered cases until {last[:10]} and is no member any more; the answers stand",
                "if they shall go on, invite them again; nothing else needs doing",
            )
    active = sum(members.values())
    passed = sum(skips >= max(active, 1) for skips in seen.skips)
    if passed:
        yield write.warn(
            f"{findings.counted(passed, 'open case was', 'open cases were')} passed on by everybody, so nobody is served it "
            "again",
            "have somebody answer it by its address (Data Manager, Skipped), or say in the instructions what to do with it",
        )
    if stream.review.second_opinion and active < _READERS:
        yield write.warn(
            f"{findings.counted(active, 'person', 'people')} for a stream whose disputes may need {_READERS}",
            "invite more, or set review.second_opinion = false",
        )
    if stream.review.overlap and active < _CHECKED:
        yield write.warn(
            f"{findings.counted(active, 'person', 'people')} for a stream in which another reads "
            f"{100 * stream.review.overlap:.4g} % of the answers that agree with the model: until then nothing is certified",
            "invite another, or set review.overlap = 0",
        )


def _again(stream: Stream) -> str:
    return f'second-reader redispatch {stream.name} --by "YOU" --because "..."'


def _offered(config: str) -> list[str]:
    """The labels that a form offers for our question."""
    try:
        root = ElementTree.fromstring(config)  # noqa: S314 (from our own server; no entities are resolved from outside)
    except ElementTree.ParseError:
        return []
    controls = [
        node
        for node in root.iter()
        if node.tag in labeling_config.CONTROLS and node.get("name") == labeling_config.CHOICES
    ]
    return [str(choice.get("value")) for control in controls for choice in control.iter("Choice")]
