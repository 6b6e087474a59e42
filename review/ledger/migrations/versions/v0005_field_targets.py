"""Field targets: fields of records that a plan certifies by a target of their own, and in which of them an alarm was raised.

Plans and alarms of earlier versions hold null in these columns.

A migration that has been released never changes: a later one alters what this one made.
"""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns, and record the version."""
    op.add_column("era_plan", sa.Column("by_field", sa.Text(), nullable=True))
    op.add_column("alarm", sa.Column("field", sa.Text(), nullable=True))
    record(op.get_bind(), revision)


def record(connection: sa.Connection, version: str) -> None:
    """Record that the ledger was brought up to a version. It stays who it is: it keeps the identity of the version before."""
    identity = connection.execute(sa.text("SELECT ledger_id FROM edition ORDER BY schema_version LIMIT 1")).scalar_one()
    after = connection.execute(sa.text("SELECT coalesce(max(seq), 0) FROM seal")).scalar_one()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    row = {"schema_version": version, "ledger_id": str(identity), "after_seal": int(after), "made_at": now}
    digest = hashlib.sha256(json.dumps(list(row.values())).encode()).hexdigest()
    columns = [*row, "digest"]
    connection.execute(
        sa.text(f"INSERT INTO edition ({', '.join(columns)}) VALUES ({', '.join(f':{name}' for name in columns)})"),  # noqa: S608
        row | {"digest": digest},
    )
