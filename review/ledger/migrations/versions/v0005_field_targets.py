"""Field targets: fields of records that a plan certifies by a target of their own, and in which of them an alarm was raised.

Plans and alarms of earlier versions hold null in these columns.

A migration that has been released never changes: a later one alters what this one made.
"""

import sqlalchemy as sa
from alembic import op

from review.ledger.migrations.versions import v0004_records

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns, and record the version."""
    op.add_column("era_plan", sa.Column("by_field", sa.Text(), nullable=True))
    op.add_column("alarm", sa.Column("field", sa.Text(), nullable=True))
    v0004_records.record(op.get_bind(), revision)
