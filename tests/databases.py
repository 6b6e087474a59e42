"""A PostgreSQL database of a test's own, in which no secret may stand afterwards."""

import secrets
from collections.abc import Iterator

from deploy.local import postgres
from deploy.local.stack import Stack
from tests import sweep


def of_a_test(servers: Stack, template: str = "template0") -> Iterator[str]:
    """Its URL; it begins as a copy of `template`, and is dropped when the test goes on."""
    name = f"test_{secrets.token_hex(6)}"
    postgres.create(servers.cluster, name, template=template)
    yield servers.postgres_url(name)
    items = sweep.database(servers.secrets(), servers.postgres_url(name))
    postgres.drop(servers.cluster, name)
    assert items == [], "a secret is in the database"
