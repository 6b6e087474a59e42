"""Flows `adopt` and `halt`: the owner's decisions, taken in Prefect. Their forms ask who and why.

Deployments without a schedule: "Custom run" in Prefect's pages is the form. Nothing is parked while a person thinks, and
a bad answer ends its run with the reason and changes nothing. The form shows the descriptions under `Args`.
"""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.governance import actions
from flows.runtime import flow_states, runs
from review.queries.policy_history import PolicyInForce

Text = Annotated[str, Field(min_length=1)]
Confidence = Annotated[float, Field(ge=0, le=1)]


@flow(name="adopt", flow_run_name="adopt-{stream}")
def adopt(
    stream: str,
    by: Text,
    because: Text,
    threshold: Confidence | None = None,
    label: str | None = None,
    uncertified: bool = False,
) -> flow_states.Ended:
    """Move the threshold of a stream: to the threshold that the report proposes, or to the one named here.

    Args:
        stream: the stream's name.
        by: your name; kept for ever.
        because: why; kept for ever.
        threshold: release what has at least this confidence, from 0 to 1, as the report shows it. None: what it proposes.
        label: of a stream with a threshold per class, the class. None: every class.
        uncertified: yes, although it is not certified, or something speaks against it; marked so for ever.
    """
    label = (label or "").strip() or None

    def decided() -> runs.Counts:
        stop = actions.stopped(stream)
        now = actions.adopt(stream, threshold, by=by, because=because, uncertified=uncertified, label=label)
        sentences = actions.terms(stream, now)
        return (
            _counts(now)
            | ({"terms": " ".join(sentences)} if sentences else {})
            | ({"before": stop} if stop and now.policy.releases else {})
        )

    return flow_states.ended(decided)


@flow(name="halt", flow_run_name="halt-{stream}")
def halt(stream: str, by: Text, because: Text) -> flow_states.Ended:
    """Release nothing of a stream from the next decision on.

    Args:
        stream: the stream's name.
        by: your name; kept for ever.
        because: why; kept for ever.
    """
    return flow_states.ended(lambda: _counts(actions.halt(stream, by=by, because=because)))


def _counts(now: PolicyInForce) -> runs.Counts:
    rule = now.policy
    in_force = (
        "nothing released" if not rule.releases else rule.threshold if rule.by_class is None else dict(rule.by_class)
    )
    return {"version": now.version, "line": in_force, "certified": now.certified, "by": now.adopted_by}
