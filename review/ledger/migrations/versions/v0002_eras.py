"""Eras, looks, groups and terms: what a promise needs that stays true in ordinary use; and who the ledger is.

Columns are added, never changed: rows of the first version hold null in them, and their seals pass over what is null.
"""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from review.ledger.migrations.versions import v0001_facts

revision = "0002"
down_revision = "0001"

KEYS = {
    "era_plan": ["epoch_id", "part", "era"],
    "look": ["epoch_id", "part", "era", "look"],
    "edition": ["schema_version"],
}
ADDED: tuple[tuple[str, sa.Column[Any]], ...] = (
    ("epoch", sa.Column("terms", sa.Text(), nullable=True)),
    ("alarm", sa.Column("clean_seal", sa.BigInteger(), nullable=True)),
    ("alarm", sa.Column("detector", sa.Text(), nullable=True)),
    ("decision", sa.Column("group_id", sa.Text(), nullable=True)),
    ("decision", sa.Column("held", sa.Text(), nullable=True)),
    ("review", sa.Column("written_by", sa.Text(), nullable=True)),
    ("review", sa.Column("unsure", sa.Boolean(), nullable=True)),
    ("review", sa.Column("comment", sa.Text(), nullable=True)),
    ("extract", sa.Column("members", sa.LargeBinary(), nullable=True)),
)


def upgrade() -> None:
    """Add the columns, make the new tables and guard them, and give the ledger its identity."""
    for table, column in ADDED:
        op.add_column(table, column)
    _tables()
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table in ("era_plan", "look"):
            op.execute(f"CREATE INDEX {table}_seal ON {table} USING brin (seal) WITH (autosummarize = on)")
    after = connection.execute(sa.text("SELECT coalesce(max(seq), 0) FROM seal")).scalar_one()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    row = {"schema_version": revision, "ledger_id": secrets.token_hex(16), "after_seal": int(after), "made_at": now}
    digest = hashlib.sha256(json.dumps(list(row.values())).encode()).hexdigest()
    columns = [*row, "digest"]
    connection.execute(
        sa.text(f"INSERT INTO edition ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"),  # noqa: S608
        row | {"digest": digest},
    )
    v0001_facts.guard(KEYS)


def _tables() -> None:
    op.create_table(
        "era_plan",
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("era", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("alpha", sa.Double(), nullable=False),
        sa.Column("delta", sa.Double(), nullable=False),
        sa.Column("thresholds", sa.Text(), nullable=False),
        sa.Column("starts", sa.Text(), nullable=False),
        sa.Column("weights", sa.Text(), nullable=False),
        sa.Column("group_size", sa.BigInteger(), nullable=False),
        sa.Column("after_seal", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("era >= 1"),
        sa.CheckConstraint("alpha > 0 AND alpha < 1"),
        sa.CheckConstraint("delta > 0 AND delta < 1"),
        sa.CheckConstraint("group_size >= 1"),
        sa.ForeignKeyConstraint(["epoch_id"], ["epoch.epoch_id"]),
        sa.PrimaryKeyConstraint("epoch_id", "part", "era"),
    )
    op.create_table(
        "look",
        sa.Column("epoch_id", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("era", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("look", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("look >= 1"),
        sa.CheckConstraint("threshold IS NULL OR (threshold >= 0 AND threshold <= 1)"),
        sa.ForeignKeyConstraint(["epoch_id", "part", "era"], ["era_plan.epoch_id", "era_plan.part", "era_plan.era"]),
        sa.PrimaryKeyConstraint("epoch_id", "part", "era", "look"),
    )
    op.create_table(
        "edition",
        sa.Column("schema_version", sa.Text(), nullable=False),
        sa.Column("ledger_id", sa.Text(), nullable=False),
        sa.Column("after_seal", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("schema_version"),
    )
