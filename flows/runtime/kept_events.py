"""Whether Prefect kept the events it was sent: its client hands them to a thread and reports no failure.

They go by a websocket, which many gateways do not pass; then nothing is kept and nobody hears of it. What is missing is sent once
more by a plain request under its own id, of which Prefect keeps one (3.8.8).
"""

import time
from collections.abc import Sequence
from contextlib import suppress

import httpx
from prefect.client.orchestration import get_client
from prefect.events import Event
from prefect.events.filters import EventFilter, EventIDFilter
from prefect.exceptions import PrefectHTTPStatusError

from flows.runtime import runs

PATIENCE = 15.0  # seconds; Prefect writes events in batches, every 5 s
_PAUSE = 0.5
_TROUBLE = (httpx.HTTPError, PrefectHTTPStatusError)


def make_sure(sent: Sequence[Event]) -> None:
    """Wait until Prefect has the events; send once more what it lacks, and warn of what it still lacks then."""
    if missing := _missing(sent):
        with suppress(*_TROUBLE), get_client(sync_client=True) as client:  # what is missing still is reported below
            client.request("POST", "/events", json=[event.model_dump(mode="json") for event in missing])
        for event in _missing(missing):
            runs.log.warning(
                "Prefect did not keep the event %s of %s: what waits for it does not start; see the report, and the log of "
                "Prefect's server",
                event.event,
                event.resource.id,
            )


def _missing(sent: Sequence[Event]) -> list[Event]:
    """What Prefect does not have after a while."""
    left, until = list(sent), time.monotonic() + PATIENCE
    while left:
        kept = _kept(left)
        left = [event for event in left if event.id not in kept]
        if time.monotonic() > until:
            break
        time.sleep(_PAUSE if left else 0)
    return left


def _kept(events: Sequence[Event]) -> set[object]:
    asked = EventFilter(id=EventIDFilter(id=[event.id for event in events]))
    try:
        with get_client(sync_client=True) as client:
            return {event.id for event in client.read_events(asked, limit=50).events}
    except _TROUBLE:
        return set()
