"""Addresses, parameters and the words for what a database says."""

import pytest

from models import errors
from review.ledger import database

FILE = database.Address(kind="sqlite", target="/srv/ledger.db", shown="/srv/ledger.db")
SERVER = database.Address(kind="postgresql", target="host=db password=hush", shown="PostgreSQL db/ledger")


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///ledger.db", "ledger.db"), ("sqlite:////srv/a b/ledger.db", "/srv/a b/ledger.db")],
)
def test_an_sqlite_url_is_a_path_relative_with_three_slashes_and_absolute_with_four(url: str, path: str) -> None:
    assert database.address(url) == database.Address(kind="sqlite", target=path, shown=path)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:hush@db:5433/ledger", "PostgreSQL db:5433/ledger"),
        ("postgresql+psycopg://ann:hush@db/ledger", "PostgreSQL db:5432/ledger"),
    ],
)
def test_a_postgresql_url_is_shown_without_its_password(url: str, shown: str) -> None:
    where = database.address(url)
    assert where.shown == shown
    assert "password=hush" in where.target
    assert "hush" not in repr(where)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.db",
        "mysql://ann:hush@db/ledger",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "postgresql://[hush",
    ],
)
def test_any_other_url_is_refused_in_one_line_that_holds_no_password(url: str) -> None:
    with pytest.raises(errors.LedgerInvalid) as caught:
        database.address(url)
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_parameter_is_numbered_once_however_often_it_stands() -> None:
    sql = "SELECT :a, :b, :a WHERE c IN :c AND d = :d"
    values: dict[str, database.Parameter] = {"a": 1, "b": "two", "c": [3, 4], "d": None}
    assert database.translate(FILE, sql, values) == (
        "SELECT ?1, ?2, ?1 WHERE c IN (?3, ?4) AND d = NULL",
        [1, "two", 3, 4],
    )
    assert database.translate(SERVER, sql, values)[0] == "SELECT $1, $2, $1 WHERE c IN ($3, $4) AND d = NULL"


def test_colons_in_text_names_comments_and_casts_are_no_parameters() -> None:
    sql = "SELECT ':a''s :b', \":c\", 1::text -- :d"
    assert database.translate(SERVER, sql, {}) == (sql, [])


def test_nothing_is_in_an_empty_list() -> None:
    assert database.translate(FILE, "x IN :x", {"x": []}) == ("x IN (NULL)", [])


def test_a_name_without_a_value_and_a_value_without_a_name_are_mistakes() -> None:
    with pytest.raises(ValueError, match="no value for :a"):
        database.translate(FILE, ":a", {})
    with pytest.raises(ValueError, match="no :b in the query"):
        database.translate(FILE, "SELECT 1", {"b": 2})


@pytest.mark.parametrize(
    ("text", "state", "kind"),
    [
        ("IO: [SQLite] Failed to execute: database is locked", None, errors.Unavailable),
        ("server closed the connection unexpectedly", None, errors.Unavailable),
        ("ERROR:  canceling statement due to lock timeout", "55P03", errors.Unavailable),
        ('FATAL:  password authentication failed for user "ann"', None, errors.Refused),
        ('FATAL:  database "ledger" does not exist', None, errors.LedgerInvalid),
        ("INTEGRITY: CHECK constraint failed: propensity > 0", None, errors.LedgerInvalid),
        ("ERROR: second-reader: facts are append-only", "P0001", errors.LedgerInvalid),
    ],
)
def test_only_what_may_pass_by_itself_is_unavailable(
    text: str, state: str | None, kind: type[errors.SecondReaderError]
) -> None:
    assert type(database.meaning(SERVER, text, state)) is kind


def test_a_refused_row_is_not_quoted() -> None:
    text = (
        'ERROR:  new row for relation "decision" violates check constraint "decision_route_check"\n'
        "DETAIL:  Failing row contains (digits, d-17, the payload, ...)."
    )
    assert str(database.meaning(SERVER, text, "23514")) == (
        "ledger PostgreSQL db/ledger: a record was refused, nothing was written: "
        'violates check constraint "decision_route_check"'
    )
    text = 'ERROR:  invalid input syntax for type bigint: "the payload"'
    assert "payload" not in str(database.meaning(SERVER, text, "22P02"))
