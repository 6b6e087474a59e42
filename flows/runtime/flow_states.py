"""How a run of a flow ends, in Prefect's terms, and when Prefect tries a task again."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prefect.client.schemas.objects import State
from prefect.logging.handlers import APILogHandler
from prefect.states import Cancelled, Completed, Failed

from flows.runtime import runs
from models.errors import Busy, SecondReaderError, Unavailable

if TYPE_CHECKING:
    Ended = runs.Counts | State[Any]
else:  # pydantic would make a class of it that a worker in another process cannot find
    Ended = runs.Counts | State


def ended(work: Callable[[], runs.Counts]) -> Ended:
    """Do the work of a flow; a failure with one clear line ends the run with that line instead of a traceback.

    A stream held by another run ends as Cancelled: the other run is doing the work.
    """
    try:
        counts = work()
    except Busy as error:
        return Cancelled(message=str(error), data=error)
    except SecondReaderError as error:
        return Failed(message=str(error), data=error)
    return Completed(message=counts.get("headline") or runs.line(counts), data=counts)


def only_unavailable(_task: object, _run: object, state: "State[Any]") -> bool:
    """Retry condition of every task: trying again helps only where something could not be reached."""
    return isinstance(state.result(raise_on_failure=False), Unavailable)


RETRY: dict[str, Any] = {
    "retries": 4,
    "retry_delay_seconds": [1, 3, 10, 30],
    "retry_condition_fn": only_unavailable,
    "persist_result": False,
}


def flush_log() -> None:
    """Wait until Prefect has what was logged: to be called before its server is stopped."""
    APILogHandler().flush()
