"""What happens in the demo: day after day, and who answers what."""

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from deploy.demo import alarm, guide, learning, model_change, prepared, record_fill, reviewers
from deploy.local import stack
from flows import collect, dispatch, measure, score
from flows.governance import actions, adoption, opening
from flows.runtime import flow_states, runs, settings
from models.config.stream import Stream
from review import formats, private_files
from review.label_studio import task_data
from review.queries import readings

TEAM = ("ada@example.com", "ben@example.com", "cleo@example.com", "dan@example.com")
YOU = "you@example.com"
OWNER = "demo owner (replayed)"
LEFT_OPEN = 60  # cases left for the person who runs the demo; at least 50 are promised
_NOTHING = {  # said of an evening without a proposal, by whether anything is released
    False: "Nothing may be released yet: every case still goes to a person",
    True: "Nothing more is certified: the threshold stays",
}


def play(
    name: str, ready: prepared.Prepared, up: stack.Stack, home: Path, out: Console, *, drift: bool = False
) -> guide.Left:
    """Deliver each day, let the flows run and the replayed reviewers answer; leave the last cases open.

    With `drift` the days on which the input is wrong come too, until the watchdog has closed the epoch and one day more.
    """
    config = settings.read()
    stream = settings.read_stream(name, config)
    inbox = config.data / stream.input.source
    with out.status("Opening the stream"):
        project_id, _ = opening.begin(name, by=OWNER)
        password = _password(home)
        team = [reviewers.Reviewer(email=email, token=up.add_reviewer(email, password)) for email in TEAM]
        up.add_reviewer(YOU, password)
    days = ready.days + (ready.drift if drift else ())
    # The id is asked for by pairs alone, and no stream of the demo has one.
    fill = functools.partial(record_fill.result, stream, case_id="") if stream.field else None
    crew = _Crew(up.label_studio_url, team, project_id, _answers(name, ready), fill)
    out.print(f"\n[bold]{escape(stream.title)}[/]: {len(days)} simulated days")
    measured: runs.Counts = {}
    looked = False
    for number, day in enumerate(days, start=1):
        last = number == len(days)
        if not last and prepared.delivered(days[number], inbox):
            continue  # an earlier demo has been past this day
        if day in ready.drift[:1]:
            out.print("  Nobody has noticed, but the scanner is set one pixel off from today.")
        with out.status(f"Day {number}") as status:
            prepared.deliver(day, inbox)
            decided = _flow(score.score, name)
            if not looked:
                _flow(dispatch.dispatch, name)
                guide.queue_open(up, project_id, home, out)
                looked = True
            barked = drift and alarm.raised(stream)
            answered = crew.work(name, leave_open=LEFT_OPEN if last else 0, say=status.update) if not barked else 0
            if last and ready.successor is None and not drift and (decided["decided"] or answered):
                status.update(f"Day {number}: training")
                learning.train(name, number, out)
            status.update(f"Day {number}: measuring")
            measured = _flow(measure.measure, name)
        if not decided["decided"] and not answered and not barked:
            out.print("Every day has been played before; to start over: --fresh (make: ARGS=--fresh)")
            continue
        out.print(
            f"[bold]Day {number}[/]: {decided['decided']} decided, {decided['automated']} released, "
            f"{decided['audits']} of them sampled for a blind audit; {answered} answers replayed"
        )
        if barked:
            break
        if drift and alarm.raised(stream):
            alarm.answer(stream, by=OWNER, out=out)
            _flow(dispatch.dispatch, name)
        elif not last:
            _move_the_threshold(settings.read_stream(name, config), out)
            if ready.successor is not None and number == ready.successor.after_day:
                model_change.take_over(name, ready.successor, home, by=OWNER, out=out)
    out.print(f"\n{escape(measured['summary'])}\n", soft_wrap=True)
    flow_states.flush_log()
    with runs.open_ledger(config) as book:
        return guide.Left(project_id=project_id, open_cases=len(readings.open_cases(readings.read(book, name))))


@dataclass(frozen=True, slots=True)
class _Crew:
    """The replayed reviewers and what they answer to a task of the project."""

    url: str
    team: list[reviewers.Reviewer]
    project_id: int
    answers: reviewers.Answer
    fill: reviewers.Fill | None  # None: an answer is a label

    def work(self, name: str, *, leave_open: int, say: Callable[[str], None]) -> int:
        """Fill the queue, answer, collect, until nothing more can be answered. Returns the number of answers."""
        answered = 0
        while True:
            say("Filling the queue")
            _flow(dispatch.dispatch, name)
            worked = reviewers.work(
                self.url,
                self.team,
                self.project_id,
                answer=self.answers,
                fill=self.fill,
                leave_open=leave_open,
                on_progress=lambda more, before=answered: say(f"{before + more} answers replayed"),  # type: ignore[misc]
            )
            answered += worked.answered
            _flow(collect.collect, name)  # what is answered makes room in the queue
            if not worked.answered:
                return answered


def _answers(name: str, ready: prepared.Prepared) -> reviewers.Answer:
    case_of = {task_data.task_key(name, case, slot): case for case in ready.truth for slot in range(len(TEAM) + 1)}
    return lambda key, who: ready.answer(case_of[key], who) if key in case_of else None


def _flow(work: Any, name: str) -> runs.Counts:
    counts: runs.Counts = work(name, return_state=True).result()
    return counts


def _move_the_threshold(stream: Stream, out: Console) -> None:
    """What an owner does in the evening: adopt what the report proposes, where it proposes another threshold than today's."""
    with runs.open_ledger() as book:
        in_force = runs.policy_in_force(book, stream)
        weighing = adoption.of(book, stream, in_force)
    ruling, progress = weighing.verdicts[""], weighing.progress_by_scope.get("")
    if progress is None or ruling.threshold is None:
        why = f" ({ruling.against(ruling.certified[-1])})" if ruling.certified else ""
        out.print(f"  {escape(_NOTHING[in_force.policy.releases])}{escape(why)}.", soft_wrap=True)
    elif ruling.state in ("move", "back"):
        until = "however often one looks, until the era ends"
        because = f"certified at look {progress.looks}: at most {formats.whole(stream.target.error)} wrong, {until}"
        now = actions.adopt(stream.name, ruling.threshold, by=OWNER, because=formats.plain(because))
        at = formats.releases(now.policy.threshold, now.policy.by_class)
        out.print(f"  The threshold moves, {at} ({escape(because)}).", soft_wrap=True)


def _password(home: Path) -> str:
    """One password for the demo's accounts, made up once and kept in a file that only you can read."""
    path = home / "reviewers.txt"
    if not path.exists():
        password = secrets.token_urlsafe(12)
        private_files.replace(path, f"accounts: {YOU} {' '.join(TEAM)}\npassword: {password}\n")
    return path.read_text(encoding="utf-8").rpartition("password: ")[2].strip()
