"""Put cases before people again whose task is gone from Label Studio: deleted, or lost by a restore from an older backup.

Not a part of `dispatch`, which would do it by itself: seen from the ledger, a server that lost its tasks and another
server, reached by a mistake in the settings, look the same. So a named person says so, and it stands in the ledger.
"""

import dataclasses

import polars as pl

from flows.queueing import prefilled_answers, push
from flows.runtime import runs, settings
from flows.scoring import payloads
from models import names_and_reasons
from review.label_studio import access, projects, search, storages
from review.queries import sent_tasks


def redispatch(stream_name: str, *, by: str, because: str) -> runs.Counts:
    """Send every open case again that has no task, under the key it had. What has an answer stays answered.

    Doing it again sends nothing, and killed in between the next one finds what this one sent. Raises Misuse without a
    name or a reason, Busy while the stream's `dispatch` runs, Refused if the stream's project is gone: `init` makes
    another, then this fills it.
    """
    by, because = names_and_reasons.checked(by, "--by"), names_and_reasons.checked(because, "--because")
    with runs.running("dispatch", stream_name) as held:  # the lock of `dispatch`: never both at once
        run = dataclasses.replace(held, flow="redispatch")
        project = runs.project(run.ledger, run.stream).project_id
        connection = access.connect(run.settings.label_studio_url, settings.label_studio_token(run.settings))
        projects.check_owner(connection, project, runs.mark(run.ledger, run.stream))
        unanswered = sent_tasks.unanswered(run.ledger, run.stream.name)
        there = search.find(connection, project, unanswered["task_key"])
        gone, left_out = payloads.shown(
            run,
            unanswered.filter(~pl.col("task_key").is_in(list(there))),
            lambda: storages.connected(connection, project),
        )
        recorded = sent_tasks.recorded_tasks(run.ledger, project)
        # Sent by a run that was killed before it could say so.
        first_ids = {key: ids[0] for key, ids in there.items() if not recorded.intersection(ids)}
        moved = unanswered.filter(pl.col("task_key").is_in(list(first_ids)))
        moved = moved.with_columns(
            project_id=pl.lit(project, pl.Int64),
            task_id=pl.Series([first_ids[key] for key in moved["task_key"]], dtype=pl.Int64),
        )
        _record(run, moved, by, because)
        for batch in gone.iter_slices(push.size(run.stream)):
            _record(run, push.batch(run.stream, project, batch), by, because)
        filled = prefilled_answers.fill(run, connection, project, set())
        counts = {"sent_again": len(gone), "found": len(moved), "open": len(unanswered)}
        counts |= {name: number for name, number in prefilled_answers.counts(filled).items() if number}
        counts |= {"faults": left_out} if left_out else {}
        run.finish(counts)
        return counts


def _record(run: runs.Run, sent: pl.DataFrame, by: str, because: str) -> None:
    now = runs.clock()
    rows = sent.select("case_id", "slot", "project_id", "task_id").with_columns(
        stream=pl.lit(run.stream.name),
        wave=pl.lit(run.run_id),
        asked_by=pl.lit(by),
        because=pl.lit(because),
        sent_at=pl.lit(now),
    )
    run.ledger.append({"redispatch": rows}, now=now)
