"""Flow `measure`: from the ledger to a report: how much runs by itself, how wrong it is, how sure we are of that."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.client.schemas.objects import State

from flows import certify, runs
from models import certificate
from review import parts, report, states
from review.figures import Alarm, Report


@flow(name="measure", flow_run_name="measure-{stream}")
def measure(stream: str) -> runs.Counts | State[Any]:
    """Write the stream's report, as a page and as JSON, and leave its first lines as an artifact.

    Args:
        stream: the stream's name.
    """
    return runs.ended(lambda: _measure(stream))


def _measure(stream_name: str) -> runs.Counts:
    with runs.running("measure", stream_name) as run:
        now = runs.clock()
        in_force = runs.policy_in_force(run.ledger, run.stream)
        standings = certify.look(run, in_force, now)
        if certify.watch(run, in_force, now):
            # Another epoch: what the closed one certified is history.
            in_force, standings = runs.policy_in_force(run.ledger, run.stream), {}
        made = gather(run, in_force, standings, now)
        folder = run.settings.reports / run.stream.name
        page = write(folder, now[:10], made)
        _artifacts(run.stream.name, made, page)
        run.finish({"report": str(page)})
        return {"report": str(page), "summary": report.lines(made)}


def gather(
    run: runs.Run, in_force: states.PolicyInForce, standings: Mapping[str, certificate.Standing], now: str
) -> Report:
    """Everything the report rests on, from the ledger."""
    name, book = run.stream.name, run.ledger
    return report.build(
        run.stream,
        policy=in_force,
        totals=states.totals(book, name),
        counts=states.counts(
            book,
            name,
            in_force.epoch_id,
            now=now,
            deadline_hours=run.stream.review.deadline_hours,
            second_opinion=run.stream.review.second_opinion,
        ),
        by_day=states.by_day(book, name),
        open_cases=states.open_cases(book, name),
        reviewers=states.reviewers(book, name),
        faults=states.faults(book, name),
        history=states.history(book, name),
        head=book.head(),
        now=now,
        standings=standings,
        look_open=run.stream.target.look == "once" and not standings,
        alarm=_alarm(run, in_force),
        slices=parts.flags(
            book,
            name,
            in_force.epoch_id,
            target=in_force.target_error,
            delta=in_force.delta,
            now=now,
            deadline_hours=run.stream.review.deadline_hours,
            second_opinion=run.stream.review.second_opinion,
        ),
        shift=parts.shift(book, name, in_force.epoch_id),
    )


def _alarm(run: runs.Run, in_force: states.PolicyInForce) -> Alarm | None:
    raised = states.alarms(run.ledger, run.stream.name)
    suspects = states.suspects(run.ledger, run.stream.name)
    if suspects is None:
        return None
    newest = raised.row(0, named=True)
    return Alarm(
        raised_at=newest["raised_at"],
        labels=newest["labels"],
        errors=newest["errors"],
        clean_until=newest["clean_until"],
        suspects=len(suspects),
        current=in_force.adopted_by == certify.WATCHDOG,
    )


def write(folder: Path, day: str, made: Report) -> Path:
    """The page and its figures, of this day and as the latest; each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {".html": report.page(made), ".json": json.dumps(report.as_json(made), indent=2) + "\n"}
    for ending, text in texts.items():
        for stem in (day, "latest"):
            part = folder / f".{stem}{ending}.part"
            part.write_text(text, encoding="utf-8")
            part.replace(folder / f"{stem}{ending}")
    return folder / "latest.html"


def _artifacts(stream: str, made: Report, page: Path) -> None:
    create_markdown_artifact(
        key=f"report-{stream}", markdown=report.markdown(made), description=f"{stream}: the latest figures"
    )
    create_link_artifact(key=f"page-{stream}", link=page.resolve().as_uri(), link_text=f"The report of {stream}")
