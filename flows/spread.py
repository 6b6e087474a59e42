"""Score on more machines: workers read, decide and record the pieces of the inbox.

A piece is decided whenever a worker is free, and recorded only after the piece before it: of two rows with one id the
earlier is the decision, however many workers there are. So the ledger says what it would say with one.
"""

from collections import deque
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException
from prefect.futures import PrefectFuture

from flows import decisions, files, runners, runs, settings
from models.errors import Misuse, SecondReaderError, Unavailable
from models.stream import Stream
from review import ledger

AHEAD = 8  # pieces on their way at a time, each of some 100 MB on the worker that decided it


def record_all(run: runs.Run, inbox: Path) -> dict[str, int]:
    """Record every piece of the inbox by the runner that the settings name, and count."""
    total = dict.fromkeys(decisions.COUNTS, 0)
    where = ledger.shown(run.settings.ledger.get_secret_value())
    coming: deque[tuple[PrefectFuture[Any], PrefectFuture[Any]]] = deque()

    def take() -> None:
        prepared, recorded = coming.popleft()
        for name, count in _result(prepared, recorded, run.settings.runner).items():
            total[name] += count
        runs.log.info("score %s: %s", run.stream.name, runs.line(total))

    with runners.started(run.settings) as runner:
        for piece in files.pieces(inbox, run.stream):
            prepared = runner.submit(
                prepare, {"stream": run.stream, "run_id": run.run_id, "piece": piece, "book": where}
            )
            told = {"stream": run.stream, "run_id": run.run_id, "chunk": piece, "facts": prepared}
            before = [coming[-1][1]] if coming else None
            coming.append((prepared, runner.submit(decisions.record, told, wait_for=before)))
            if len(coming) == AHEAD:
                take()
        while coming:
            take()
    return total


@task(name="prepare", cache_policy=NO_CACHE, **runs.RETRY)
def prepare(stream: Stream, run_id: str, piece: files.Chunk | files.Piece, book: str) -> decisions.Facts:
    """Read a piece and decide its cases. `book`: the ledger of the flow, as it may be shown; the worker's must be that."""
    config = settings.read()
    mine = ledger.shown(config.ledger.get_secret_value())
    if mine != book:
        raise Misuse(
            f"a worker's ledger is {mine}, the flow's is {book}; start workers with the flow's {settings.PREFIX}* settings"
        )
    with runs.open_ledger(config) as opened:
        in_force = runs.policy_in_force(opened, stream)
    return decisions.prepare(stream, run_id, files.read(piece), in_force)


def _result(prepared: PrefectFuture[Any], recorded: PrefectFuture[Any], runner: str) -> dict[str, int]:
    """The counts of a recorded piece, or what went wrong with it, said once and as we say it."""
    try:
        counts: dict[str, int] = recorded.result()
    except SecondReaderError:
        raise
    except PrefectException:  # it was never tried, for what it waited for had failed
        prepared.result()
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("distributed", "ray")):
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise Unavailable(
            f"the {runner.title()} workers could not finish ({reason}); what was recorded stays; see their log, run it again"
        ) from None
    return counts
