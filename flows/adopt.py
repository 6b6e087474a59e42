"""Flows `adopt` and `halt`: the owner's decisions, taken in Prefect. Their forms ask who and why.

Deployments without a schedule: "Custom run" in Prefect's pages is the form. Nothing is parked while a person thinks, and
a bad answer ends its run with the reason and changes nothing.
"""

from typing import Annotated, Any

from prefect import flow
from prefect.client.schemas.objects import State
from pydantic import Field

from flows import govern, runs
from review.states import PolicyInForce

By = Annotated[str, Field(title="Your name", description="Kept for ever.", min_length=1)]
Because = Annotated[str, Field(title="Why", description="Kept for ever.", min_length=1)]
Threshold = Annotated[
    float | None,
    Field(
        title="Release at this confidence and above",
        description="Empty: the lowest certified one.",
        ge=0,
        le=1,
    ),
]
Label = Annotated[
    str | None, Field(title="Class", description="Only for a stream with a line per class. Empty: every class.")
]
Uncertified = Annotated[
    bool, Field(title="Without a certificate", description="Yes, I know that it is not certified; marked so for ever.")
]


@flow(name="adopt", flow_run_name="adopt-{stream}")
def adopt(
    stream: str,
    by: By,
    because: Because,
    threshold: Threshold = None,
    label: Label = None,
    uncertified: Uncertified = False,
) -> runs.Counts | State[Any]:
    """Move the line of a stream: the lowest certified threshold, or the one named here."""
    return runs.ended(
        lambda: _said(
            stream,
            govern.adopt(
                stream, threshold, by=by, because=because, uncertified=uncertified, label=(label or "").strip() or None
            ),
        )
    )


@flow(name="halt", flow_run_name="halt-{stream}")
def halt(stream: str, by: By, because: Because) -> runs.Counts | State[Any]:
    """Release nothing of a stream from the next decision on."""
    return runs.ended(lambda: _said(stream, govern.halt(stream, by=by, because=because)))


def _said(stream: str, now: PolicyInForce) -> runs.Counts:
    rule = now.policy
    return {
        "stream": stream,
        "version": now.version,
        "threshold": rule.threshold if rule.by_class is None else dict(rule.by_class),
        "certified": now.certified,
        "by": now.adopted_by,
    }
