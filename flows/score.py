"""Flow `score`: read the model's outputs, decide each case once, record the decisions."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from prefect import flow

from flows.governance import eras, safeguards
from flows.inputs import files, first_look, taken_files
from flows.inputs.prefetch import ahead
from flows.runtime import flow_states, runs
from flows.scoring import decide, payloads, rescored, workers
from review.queries import certificates

CHUNK_ROWS = 100_000


@flow(name="score", flow_run_name="score-{stream}")
def score(stream: str, source: str | None = None) -> flow_states.Ended:
    """Score a stream's inbox, release the confident cases, mark the others for review.

    Args:
        stream: the stream's name.
        source: a file or folder to read instead of the one the stream names.
    """
    return flow_states.ended(lambda: _score(stream, source))


def _score(stream_name: str, source: str | None) -> runs.Counts:
    with runs.running("score", stream_name) as run:
        in_force = runs.policy_in_force(run.ledger, run.stream)  # before the first file is opened
        eras.under_way(run.ledger, run.stream, in_force, runs.clock(), least=eras.SCORES)
        safeguards.before_release(run, in_force, runs.clock())
        inbox = Path(source) if source else run.settings.data / run.stream.input.source
        alone = run.settings.runner == "threads"
        run = payloads.findable(run, inbox)
        # What is named by hand is read, whatever is known of it.
        look = None if source else taken_files.look(run.ledger, run.stream, in_force.epoch_id)
        total = record_all(run, inbox, decide.record, look) if alone else workers.record_all(run, inbox, look)
        in_force = runs.policy_in_force(run.ledger, run.stream)
        eras.under_way(run.ledger, run.stream, in_force, runs.clock(), least=eras.SCORES)
        if look is not None:
            total |= look.counts()
        run.finish(total, cursor=None if look is None else look.kept())
        return total


def record_all(
    run: runs.Run, inbox: Path, write: Callable[..., dict[str, int]], look: taken_files.Look | None = None
) -> dict[str, int]:
    """Record every chunk of the inbox by `write` (`record`, as a task or as a function), and count."""
    total = dict.fromkeys(decide.COUNTS, 0)
    columns = first_look.Look(run.stream)
    chunks = files.chunks(inbox, run.stream, look=look, rows=CHUNK_ROWS, scale_first=True)
    for chunk, facts in ahead(_prepared(run, chunks, total)):
        for sentence in columns.at(chunk):
            runs.log.warning("score %s: %s", run.stream.name, sentence)
        if facts.example and not total["unscored"]:
            runs.log.warning(
                "score %s: what cannot be scored is never released; the first, %s", run.stream.name, facts.example
            )
        counts = write(run.stream, run.run_id, chunk, facts)
        decide.add(total, counts)
        if look is not None and counts["faults"]:
            look.finds_faults(chunk.source)
        runs.log.info("score %s: %s", run.stream.name, runs.line(total))
    return total


def _prepared(
    run: runs.Run, chunks: Iterator[files.Chunk], total: Mapping[str, int]
) -> Iterator[tuple[files.Chunk, decide.Facts]]:
    """Each chunk with its facts under the policy in force now, made while the chunk before it is written."""
    before, look, counted_in = None, None, None
    with runs.open_ledger(run.settings) as book:
        identity = book.identity
        for chunk in chunks:
            again = total["read"] > 0 and total["decided"] == 0  # an inbox that was read before: nothing to hash
            in_force = runs.policy_in_force(book, run.stream)
            now_in = in_force.epoch_id, certificates.era_number(book, in_force.epoch_id)
            if before is None or now_in != counted_in:
                before, counted_in = decide.look_back(book, run.stream, in_force), now_in
                look = rescored.look(book, run.stream, in_force)
            facts = decide.prepare(
                *(run.stream, run.run_id, chunk, in_force),
                hashed=not again,
                before=before,
                identity=identity,
                look=look,
            )
            yield chunk, facts
