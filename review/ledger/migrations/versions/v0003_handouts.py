"""Handouts and their deliveries: what left the ledger, and the view `finished` that says what is finished now.

A migration that has been released never changes: a later one alters what this one made.
"""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from review.ledger.migrations.versions import v0001_facts

revision = "0003"
down_revision = "0002"

KEYS = {"handout": ["stream", "number"], "delivery": ["stream", "number", "channel", "batch"]}

# The epochs that were opened without `review.second_opinion`, and how texts are put in the order of their bytes.
_SINGLE = {
    "sqlite": "json_extract(terms, '$.\"review.second_opinion\"') = 0",
    "postgresql": "(terms::jsonb -> 'review.second_opinion') = 'false'::jsonb",
}
_BYTES = {"sqlite": "", "postgresql": ' COLLATE "C"'}
# What `review/queries/finished.py` says of every stream as of the last seal; a test holds the two together.
_VIEW = """
CREATE VIEW finished AS
WITH
single AS (SELECT epoch_id FROM epoch WHERE terms IS NOT NULL AND {single}),
-- An annotation is what its latest revision says; what another account made of it counts only where its reader never wrote it.
live AS (
    SELECT * FROM (
        SELECT stream, case_id, slot, annotation_id, reviewer, outcome, answer, blind, unsure, submitted_at,
            ROW_NUMBER() OVER (
                PARTITION BY stream, project_id, annotation_id, case_id, slot
                ORDER BY CASE WHEN written_by IS NULL THEN 0 ELSE 1 END, revision{bytes} DESC
            ) AS rank_of_revision
        FROM review
    ) AS revisions WHERE rank_of_revision = 1
),
-- The reading of a case in a round: the last word of the first person who answered.
reading AS (
    SELECT * FROM (
        SELECT stream, case_id, slot, reviewer, answer, blind, unsure, submitted_at,
            ROW_NUMBER() OVER (
                PARTITION BY stream, case_id, slot
                ORDER BY came, reviewer{bytes}, submitted_at{bytes} DESC, annotation_id DESC
            ) AS rank_of_answer
        FROM (
            SELECT live.*, MIN(submitted_at{bytes}) OVER (PARTITION BY stream, case_id, slot, reviewer) AS came
            FROM live WHERE outcome = 'answer'
        ) AS answers
    ) AS ordered WHERE rank_of_answer = 1
),
-- Where somebody has read a case blind, only blind readings speak.
heard AS (
    SELECT * FROM (
        SELECT reading.*, MAX(CASE WHEN blind THEN 1 ELSE 0 END) OVER (PARTITION BY stream, case_id) AS any_blind
        FROM reading
    ) AS marked WHERE blind OR any_blind = 0
),
-- The majority decides, and where it is split the last reader.
chosen AS (
    SELECT * FROM (
        SELECT voted.*,
            ROW_NUMBER() OVER (
                PARTITION BY stream, case_id ORDER BY votes DESC, submitted_at{bytes} DESC, slot DESC
            ) AS rank_of_vote
        FROM (
            SELECT heard.*,
                COUNT(*) OVER (PARTITION BY stream, case_id, answer) AS votes,
                COUNT(*) OVER (PARTITION BY stream, case_id) AS readings
            FROM heard
        ) AS voted
    ) AS ordered WHERE rank_of_vote = 1
),
counted AS (
    SELECT r.stream, r.case_id, COUNT(*) AS readings,
        SUM(CASE WHEN r.answer = d.prediction THEN 1 ELSE 0 END) AS agree,
        MAX(CASE WHEN r.unsure THEN 1 ELSE 0 END) AS unsure
    FROM reading r JOIN decision d ON d.stream = r.stream AND d.case_id = r.case_id
    WHERE r.blind AND d.blind AND d.prediction IS NOT NULL AND d.confidence IS NOT NULL
        AND d.epoch_id NOT IN (SELECT epoch_id FROM single)
    GROUP BY r.stream, r.case_id
),
disputed AS (
    SELECT stream, case_id FROM counted
    WHERE readings - agree = CASE WHEN agree = 0 THEN 1 ELSE agree END OR (unsure = 1 AND readings = 1)
),
touched AS (
    SELECT stream, case_id, MAX(seal) AS newest, MAX(recalled) AS recalled FROM (
        SELECT stream, case_id, seal, 0 AS recalled FROM review
        UNION ALL SELECT stream, case_id, seal, 1 AS recalled FROM recall
    ) AS facts GROUP BY stream, case_id
),
version AS (
    SELECT stream, version, certified, seal AS after_seal,
        LEAD(seal) OVER (PARTITION BY stream ORDER BY version) AS until_seal
    FROM adoption
),
case_now AS (
    SELECT d.stream, d.case_id, d.seal, d.model_id, d.prediction, d.confidence, d.decided_at, t.newest,
        CASE WHEN d.route = 'AUTOMATE' AND COALESCE(t.recalled, 0) = 0 THEN 1 ELSE 0 END AS released,
        CASE WHEN q.case_id IS NULL THEN c.answer END AS verdict, c.reviewer, c.submitted_at, c.readings
    FROM decision d
    LEFT JOIN touched t ON t.stream = d.stream AND t.case_id = d.case_id
    LEFT JOIN chosen c ON c.stream = d.stream AND c.case_id = d.case_id
    LEFT JOIN disputed q ON q.stream = d.stream AND q.case_id = d.case_id
),
ended AS (
    SELECT case_now.*,
        CASE
            WHEN verdict IS NOT NULL AND NOT (released = 1 AND verdict = prediction) THEN 'reviewed'
            WHEN released = 1 THEN 'released'
        END AS state
    FROM case_now
)
SELECT e.stream, e.case_id, COALESCE(e.newest, e.seal) AS sequence, e.state,
    CASE WHEN e.state = 'reviewed' THEN e.verdict ELSE e.prediction END AS answer,
    CASE WHEN e.state = 'reviewed' THEN e.reviewer ELSE e.model_id END AS answered_by,
    CASE WHEN e.state = 'reviewed' THEN e.submitted_at ELSE e.decided_at END AS answered_at,
    e.prediction, e.confidence, COALESCE(e.readings, 0) AS readings,
    v.version AS policy_version, v.certified, e.decided_at
FROM ended e
LEFT JOIN version v ON v.stream = e.stream AND v.after_seal < e.seal AND (v.until_seal IS NULL OR e.seal <= v.until_seal)
WHERE e.state IS NOT NULL
"""


