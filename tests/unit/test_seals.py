"""A seal stands for its rows: the same rows give the same seal, and any other rows another."""

import hashlib

import polars as pl
import pytest

from models import tables
from review import seals

NOW = "2026-01-31T23:59:59.000000Z"
RUN = {
    "run_id": "r-1",
    "stream": "digits",
    "flow": "score",
    "counts": "{}",
    "cursor": None,
    "started_at": NOW,
    "finished_at": NOW,
}


def runs(*changes: dict[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame([RUN | change for change in changes], schema=tables.columns("run"))


def sealed(rows: pl.DataFrame) -> seals.Seal:
    return seals.make("run", rows, seq=1, previous=seals.GENESIS, now=NOW)


def check(seal: seals.Seal, rows: pl.DataFrame) -> list[str]:
    return [
        str(finding)
        for finding in seals.check(seal, seals.prepared("run", rows.with_columns(seal=pl.lit(1, pl.Int64))))
    ]


def test_a_row_is_hashed_as_netstrings_with_a_tilde_for_null() -> None:
    written = "3:r-16:digits5:score2:{}~" + 2 * f"27:{NOW}"
    assert [hashlib.sha256(written.encode()).hexdigest()] == seals.row_digests("run", runs({})).to_list()


def test_a_float_is_hashed_by_its_bits_and_a_flag_as_a_digit() -> None:
    row = dict.fromkeys(tables.columns("dispatch"), "x") | {"slot": 0, "project_id": 2, "task_id": 3, "blind": True}
    one = seals.row_digests("dispatch", pl.DataFrame([row], schema=tables.columns("dispatch")))
    written = "1:x1:x1:01:x1:21:31:11:x1:x"
    assert [hashlib.sha256(written.encode()).hexdigest()] == one.to_list()
    shares = pl.DataFrame({"seconds": [0.1, 0.1 + 2**-56]})
    assert shares["seconds"].n_unique() == 2
    rows = [dict.fromkeys(tables.columns("policy"), None) | {"threshold": value} for value in shares["seconds"]]
    assert seals.row_digests("policy", pl.DataFrame(rows, schema=tables.columns("policy"))).n_unique() == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"stream": "ab", "flow": "c"}, {"stream": "a", "flow": "bc"}),
        ({"cursor": None}, {"cursor": "~"}),
        ({"cursor": None}, {"cursor": ""}),
        ({"stream": "1:a", "flow": ""}, {"stream": "", "flow": "1:a"}),
        ({"stream": "ä"}, {"stream": "a\u0308"}),
    ],
)
def test_no_two_rows_read_the_same(one: dict[str, str | None], other: dict[str, str | None]) -> None:
    assert seals.row_digests("run", runs(one)).to_list() != seals.row_digests("run", runs(other)).to_list()


def test_rows_as_they_were_sealed_give_no_finding_in_any_order() -> None:
    rows = runs({"run_id": "r-1"}, {"run_id": "r-2"}, {"run_id": "r-3"})
    assert check(sealed(rows), rows) == []
    assert check(sealed(rows), rows.reverse()) == []


def test_an_edited_a_removed_and_an_added_row_are_each_named() -> None:
    seal = sealed(runs({"run_id": "r-1"}, {"run_id": "r-2"}, {"run_id": "r-3"}))
    now = runs({"run_id": "r-1"}, {"run_id": "r-2", "counts": '{"read": 9}'}, {"run_id": "r-4"})
    assert check(seal, now) == [
        "removed: run run_id=r-3 (seal 1)",
        "edited: run run_id=r-2 (seal 1)",
        "added: run run_id=r-4 (seal 1)",
    ]


def test_a_key_with_line_breaks_and_quotes_is_named_as_it_is() -> None:
    odd = 'a\n"b"\u2028c'
    seal = sealed(runs({"run_id": odd}, {"run_id": "r-2"}))
    assert check(seal, runs({"run_id": odd}, {"run_id": "r-2"})) == []
    assert check(seal, runs({"run_id": "r-2"})) == [f"removed: run run_id={odd} (seal 1)"]


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "f" * 64},
        {"previous": "f" * 64},
        {"sealed_at": "2026-02-01T00:00:00.000000Z"},
        {"row_count": 3},
        {"keys": b"not compressed"},
        {"marks": b"12345678"},
        {"table_name": "fault"},
    ],
)
def test_an_edited_seal_is_named_and_its_rows_are_not(change: dict[str, object]) -> None:
    rows = runs({"run_id": "r-1"}, {"run_id": "r-2"})
    seal = sealed(rows)
    fields = {name: getattr(seal, name) for name in seals.COLUMNS}
    # An edited table name sends the check to another table, where no row carries the seal.
    found = rows if change.keys() != {"table_name"} else rows.clear()
    table = str(change.get("table_name", "run"))
    prepared = seals.prepared("run", found.with_columns(seal=pl.lit(1, pl.Int64)))
    assert [finding.table for finding in seals.check(seals.Seal(**fields | change), prepared)] == ["seal"], table


def links(*rows: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["seq", "digest", "previous"], orient="row")


def test_a_chain_without_a_gap_gives_no_finding() -> None:
    assert seals.chain(links((1, "a", seals.GENESIS), (2, "b", "a"), (3, "c", "b")), set()) == []


def test_removed_seals_are_named_by_the_gap_they_leave() -> None:
    found = seals.chain(links((2, "b", "a"), (6, "f", "e"), (7, "g", "f")), set())
    assert list(map(str, found)) == ["removed: seal seq=1", "removed: seal seq=3 to 5"]


def test_a_seal_made_anew_breaks_the_chain_at_the_next_one() -> None:
    made_anew = links((1, "a", seals.GENESIS), (2, "x", "a"), (3, "c", "b"))
    assert list(map(str, seals.chain(made_anew, set()))) == ["broken chain: seal seq=3"]


def test_a_link_to_a_seal_already_found_edited_is_not_found_twice() -> None:
    assert seals.chain(links((1, "a", seals.GENESIS), (2, "x", "a"), (3, "c", "b")), {2}) == []


def test_a_seal_with_an_impossible_number_was_added() -> None:
    assert list(map(str, seals.chain(links((0, "z", "z"), (1, "a", seals.GENESIS)), set()))) == ["added: seal seq=0"]
