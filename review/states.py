"""What things are now: queries over the facts. All SQL of the product that asks, not appends, stands here.

Portable to SQLite and PostgreSQL. Every function takes an open ledger; frames keep the ledger's column types.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import polars as pl

from models import moment
from models.policy import AUTOMATE, REVIEW, Policy
from review import extracts
from review.ledger import Ledger

# An annotation is what its latest revision says; the revision "deleted" sorts behind every time. It stands on one case: a
# Label Studio restored from a backup gives the numbers it had given since to annotations of other cases.
_LIVE = """
live AS (
    SELECT * FROM (
        SELECT r.*, row_number() OVER (
            PARTITION BY project_id, annotation_id, case_id, slot ORDER BY revision DESC
        ) AS newest
        FROM review r WHERE stream = :stream
    ) AS revisions WHERE newest = 1
)"""

# The reading of a case in a slot is the answer of the first person who gave one; if they answered again, their last word.
# Each slot's is another person's: what an earlier reader answers in a later slot is collected as a repeat.
READINGS = f"""
WITH {_LIVE},
answers AS (
    SELECT live.*, min(submitted_at) OVER (PARTITION BY case_id, slot, reviewer) AS came
    FROM live WHERE outcome = 'answer'
),
reading AS (
    SELECT * FROM (
        SELECT answers.*, row_number() OVER (
            PARTITION BY case_id, slot ORDER BY came, reviewer, submitted_at DESC, annotation_id DESC
        ) AS place FROM answers
    ) AS ranked WHERE place = 1
)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInForce:
    """The policy of the highest version, the epoch it belongs to, and who adopted it."""

    version: int
    policy_id: str
    epoch_id: str
    salt: str = field(repr=False)  # knowing it would foretell the audits
    model_id: str
    labels: tuple[str, ...]
    policy: Policy
    target_error: float
    delta: float
    adopted_by: str
    adopted_at: str
    because: str
    certified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    """A stream's Label Studio project and the labelling config we gave it."""

    project_id: int
    config: str
    config_hash: str


def policy_in_force(ledger: Ledger, stream: str) -> PolicyInForce | None:
    """The policy in force; None if the stream was never opened."""
    found = ledger.read(
        """
        SELECT a.version, a.policy_id, a.adopted_by, a.adopted_at, a.because, a.certified,
               p.threshold, p.by_class, p.audit_rate, p.blind_rate, p.target_error, p.delta,
               e.epoch_id, e.salt, e.model_id, e.labels
        FROM adoption a JOIN policy p ON p.policy_id = a.policy_id JOIN epoch e ON e.epoch_id = p.epoch_id
        WHERE a.stream = :stream ORDER BY a.version DESC LIMIT 1
        """,
        stream=stream,
    )
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    rule = rule_of({name: row.pop(name) for name in RULE})
    return PolicyInForce(**row | {"labels": tuple(json.loads(row["labels"]))}, policy=rule)


RULE = ("threshold", "by_class", "audit_rate", "blind_rate")


def rule_of(row: Mapping[str, Any]) -> Policy:
    """A policy from its columns RULE."""
    by_class = None if row["by_class"] is None else json.loads(row["by_class"])
    return Policy(by_class=by_class, **{name: row[name] for name in RULE if name != "by_class"})


