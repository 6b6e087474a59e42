"""Items that another model decides anew, and what the input says of the request to a model.

Decisions and shadows of earlier versions hold null in the new columns.

A migration that has been released never changes: a later one alters what this one made.
"""

import sqlalchemy as sa
from alembic import op

from review.ledger.migrations.versions import v0004_records

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the columns and the index, and record the version."""
    op.add_column("decision", sa.Column("request", sa.Text(), nullable=True))
    op.add_column("decision", sa.Column("item_id", sa.Text(), nullable=True))
    op.add_column("shadow", sa.Column("request", sa.Text(), nullable=True))
    anew = sa.text("item_id IS NOT NULL")
    op.create_index("decision_item", "decision", ["stream", "item_id"], sqlite_where=anew, postgresql_where=anew)
    v0004_records.record(op.get_bind(), revision)
