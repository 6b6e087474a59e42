"""What an owner chooses between: models that are promoted with evidence, money that was spent, audits by score band.

Plans and policies of earlier versions hold null in the new columns.

A migration that has been released never changes: a later one alters what this one made.
"""

import sqlalchemy as sa
from alembic import op

from review.ledger.migrations.versions import v0001_facts, v0004_records

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns, make the table, guard it, and record the version."""
    op.add_column("era_plan", sa.Column("shadow_after", sa.BigInteger(), nullable=True))
    op.add_column("policy", sa.Column("by_band", sa.Text(), nullable=True))
    op.create_table(
        "outlay",
        sa.Column("outlay_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=False),
        sa.Column("from_day", sa.Text(), nullable=False),
        sa.Column("to_day", sa.Text(), nullable=False),
        sa.Column("undoes", sa.Text(), nullable=True),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.Text(), nullable=False),
        sa.Column("seal", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount >= 0"),
        sa.CheckConstraint("from_day <= to_day"),
        sa.CheckConstraint("length(what) > 0"),
        sa.CheckConstraint("length(entered_by) > 0"),
        sa.CheckConstraint("length(because) > 0"),
        sa.PrimaryKeyConstraint("outlay_id"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("CREATE INDEX outlay_seal ON outlay USING brin (seal) WITH (autosummarize = on)")
    v0001_facts.guard({"outlay": ["outlay_id"]})
    v0004_records.record(connection, revision)
