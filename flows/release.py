"""Flow `release`: what has become another among the finished answers goes out, to files and to the webhook."""

from prefect import flow

from flows.handover import outbox, webhook
from flows.runtime import flow_states, runs
from models.errors import Busy, Misuse


@flow(name="release", flow_run_name="release-{stream}")
def release(stream: str) -> flow_states.Ended:
    """Hand out finished answers that are new or have become another.

    Args:
        stream: the stream's name.
    """
    return flow_states.ended(lambda: _release(stream))


def _release(stream_name: str) -> runs.Counts:
    with runs.running("release", stream_name) as run:
        asked = run.stream.release
        if asked is None:
            raise Misuse(
                f"stream {stream_name!r} hands out nothing by itself; add a line [release] to its file, or use: "
                f"second-reader export {stream_name}"
            )
        counts = outbox.hand_out(run, outbox.of(run))
        run.finish(counts)
    return counts if asked.webhook is None else counts | _deliver(stream_name, asked.webhook)


def _deliver(stream_name: str, url: str) -> runs.Counts:
    """Under a hold of its own: however long a receiver lets us wait, the next run's files do not wait for it."""
    try:
        with runs.running("webhook", stream_name) as run:
            return webhook.deliver(run, outbox.of(run), url)
    except Busy:
        runs.log.info("release %s: an earlier run is still sending to the webhook", stream_name)
        return {"batches": 0}