def history(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every adoption with its policy, oldest first."""
    return ledger.read(
        """
        SELECT a.version, a.adopted_at, a.adopted_by, a.because, a.certified, a.policy_id, a.replaced,
               p.epoch_id, p.threshold, p.by_class, p.audit_rate, p.blind_rate, p.target_error, p.delta
        FROM adoption a JOIN policy p ON p.policy_id = a.policy_id
        WHERE a.stream = :stream ORDER BY a.version
        """,
        stream=stream,
    )


def project(ledger: Ledger, stream: str) -> ProjectRow | None:
    """The stream's newest Label Studio project; None if it has none yet."""
    found = ledger.read(
        """
        SELECT project_id, config, config_hash FROM project
        WHERE stream = :stream ORDER BY created_at DESC, seal DESC LIMIT 1
        """,
        stream=stream,
    )
    return None if found.is_empty() else ProjectRow(**found.row(0, named=True))


_UNSENT = """
    FROM (
        SELECT d.* FROM decision d WHERE d.stream = :stream AND (d.route = 'REVIEW' OR d.blind)
        UNION ALL
        SELECT d.* FROM recall c CROSS JOIN decision d
        WHERE d.stream = c.stream AND d.case_id = c.case_id AND c.stream = :stream AND d.route = 'AUTOMATE' AND NOT d.blind
    ) AS wanted
    WHERE NOT EXISTS (
        SELECT 1 FROM dispatch s WHERE s.stream = wanted.stream AND s.case_id = wanted.case_id AND s.slot = 0
    )"""


def pending(ledger: Ledger, stream: str, limit: int) -> pl.DataFrame:
    """At most `limit` cases that wait to be put before a person, in the order they should be.

    The oldest first, and among those decided together in the order of their content's SHA-256: so nobody can tell an
    audit from a doubtful case by its place, and a queue answered in part is answered at random, not from one end.
    Recalled cases are among them, at the age of their decision; their payload may be null, by reference.
    """
    return ledger.read(
        f"""
        SELECT case_id, payload, source, line, content, prediction, confidence, doubt, route, blind, decided_at {_UNSENT}
        ORDER BY decided_at, content, case_id LIMIT :limit
        """,
        stream=stream,
        limit=limit,
    )


def unsent(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every reading that may be under way without a receipt, in any order: case_id, slot, blind.

    The first one of each case that waits for a person, and the next one of each case that was read blind: the dispute that
    asked for it may be over, and its task is there all the same.
    """
    first = ledger.read(f"SELECT case_id, blind {_UNSENT}", stream=stream)
    after = ledger.read(
        "SELECT case_id, max(slot) + 1 AS slot FROM dispatch WHERE stream = :stream AND blind GROUP BY case_id",
        stream=stream,
    )
    parts = [first.with_columns(slot=pl.lit(0)), after.with_columns(blind=pl.lit(True))]
    return pl.concat(
        part.select("case_id", pl.col("slot").cast(pl.Int64), pl.col("blind").cast(pl.Boolean)) for part in parts
    )


def kept(ledger: Ledger, stream: str, case_id: str) -> pl.DataFrame:
    """What the ledger keeps of what one case said: case_id, payload (null: by reference), source, line, content.

    A row, or none if there is no such case.
    """
    return ledger.read(
        "SELECT case_id, payload, source, line, content FROM decision WHERE stream = :stream AND case_id = :case",
        stream=stream,
        case=case_id,
    )


def readings(ledger: Ledger, stream: str) -> pl.DataFrame:
    """The answer of each case that has one: case_id, slot, reviewer, answer, blind, seconds, submitted_at.

    A skip is no answer, a deleted annotation is gone, and what a bulk action made is nobody's reading.
    """
    return ledger.read(
        f"{READINGS} SELECT case_id, slot, reviewer, answer, blind, seconds, submitted_at FROM reading",
        stream=stream,
    )


def open_cases(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Cases before people that nobody has answered: case_id, slot, blind, sent_at, skips (people who passed it on)."""
    place = ["case_id", "slot"]
    sent = ledger.read(
        "SELECT case_id, slot, blind, sent_at FROM dispatch WHERE stream = :stream ORDER BY sent_at, case_id, slot",
        stream=stream,
    )
    # Joined here: SQLite would walk over all readings for each dispatch, minutes for some ten thousand of them.
    done = ledger.read(
        f"{READINGS} SELECT case_id, slot FROM reading UNION SELECT case_id, slot FROM live WHERE outcome = 'repeat'",
        stream=stream,
    )
    skips = ledger.read(
        f"""
        WITH {_LIVE}
        SELECT case_id, slot, count(DISTINCT reviewer) AS skips FROM live WHERE outcome = 'skip' GROUP BY case_id, slot
        """,
        stream=stream,
    ).cast({"skips": pl.Int64})
    still = sent.join(done, on=place, how="anti", maintain_order="left")
    return still.join(skips, on=place, how="left", maintain_order="left").with_columns(pl.col("skips").fill_null(0))


# What the readings of a case say of the model: how many agree with it, of how many. Each is by another person.
# CROSS JOIN here and below: SQLite then goes from the few readings to their decisions, not through all decisions.
VERDICTS = f"""
{READINGS},
verdict AS (
    SELECT d.case_id, count(*) AS readings, sum(CASE WHEN r.answer = d.prediction THEN 1 ELSE 0 END) AS agree
    FROM reading r CROSS JOIN decision d
    WHERE d.stream = :stream AND d.case_id = r.case_id AND d.blind
    GROUP BY d.case_id
)"""

# One blind reading against the model is no verdict yet, nor is a tie: another person reads the case. Where the model
# named no answer, or had no confidence in it, there is nothing to defend.
DISPUTED = """
    v.readings > 0 AND v.readings - v.agree = CASE WHEN v.agree = 0 THEN 1 ELSE v.agree END
    AND d.prediction IS NOT NULL AND d.confidence IS NOT NULL"""


def sent(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Cases before people: case_id, sent_at (the last time), skips (people who passed it on)."""
    return ledger.read(
        f"""
        WITH {_LIVE},
        skip AS (SELECT case_id, count(DISTINCT reviewer) AS skips FROM live WHERE outcome = 'skip' GROUP BY case_id)
        SELECT s.case_id, max(s.sent_at) AS sent_at, max(coalesce(skip.skips, 0)) AS skips
        FROM dispatch s LEFT JOIN skip ON skip.case_id = s.case_id
        WHERE s.stream = :stream GROUP BY s.case_id
        """,
        stream=stream,
    ).cast({"case_id": pl.String, "sent_at": pl.String, "skips": pl.Int64})


def reviewers(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Who answered what: reviewer, answers, skips, assisted, corrections, median_seconds (null: nothing answered).

    `corrections`: of the `assisted` answers (the model's own was filled in), those that differ from it.
    """
    given = ledger.read(
        f"""
        WITH {_LIVE}
        SELECT live.reviewer, live.outcome, live.seconds, live.blind, live.answer = d.prediction AS agrees
        FROM live CROSS JOIN decision d
        WHERE d.stream = live.stream AND d.case_id = live.case_id AND live.outcome IN ('answer', 'skip')
        """,
        stream=stream,
    ).cast({"seconds": pl.Float64, "blind": pl.Boolean, "agrees": pl.Boolean})
    answered = pl.col("outcome") == "answer"
    assisted = answered & ~pl.col("blind")
    return (
        given.group_by("reviewer")
        .agg(
            answered.sum().cast(pl.Int64).alias("answers"),
            (~answered).sum().cast(pl.Int64).alias("skips"),
            assisted.sum().cast(pl.Int64).alias("assisted"),
            (assisted & ~pl.col("agrees").fill_null(False)).sum().cast(pl.Int64).alias("corrections"),
            pl.col("seconds").filter(answered).median().alias("median_seconds"),
        )
        .sort("answers", "reviewer", descending=[True, False])
    )


def totals(ledger: Ledger, stream: str) -> dict[str, int]:
    """Counts over all epochs: decisions, automated, review, audits, faults, dispatched, reviewed, open, recalled,
    waiting, disputed (a blind answer against the model that no majority of people has settled)."""
    found = ledger.read(
        f"""
        {VERDICTS}
        SELECT
            (SELECT count(*) FROM recall c CROSS JOIN decision d
                WHERE d.stream = c.stream AND d.case_id = c.case_id AND c.stream = :stream
                    AND d.route = 'AUTOMATE' AND NOT d.blind) AS recalled,
            (SELECT count(*) FROM dispatch WHERE stream = :stream AND slot = 0) AS sent,
            (SELECT count(*) FROM dispatch WHERE stream = :stream) AS dispatched,
            (SELECT count(*) FROM reading) AS reviewed,
            (SELECT count(*) FROM (SELECT DISTINCT case_id, slot FROM live WHERE outcome = 'repeat') AS again
                WHERE NOT EXISTS (
                    SELECT 1 FROM reading r WHERE r.case_id = again.case_id AND r.slot = again.slot)) AS spent,
            (SELECT count(*) FROM verdict v CROSS JOIN decision d
                WHERE d.stream = :stream AND d.case_id = v.case_id AND {DISPUTED}) AS disputed,
            (SELECT count(*) FROM fault WHERE stream = :stream) AS faults
        """,
        stream=stream,
    ).row(0, named=True)
    number = {name: int(value) for name, value in found.items()}
    released, for_people = pl.col("route") == AUTOMATE, (pl.col("route") == REVIEW) | pl.col("blind")
    number |= (
        _groups(ledger, stream)
        .select(
            decisions=pl.col("n").sum(),
            automated=pl.col("n").filter(released).sum(),
            audits=pl.col("n").filter(released & pl.col("blind")).sum(),
            for_people=pl.col("n").filter(for_people).sum(),
        )
        .row(0, named=True)
    )
    return {
        "decisions": number["decisions"],
        "automated": number["automated"],
        "review": number["decisions"] - number["automated"],
        "audits": number["audits"],
        "faults": number["faults"],
        "dispatched": number["dispatched"],
        "reviewed": number["reviewed"],
        "open": number["dispatched"] - number["reviewed"] - number["spent"],
        "recalled": number["recalled"],
        "disputed": number["disputed"],
        "waiting": number["for_people"] + number["recalled"] - number["sent"],
    }


def pace(ledger: Ledger, stream: str, *, now: str, days: float = 7.0) -> dict[str, Any]:
    """How fast people answer: `answered` readings and `arrived` cases for people since `hours` ago.

    `hours`: at most `days`, less where the stream is younger; 0 before its first case.
    """
    since = moment.text(moment.parse(now) - timedelta(days=days))
    groups = _groups(ledger, stream)
    first: str | None = groups["decided_at"].min()  # type: ignore[assignment]
    if first is None:
        return {"hours": 0.0, "arrived": 0, "answered": 0}
    for_people = (pl.col("route") == REVIEW) | pl.col("blind")
    answered = readings(ledger, stream).filter(pl.col("submitted_at") >= since)
    return {
        "hours": max((moment.parse(now) - moment.parse(max(first, since))).total_seconds() / 3600, 0.0),
        "arrived": int(groups.filter(for_people, pl.col("decided_at") >= since)["n"].sum()),
        "answered": len(answered),
    }


def _groups(ledger: Ledger, stream: str) -> pl.DataFrame:
    """How many decisions there are of each kind (`review.extracts`), without a walk over them."""
    found = ledger.read("SELECT groups FROM extract WHERE stream = :stream", stream=stream)
    return extracts.read_groups([found["groups"]])


def decided_after(ledger: Ledger, stream: str, seal: int) -> dict[str, int]:
    """What was decided since the seal of that number, in counts as the flow `score` has them."""
    found = ledger.read("SELECT groups FROM extract WHERE stream = :stream AND seal > :seal", stream=stream, seal=seal)
    groups = extracts.read_groups([found["groups"]])
    released = pl.col("route") == AUTOMATE
    counts = {
        "decided": groups,
        "automated": groups.filter(released),
        "audits": groups.filter(released & pl.col("blind")),
        "to_review": groups.filter(~released),
    }
    return {name: int(of["n"].sum()) for name, of in counts.items()}


def looks(ledger: Ledger, epoch_id: str) -> pl.DataFrame:
    """Each look of the epoch at which something had changed, oldest first: part, look, threshold, made_at."""
    return ledger.read(
        "SELECT part, look, threshold, made_at FROM certificate WHERE epoch_id = :epoch ORDER BY made_at, part",
        epoch=epoch_id,
    ).cast({"threshold": pl.Float64, "look": pl.Int64})


NO_LOOKS = pl.DataFrame(schema={"part": pl.String, "look": pl.Int64, "threshold": pl.Float64, "made_at": pl.String})


def last_report(ledger: Ledger, stream: str, *, today: str) -> dict[str, Any] | None:
    """The figures of the last report of an earlier day; on a stream's first day of the last one; None before that."""
    found = ledger.read(
        """
        SELECT counts FROM run WHERE stream = :stream AND flow = 'measure'
        ORDER BY CASE WHEN finished_at < :today THEN 1 ELSE 0 END DESC, finished_at DESC LIMIT 1
        """,
        stream=stream,
        today=today,
    )
    if found.is_empty():
        return None
    figures: dict[str, Any] | None = json.loads(found["counts"].item()).get("figures")
    return figures


def suspects(ledger: Ledger, stream: str) -> pl.DataFrame | None:
    """Cases released since the last clean point before the newest alarm, read by nobody and not recalled yet.

    case_id, decided_at. None if no alarm was ever raised.
    """
    alarm = ledger.read(
        "SELECT epoch_id, clean_until FROM alarm WHERE stream = :stream ORDER BY raised_at DESC LIMIT 1", stream=stream
    )
    if alarm.is_empty():
        return None
    epoch_id, clean = alarm.row(0)
    released = ledger.read(
        """
        SELECT d.case_id, d.decided_at FROM decision d
        WHERE d.stream = :stream AND d.epoch_id = :epoch AND d.route = 'AUTOMATE' AND d.decided_at > :clean
            AND NOT EXISTS (SELECT 1 FROM recall c WHERE c.stream = d.stream AND c.case_id = d.case_id)
        ORDER BY d.decided_at, d.case_id
        """,
        stream=stream,
        epoch=epoch_id,
        clean=clean or "",
    )
    read = readings(ledger, stream).filter(pl.col("slot") == 0)
    return released.join(read, on="case_id", how="anti", maintain_order="left")


def alarms(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every alarm, newest first: epoch_id, labels, errors, clean_until, raised_at."""
    return ledger.read(
        "SELECT epoch_id, labels, errors, clean_until, raised_at FROM alarm WHERE stream = :stream ORDER BY raised_at DESC",
        stream=stream,
    )


def faults(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Rows and answers that could not be read, newest first: source, line, reason, found_at. Not what they said."""
    return ledger.read(
        "SELECT source, line, reason, found_at FROM fault WHERE stream = :stream ORDER BY found_at DESC, source, line",
        stream=stream,
    )


def cursor(ledger: Ledger, stream: str) -> str | None:
    """Up to where the stream's Label Studio project was read (`label_studio.answers.cursor`); None if nothing was yet.

    A project made anew is read from its beginning: only collections since then count.
    """
    found = ledger.read(
        """
        SELECT max(cursor) AS cursor FROM run
        WHERE stream = :stream AND flow = 'collect'
            AND started_at >= (SELECT max(created_at) FROM project WHERE stream = :stream)
        """,
        stream=stream,
    )
    newest: str | None = found["cursor"].item()
    return newest


def known_annotations(ledger: Ledger, project_id: int, task_ids: Sequence[int]) -> pl.DataFrame:
    """The latest revision of each annotation of these tasks.

    task_id, case_id, slot, annotation_id, revision, outcome, reviewer.
    """
    return ledger.read(
        """
        SELECT task_id, case_id, slot, annotation_id, revision, outcome, reviewer FROM (
            SELECT r.*, row_number() OVER (PARTITION BY annotation_id, case_id, slot ORDER BY revision DESC) AS newest
            FROM review r WHERE project_id = :project AND task_id IN :tasks
        ) AS revisions WHERE newest = 1
        """,
        project=project_id,
        tasks=list(task_ids),
    )


def dispatches_by_key(ledger: Ledger, stream: str, keys: Sequence[str]) -> pl.DataFrame:
    """Which case the task of each of these keys is: task_key, stream, case_id, slot, blind.

    By key, not by task id: a Label Studio restored from a backup gives the ids it had given since to other tasks.
    """
    return ledger.read(
        "SELECT task_key, stream, case_id, slot, blind FROM dispatch WHERE stream = :stream AND task_key IN :keys",
        stream=stream,
        keys=list(keys),
    )


def dispatched(ledger: Ledger, project_id: int) -> int:
    """How many tasks were put into a project."""
    return int(
        ledger.read("SELECT count(*) AS n FROM dispatch WHERE project_id = :project", project=project_id)["n"].item()
    )


def last_counts(ledger: Ledger, stream: str, flow: str) -> dict[str, Any]:
    """What the last run of a flow that ended said it did; empty if none did."""
    found = ledger.read(
        "SELECT counts FROM run WHERE stream = :stream AND flow = :flow ORDER BY seal DESC LIMIT 1",
        stream=stream,
        flow=flow,
    )
    counts: dict[str, Any] = {} if found.is_empty() else json.loads(found["counts"].item())
    return counts
