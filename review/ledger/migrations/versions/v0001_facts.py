"""The first tables, and the triggers that keep them append-only.

A migration that has been released never changes: a later one alters what this one made.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Facts refer to facts, so a table stands after those it refers to.
KEYS = {
    "epoch": ["epoch_id"],
    "fault": ["stream", "source", "line", "content"],
    "project": ["stream", "config_hash", "project_id"],
    "run": ["run_id"],
    "seal": ["seq"],
    "extract": ["seal", "stream"],
    "retirement": ["of_seal"],
    "retired": ["stream", "case_id"],
    "plan": ["epoch_id", "part"],
    "certificate": ["epoch_id", "part", "look"],
    "alarm": ["epoch_id"],
    "policy": ["policy_id"],
    "adoption": ["stream", "version"],
    "decision": ["stream", "case_id"],
    "recall": ["stream", "case_id"],
    "dispatch": ["stream", "case_id", "slot"],
    "redispatch": ["stream", "case_id", "slot", "project_id", "task_id"],
    "review": ["project_id", "annotation_id", "revision"],
}
REFUSAL = "second-reader: facts are append-only"


def upgrade() -> None:
    """Make every table, then guard it."""
    _tables()
    if op.get_bind().dialect.name == "postgresql":
        for table in KEYS:
            if table not in ("seal", "extract"):  # seals rise with the rows, so a few pages say where each one's are
                seal = "of_seal" if table == "retired" else "seal"
                op.execute(f"CREATE INDEX {table}_seal ON {table} USING brin ({seal}) WITH (autosummarize = on)")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION second_reader_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
        )
    guard(KEYS)


def guard(keys: Mapping[str, list[str]]) -> None:
    """Keep tables append-only, on either database. `keys`: table -> the columns of its natural key."""
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite(keys)
    else:
        _guard_postgresql(keys)


def _guard_sqlite(keys: Mapping[str, list[str]]) -> None:
    for table, key in keys.items():
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        # INSERT OR REPLACE deletes the old row without a DELETE trigger (unless the connection asks for it, as ours
        # does), so a row whose key is taken is refused before the conflict is resolved. Not for decisions, of which
        # there are millions: it would cost as much as the insert itself. A replaced one is found by its seal.
        if table in ("decision", "retired"):
            continue
        taken = " AND ".join(f"{column} = NEW.{column}" for column in key)
        held = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608 (our own names)
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {held} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def _guard_postgresql(keys: Mapping[str, list[str]]) -> None:
    for table in keys:
        # Per statement, so that one which touches no row is refused too, and TRUNCATE can be caught.
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION second_reader_append_only()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")  # in a replica session too


def _tables() -> None:
    for_a_person = sa.text("route = 'REVIEW' OR blind")
    op.create_table(
        "epoch",
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("calibrator", sa.Text(), nullable=False),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch_id"),
    )
    op.create_table(
        "fault",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("found_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "source", "line", "content"),
    )
    op.create_table(
        "project",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("config_hash", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "config_hash", "project_id"),
    )
    op.create_table(
        "run",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
    )
    op.create_table(
        "seal",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.Text(), nullable=False),
        sa.CheckConstraint("length(digest) = 64"),
        sa.CheckConstraint("row_count > 0"),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "extract",
        sa.Column("seal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("confidences", sa.LargeBinary(), nullable=False),
        sa.Column("case_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seal", "stream"),
    )
    op.create_table(
        "retirement",
        sa.Column("of_seal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("all_digest", sa.Text(), nullable=False),
        sa.Column("kept_digest", sa.Text(), nullable=True),
        sa.Column("keys_digest", sa.Text(), nullable=False),
        sa.Column("marks_digest", sa.Text(), nullable=False),
        sa.Column("extract_digest", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("file_digest", sa.Text(), nullable=False),
        sa.Column("retired_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("retired_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(because) > 0"),
        sa.CheckConstraint("length(retired_by) > 0"),
        sa.CheckConstraint("row_count > 0"),
        sa.ForeignKeyConstraint(["of_seal"], ["seal.seq"]),
        sa.PrimaryKeyConstraint("of_seal"),
    )
    op.create_table(
        "retired",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("of_seal", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "case_id"),
    )
    op.create_table(
        "plan",
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("alpha", sa.Double(), nullable=False),
        sa.Column("delta", sa.Double(), nullable=False),
        sa.Column("thresholds", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False),
        sa.Column("weights", sa.Text(), nullable=False),
        sa.Column("look", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("alpha > 0 AND alpha < 1"),
        sa.CheckConstraint("delta > 0 AND delta < 1"),
        sa.CheckConstraint("look IN ('anytime', 'once')"),
        sa.ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),
        sa.PrimaryKeyConstraint("epoch_id", "part"),
    )
    op.create_table(
        "certificate",
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("look", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("look >= 1"),
        sa.CheckConstraint("threshold IS NULL OR (threshold >= 0 AND threshold <= 1)"),
        sa.ForeignKeyConstraint(["epoch_id", "part"], ["plan.epoch_id", "plan.part"]),
        sa.PrimaryKeyConstraint("epoch_id", "part", "look"),
    )
    op.create_table(
        "alarm",
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("labels", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("clean_until", sa.Text(), nullable=True),
        sa.Column("raised_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),
        sa.PrimaryKeyConstraint("epoch_id"),
    )
    op.create_table(
        "policy",
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("by_class", sa.Text(), nullable=True),
        sa.Column("audit_rate", sa.Double(), nullable=False),
        sa.Column("blind_rate", sa.Double(), nullable=False),
        sa.Column("target_error", sa.Double(), nullable=False),
        sa.Column("delta", sa.Double(), nullable=False),
        sa.Column("cost_error", sa.Double(), nullable=False),
        sa.Column("cost_review_minute", sa.Double(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("audit_rate > 0 AND audit_rate <= 1"),
        sa.CheckConstraint("blind_rate > 0 AND blind_rate <= 1"),
        sa.CheckConstraint("delta > 0 AND delta < 1"),
        sa.CheckConstraint("target_error > 0 AND target_error < 1"),
        sa.ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),
        sa.PrimaryKeyConstraint("policy_id"),
    )
    op.create_table(
        "adoption",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("replaced", sa.Text(), nullable=True),
        sa.Column("adopted_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("certified", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("adopted_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(adopted_by) > 0"),
        sa.CheckConstraint("length(because) > 0"),
        sa.CheckConstraint("version >= 1"),
        sa.ForeignKeyConstraint(["policy_id"], ["policy.policy_id"]),
        sa.PrimaryKeyConstraint("stream", "version"),
    )
    op.create_table(
        "decision",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("prediction", sa.Text(), nullable=True),
        sa.Column("raw_score", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("doubt", sa.Text(), nullable=True),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("propensity", sa.Double(), nullable=False),
        sa.Column("policy_id", sa.Text(), nullable=False),
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("slices", sa.Text(), nullable=False),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("latency_ms", sa.Double(), nullable=True),
        sa.Column("produced_at", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("route = 'REVIEW' OR (confidence IS NOT NULL AND prediction IS NOT NULL AND doubt IS NULL)"),
        sa.CheckConstraint("route IN ('AUTOMATE', 'REVIEW')"),
        sa.CheckConstraint("confidence IS NULL OR (confidence >= 0 AND confidence <= 1)"),
        sa.CheckConstraint("payload IS NOT NULL OR (route = 'AUTOMATE' AND NOT blind)"),
        sa.CheckConstraint("propensity > 0 AND propensity <= 1"),
        sa.CheckConstraint("raw_score IS NULL OR (raw_score >= 0 AND raw_score <= 1)"),
        sa.PrimaryKeyConstraint("stream", "case_id"),
    )
    op.create_index(
        "decision_queue", "decision", ["stream", "decided_at"], sqlite_where=for_a_person, postgresql_where=for_a_person
    )
    op.create_table(
        "recall",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("recalled_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("recalled_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(because) > 0"),
        sa.CheckConstraint("length(recalled_by) > 0"),
        sa.ForeignKeyConstraint(["stream", "case_id"], ["decision.stream", "decision.case_id"]),
        sa.PrimaryKeyConstraint("stream", "case_id"),
    )
    op.create_table(
        "dispatch",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_key", sa.Text(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("wave", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("slot >= 0"),
        sa.ForeignKeyConstraint(["stream", "case_id"], ["decision.stream", "decision.case_id"]),
        sa.PrimaryKeyConstraint("stream", "case_id", "slot"),
    )
    op.create_index("dispatch_task", "dispatch", ["project_id", "task_id"])
    op.create_index("dispatch_key", "dispatch", ["task_key"])
    op.create_table(
        "redispatch",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wave", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(asked_by) > 0"),
        sa.CheckConstraint("length(because) > 0"),
        sa.ForeignKeyConstraint(
            ["stream", "case_id", "slot"], ["dispatch.stream", "dispatch.case_id", "dispatch.slot"]
        ),
        sa.PrimaryKeyConstraint("stream", "case_id", "slot", "project_id", "task_id"),
    )
    op.create_table(
        "review",
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("annotation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("submitted_at", sa.Text(), nullable=False),
        sa.Column("collected_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(outcome = 'answer') = (answer IS NOT NULL)"),
        sa.CheckConstraint("outcome IN ('answer', 'skip', 'deleted', 'bulk', 'repeat')"),
        sa.ForeignKeyConstraint(
            ["stream", "case_id", "slot"], ["dispatch.stream", "dispatch.case_id", "dispatch.slot"]
        ),
        sa.PrimaryKeyConstraint("project_id", "annotation_id", "revision"),
    )
    op.create_index("review_case", "review", ["stream", "case_id", "slot"])
