"""Shadows: what another model said of cases that this one answered.

A migration that has been released never changes: a later one alters what this one made.
"""

import sqlalchemy as sa
from alembic import op

from review.ledger.migrations.versions import v0001_facts, v0004_records

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, guard it, and record the version."""
    op.create_table(
        "shadow",
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("unscored", sa.Text(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("latency_ms", sa.Double(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(model_id) > 0"),
        sa.CheckConstraint("score IS NULL OR (score >= 0 AND score <= 1)"),
        sa.CheckConstraint("(score IS NULL) = (unscored IS NOT NULL)"),
        sa.PrimaryKeyConstraint("stream", "case_id", "model_id"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("CREATE INDEX shadow_seal ON shadow USING brin (seal) WITH (autosummarize = on)")
    v0001_facts.guard({"shadow": ["stream", "case_id", "model_id"]})
    v0004_records.record(connection, revision)
