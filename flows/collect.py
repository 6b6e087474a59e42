"""Flow `collect`: bring people's answers home. Polling is the truth; it sees every change since the last run."""

from collections.abc import Callable

import polars as pl
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.runtime import flow_states, runs, settings
from models.config.stream import Stream
from review.label_studio import access, annotations, changes, projects
from review.ledger.review_outcome import ReviewOutcome
from review.queries import adjudication, collected, sent_tasks

NAMES = {
    ReviewOutcome.ANSWER: "answers",
    ReviewOutcome.SKIP: "skips",
    ReviewOutcome.DELETED: "deleted",
    ReviewOutcome.BULK: "not_by_a_person",
    ReviewOutcome.REPEAT: "repeats",
}


@flow(name="collect", flow_run_name="collect-{stream}")
def collect(stream: str) -> flow_states.Ended:
    """Read new, edited, skipped and deleted answers from Label Studio into the ledger.

    Args:
        stream: the stream's name.
    """
    return flow_states.ended(lambda: _collect(stream))


def _collect(stream_name: str) -> runs.Counts:
    with runs.running("collect", stream_name) as run:
        total, newest = collect_all(run, record_answers)
        # The cursor is written after the answers it covers: a run killed in between reads them once more.
        run.finish(total, cursor=newest)
        return total


def collect_all(run: runs.Run, record: Callable[..., dict[str, int]]) -> tuple[dict[str, int], str | None]:
    """Record every change by `record` (`record_answers`, as a task or as a function): the counts, the next cursor."""
    project = runs.project(run.ledger, run.stream)
    connection = access.connect(run.settings.label_studio_url, settings.label_studio_token(run.settings))
    projects.check_owner(connection, project.project_id, runs.mark(run.ledger, run.stream))
    people = access.people(connection)
    cursor = collected.cursor(run.ledger, run.stream.name)
    since = _since(run, connection, project.project_id, cursor)
    newest = None
    total = dict.fromkeys((*NAMES.values(), "faults"), 0)
    for page in changes.changed(connection, project.project_id, since):
        for name, count in record(run.stream, run.run_id, project.project_id, page, people).items():
            total[name] += count
        newest = max([newest or "", *(changed.updated_at for changed in page)])
        runs.log.info("collect %s: %s", run.stream.name, runs.line(total))
    if newest is None:
        return total, cursor
    # Where it went back for late receipts, the newest change may be older than what was read before.
    return total, max(cursor or "", changes.cursor(connection, newest))


def _since(run: runs.Run, connection: access.Connection, project_id: int, cursor: str | None) -> str | None:
    """Where to read from: the cursor, or before it where tasks were recorded late, whose answers it has passed over."""
    late = sent_tasks.sent_since_collected(run.ledger, run.stream.name, project_id)
    if cursor is None or late is None:
        return cursor
    return changes.earliest_change(connection, project_id, late, cursor) or cursor


@task(name="record answers", cache_policy=NO_CACHE, **flow_states.RETRY)
def record_answers(
    stream: Stream, run_id: str, project_id: int, page: list[annotations.ChangedTask], people: dict[int, str]
) -> dict[str, int]:
    """Append what one page of changed tasks says. Doing it again adds nothing."""
    task_ids, keys = [changed.task_id for changed in page], [changed.key for changed in page]
    now = runs.clock()
    with runs.open_ledger() as book:
        dispatches = collected.dispatches_by_key(book, stream.name, keys, predictions=bool(stream.field))
        again = dispatches.filter(pl.col("slot") > 0)["case_id"].unique().to_list()
        reviews, faults = annotations.facts(
            stream,
            page,
            dispatches=dispatches,
            readers=adjudication.readers(book, stream.name, again),
            known=collected.known_annotations(book, project_id, task_ids),
            people=people,
            run_id=run_id,
            now=now,
        )
        written = book.append({"review": reviews, "fault": faults}, now=now).written
    outcomes = written["review"]["outcome"]
    return {name: int((outcomes == outcome).sum()) for outcome, name in NAMES.items()} | {
        "faults": len(written["fault"])
    }
