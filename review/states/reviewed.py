"""What people answered, and what lies before them unanswered."""

import polars as pl

from review.ledger import Ledger

# An annotation is what its latest revision says. It stands on one case: a Label Studio restored from a backup gives the
# numbers it had given since to annotations of other cases.
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
