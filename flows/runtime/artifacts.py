"""What `measure` tells Prefect: artifacts that read well in its pages, and an event for what a person should hear of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import settings as prefect_settings
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
)
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound

from flows.runtime import kept_events
from models.evaluation.estimate import Estimate
from review import formats
from review.queries import blind_samples
from review.report import changes, outlook, report, slider
from review.report.figures import Report

ROWS = 21  # of the table


def artifacts(new_report: Report, page: Path, reports_url: str) -> None:
    """The first lines with the chart, the thresholds one could set, how far the evidence is, and the page."""
    name = new_report.stream
    where = f"{reports_url.rstrip('/')}/{name}/{page.name}" if reports_url else page.resolve().as_uri()
    links = [f"[The whole report]({where})"]
    form = _form(name)
    if form is not None:
        links.insert(0, f"[Move the threshold]({form})")
    create_markdown_artifact(
        key=f"report-{name}",
        markdown=report.markdown(new_report) + "\n" + " · ".join(links) + "\n",
        description=f"{name}: the latest figures",
    )
    create_table_artifact(
        key=f"lines-{name}",
        table=slider.table(new_report, ROWS),
        description=f"{name}: what other thresholds would mean",
    )
    done = _progress(new_report)
    if done is not None:
        create_progress_artifact(key=f"evidence-{name}", progress=done[0], description=f"{name}: {done[1]}")
    create_link_artifact(key=f"page-{name}", link=where, link_text=f"The report of {name}")


def _form(stream: str) -> str | None:
    """The address of the form that moves the threshold; None where the stream is not served."""
    base = prefect_settings.PREFECT_UI_URL.value()
    if not base:
        return None
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(f"adopt/{stream}")
        except ObjectNotFound:
            return None
    return f"{base.rstrip('/')}/deployments/deployment/{deployment.id}/run"


def _progress(new_report: Report) -> tuple[float, str] | None:
    """How many of the labels are there that certify the next threshold, in per cent."""
    proposal = new_report.proposal
    if proposal is None or proposal.needed is None:
        return None
    step = proposal.needed
    at = formats.threshold(step.threshold, new_report.shown)
    have, more = blind_samples.at(new_report.samples, step.threshold), step.labels
    long = outlook.words(new_report, more, step.threshold)
    sentence = f"{blind_samples.labels(have, f'at {at}')}. About {formats.count(more, 'more label')} would certify it"
    return 100 * have.settled / (have.settled + more), sentence + (f" ({long})" if long else "")


def events(new_report: Report, before: Mapping[str, Any] | None) -> None:
    """Emit what is new since the report before (`changes.news`), with what is promised of the released, if anything is.

    Before the run is recorded: after a crash in between an event may come twice, none is lost.
    """
    sent = []
    at_most = new_report.promise.high if isinstance(new_report.promise, Estimate) else None
    promised = new_report.target if new_report.verdict == "certified" else None
    for event, payload in changes.news(new_report, before):
        emitted = emit_event(
            event=f"second-reader.{event}",
            resource={
                "prefect.resource.id": f"second-reader.stream.{new_report.stream}",
                "prefect.resource.name": new_report.stream,
            },
            payload={**payload, "automation": new_report.automation, "at_most": at_most, "promised": promised},
        )
        if emitted is not None:
            sent.append(emitted)
    kept_events.make_sure(sent)
