"""Of tests that differ in a parameter only, those that go through with every run of the tests.

A family is a test with its sets of parameters. Under SECOND_READER_FAMILIES=some (`make test`) `@pytest.mark.family(n)` has n of
them go through; of a simulation that does not say, two. A long test that another one nearly stands for is a family of 0. Of a
test that runs on both databases one does, unless its file is one of BOTH. Which, says a hash of the test's name: each run has
the same ones, and about half of the tests run on PostgreSQL. Else all (`make test-all`).
"""

import os
from collections import defaultdict
from hashlib import sha256
from typing import Any

SOME = os.environ.get("SECOND_READER_FAMILIES") == "some"
DATABASES = ("sqlite", "postgresql")
_OF_A_SIMULATION = 2  # sets of parameters
# Files of tests that speak of the ledger itself, or ask it: by the beginning of their names.
BOTH = (
    "test_finished",
    "test_ids",
    "test_in_force",
    "test_ledger",
    "test_states",
    "test_whereabouts",
)


def left_out(items: list[Any]) -> list[Any]:
    """The tests among pytest's `items` that wait for `make test-all`."""
    if not SOME:
        return []
    families: dict[str, list[Any]] = defaultdict(list)
    twins: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        if _kept(item) is not None:
            families[str(item.nodeid).partition("[")[0]].append(item)
        elif not item.path.name.startswith(BOTH) and (name := _without_database(item)):
            twins[name].append(item)
    out: list[Any] = []
    for members in families.values():
        out += _last(members, _kept(members[0]) or 0)
    for members in twins.values():
        out += _last(members, 1)
    return out


def examples(most: int) -> int:
    """How many examples Hypothesis tries of a law that takes long: a third with `make test`."""
    return most // 3 if SOME else most


def _kept(item: Any) -> int | None:
    """Of the family of a test, how many go through; None: it is none."""
    mark = item.get_closest_marker("family")
    if mark is None:
        return _OF_A_SIMULATION if str(item.nodeid).startswith("tests/simulations/") else None
    return int(mark.args[0])


def _without_database(item: Any) -> str | None:
    """The name of a test that runs on both databases, without the database; None: it does not."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    names = [value for value in parameters.values() if isinstance(value, str) and value in DATABASES]
    return str(item.nodeid).replace(names[0], "database", 1) if names else None


def _last(members: list[Any], kept: int) -> list[Any]:
    return sorted(members, key=lambda item: sha256(str(item.nodeid).encode()).hexdigest())[kept:]
