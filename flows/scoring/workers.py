"""Score on more machines: workers read, decide and record the pieces of the inbox.

A piece is prepared on any worker that is free, and recorded there only when the piece before it is: of two rows with
one id the earlier is the decision, however many workers there are. So the ledger says what it would say with one.
"""

from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner

from flows.inputs import files, first_look, taken_files
from flows.runtime import flow_states, runs, settings
from flows.scoring import cluster, decide, rescored
from models.config.stream import Stream
from models.errors import Misuse, SecondReaderError, Unavailable
from review.ledger import ledger
from review.queries import totals

Facts = list[decide.Facts]  # of the chunks of a piece


def record_all(run: runs.Run, inbox: Path, look: taken_files.Look | None = None) -> dict[str, int]:
    """Record every piece of the inbox by the runner that the settings name, and count."""
    seal, _ = run.ledger.head()
    total = dict.fromkeys(decide.COUNTS, 0)
    columns = first_look.Look(run.stream)
    with cluster.started(run.settings) as runner:
        line = _Line(run, runner)
        for piece in files.pieces(inbox, run.stream, look=look):
            # As many on their way as there are workers: one records, the others prepare what comes next. With one
            # more, the worker whose turn it is to record could be busy preparing, and all would wait for it.
            while line.length >= cluster.workers(runner):
                _add(run, total, *line.take(), look)
            for sentence in columns.at_piece(piece):
                runs.log.warning("score %s: %s", run.stream.name, sentence)
            line.join(piece)
        while line.length:
            _add(run, total, *line.take(), look)
    # What a worker recorded and died before it could say so was done again, and added nothing: the ledger knows.
    total |= totals.decided_after(run.ledger, run.stream.name, seal)
    return total | {"repeats": total["read"] - total["decided"] - total["faults"] - total.get(decide.WITH_PEOPLE, 0)}


def _add(
    run: runs.Run, total: dict[str, int], piece: files.Piece, counts: dict[str, int], look: taken_files.Look | None
) -> None:
    if look is not None and counts["faults"]:
        look.finds_faults(*{part.source for part in piece})
    decide.add(total, counts)
    runs.log.info("score %s: %s", run.stream.name, runs.line(total))


class _Line:
    """Pieces on their way, in their order: the first is being recorded, the others are prepared or wait."""

    def __init__(self, run: runs.Run, runner: TaskRunner[Any]) -> None:
        self._reported = {"stream": run.stream, "run_id": run.run_id}
        self._book = ledger.shown(run.settings.ledger.get_secret_value())
        self._runner = runner
        self._waiting: deque[tuple[files.Piece, PrefectFuture[Facts]]] = deque()
        self._first: tuple[files.Piece, PrefectFuture[Facts], PrefectFuture[dict[str, int]]] | None = None

    @property
    def length(self) -> int:
        return len(self._waiting) + (self._first is not None)

    def join(self, piece: files.Piece) -> None:
        """Have a piece prepared, and recorded when it is the first in the line."""
        prepared = self._runner.submit(prepare, self._reported | {"piece": piece, "book": self._book})
        self._waiting.append((piece, prepared))
        if self._first is None:
            self._advance()

    def take(self) -> tuple[files.Piece, dict[str, int]]:
        """Wait until the first piece is recorded: it, and its counts. Raises what went wrong with it."""
        if self._first is None:
            raise LookupError("nobody is in the line")
        piece, prepared, recorded = self._first
        self._first = None
        try:
            counts = recorded.result()
        except SecondReaderError:
            raise
        except PrefectException:  # it was never tried, for what it needs had failed
            prepared.result()
            raise
        except Exception as error:
            if not type(error).__module__.startswith("distributed"):
                raise
            raise Unavailable(
                f"the workers could not finish ({cluster.reason(error)}); what was recorded stays; see their log, and run "
                "it again"
            ) from None
        self._advance()
        return piece, counts

    def _advance(self) -> None:
        if self._waiting:
            piece, prepared = self._waiting.popleft()
            recorded = self._runner.submit(record, self._reported | {"piece": piece, "facts": prepared})
            self._first = (piece, prepared, recorded)


@task(name="prepare", cache_policy=NO_CACHE, **flow_states.RETRY)
def prepare(stream: Stream, run_id: str, piece: files.Piece, book: str) -> Facts:
    """Read a piece and decide its cases. `book`: the ledger of the flow, as it may be shown; the worker's must be that."""
    config = settings.read()
    mine = ledger.shown(config.ledger.get_secret_value())
    if mine != book:
        raise Misuse(
            f"a worker's ledger is {mine}, the flow's is {book}; start workers with the flow's {settings.PREFIX}* settings"
        )
    with runs.open_ledger(config) as opened:
        in_force, identity = runs.policy_in_force(opened, stream), opened.identity
        look = rescored.look(opened, stream, in_force)
        return [
            decide.prepare(stream, run_id, chunk, in_force, identity=identity, look=look) for chunk in files.read(piece)
        ]


@task(name="record", cache_policy=NO_CACHE, **flow_states.RETRY)
def record(stream: Stream, run_id: str, piece: files.Piece, facts: Facts) -> dict[str, int]:
    """Append a piece chunk by chunk, each whole or not at all. Doing it again adds nothing."""
    total = dict.fromkeys(decide.COUNTS, 0)
    with runs.open_ledger() as book:
        for place, one in enumerate(facts):
            decide.add(total, decide.append(book, stream, run_id, one, partial(_chunk, piece, place)))
    return total


def _chunk(piece: files.Piece, place: int) -> files.Chunk:
    """A chunk of a piece once more: the policy has changed since it was prepared."""
    return next(chunk for number, chunk in enumerate(files.read(piece)) if number == place)