def view(dialect: str) -> str:
    """The statement that makes the view, for `sqlite` or `postgresql`."""
    return _VIEW.format(single=_SINGLE[dialect], bytes=_BYTES[dialect])


def upgrade() -> None:
    """Make the tables and the view, guard the tables, and record the version."""
    _tables()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table in KEYS:
            op.execute(f"CREATE INDEX {table}_seal ON {table} USING brin (seal) WITH (autosummarize = on)")
    connection.exec_driver_sql(view(connection.dialect.name))
    v0001_facts.guard(KEYS)
    _record(connection)


def _record(connection: sa.Connection) -> None:
    """The ledger stays who it is: the identity that it was given with the version before."""
    identity = connection.execute(sa.text("SELECT ledger_id FROM edition ORDER BY schema_version LIMIT 1")).scalar_one()
    after = connection.execute(sa.text("SELECT coalesce(max(seq), 0) FROM seal")).scalar_one()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    row = {"schema_version": revision, "ledger_id": str(identity), "after_seal": int(after), "made_at": now}
    digest = hashlib.sha256(json.dumps(list(row.values())).encode()).hexdigest()
    columns = [*row, "digest"]
    connection.execute(
        sa.text(f"INSERT INTO edition ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"),  # noqa: S608
        row | {"digest": digest},
    )


def _tables() -> None:
    op.create_table(
        "handout",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("after_seal", sa.BigInteger(), nullable=False),
        sa.Column("until_seal", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("batch_rows", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("number >= 1"),
        sa.CheckConstraint("after_seal >= 0 AND until_seal > after_seal"),
        sa.CheckConstraint("row_count > 0"),
        sa.CheckConstraint("batch_rows > 0"),
        sa.CheckConstraint("length(digest) = 64"),
        sa.PrimaryKeyConstraint("stream", "number"),
    )
    op.create_table(
        "delivery",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivered_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("channel IN ('file', 'webhook')"),
        sa.CheckConstraint("batch >= 0"),
        sa.ForeignKeyConstraint(["stream", "number"], ["handout.stream", "handout.number"]),
        sa.PrimaryKeyConstraint("stream", "number", "channel", "batch"),
    )
