"""The commands of a place by hand, in this process: a tenth of the time of starting `second-reader` for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import prefect.settings
import pytest

from flows import collect, dispatch, measure, score
from flows.governance import opening
from flows.health import doctor
from flows.queueing import redispatch
from flows.runtime import runs, settings
from tests.e2e.place import Place

FLOWS: dict[str, Any] = {"score": score.score, "dispatch": dispatch.dispatch, "collect": collect.collect}
FLOWS["measure"] = measure.measure


@contextmanager
def of(place: Place) -> Iterator[None]:
    """Within the block the settings are those of the place."""
    with pytest.MonkeyPatch.context() as patch:
        for key, value in place.environment.items():
            if key.startswith(settings.PREFIX):
                patch.setenv(key, value)
        updates = {prefect.settings.PREFECT_API_URL: place.environment["PREFECT_API_URL"]}
        with prefect.settings.temporary_settings(updates):
            yield


def do(place: Place, *commands: str) -> str:
    """Run the flows, in order; what the last one says in counts: `sent 10, blind 3`."""
    with of(place):
        counts: dict[str, Any] = {}
        for command in commands:
            if command == "init":
                opening.begin(place.name, by="A. Owner")
            else:
                counts = FLOWS[command](place.name, return_state=True).result()
    return runs.line(counts)


def send_again(place: Place) -> str:
    """`second-reader redispatch`."""
    with of(place):
        return runs.line(redispatch.redispatch(place.name, by="A. Owner", because="somebody deleted tasks"))


def examined(place: Place, level: str) -> str:
    """The findings of one level."""
    with of(place):
        return "\n".join(str(result) for result in doctor.examine(place.name, deep=False) if result.level == level)
