"""A seal stands for its rows: the same rows give the same seal, and any other rows another."""

import hashlib

import polars as pl
import pytest

from review.integrity import chain
from review.ledger import layout, seals

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
    return pl.DataFrame([RUN | change for change in changes], schema=layout.columns("run"))


def sealed(rows: pl.DataFrame) -> seals.Seal:
    return seals.make(seals.content("run", rows), seq=1, previous=seals.GENESIS, now=NOW)


def check(seal: seals.Seal, rows: pl.DataFrame) -> list[str]:
    return [
        str(finding)
        for finding in seals.check(seal, seals.prepared("run", rows.with_columns(seal=pl.lit(1, pl.Int64))))
    ]


def digest(rows: pl.DataFrame, table: str = "run") -> str:
    return seals.content(table, rows).digest


def long(number: int) -> bytes:
    return number.to_bytes(8, "little", signed=True)


def test_a_column_is_written_as_lengths_and_texts_and_once_if_it_says_the_same_throughout() -> None:
    rows = runs({"run_id": "r-1", "flow": "score"}, {"run_id": "r-22", "flow": "measure"})
    written = b"run_id:2:each\n" + long(3) + long(4) + b"r-1r-22" + b"stream:2:one\n" + long(6) + b"digits"
    written += b"flow:2:each\n" + long(5) + long(7) + b"scoremeasure" + b"counts:2:one\n" + long(2) + b"{}"
    written += b"cursor:2:one\n" + long(-1)
    written += b"".join(b"%s:2:one\n" % name + long(27) + NOW.encode() for name in (b"started_at", b"finished_at"))
    assert hashlib.sha256(written).hexdigest() == digest(rows)


def test_numbers_and_flags_are_written_as_eight_bytes_and_whether_they_are_null() -> None:
    row = dict.fromkeys(layout.columns("dispatch"), "x") | {"slot": 0, "project_id": 2, "task_id": 3, "blind": True}
    values = [long(value) + b"\0" if isinstance(value, int) else long(1) + b"x" for value in row.values()]
    names = [f"{name}:1:one\n".encode() for name in row]
    written = b"".join(part for pair in zip(names, values, strict=True) for part in pair)
    one = pl.DataFrame([row], schema=layout.columns("dispatch"))
    assert hashlib.sha256(written).hexdigest() == digest(one, "dispatch")


def test_two_floats_that_print_alike_differ_and_so_do_null_and_zero() -> None:
    thresholds = [0.1, 0.1 + 2**-56, 0.0, None]
    rows = [dict.fromkeys(layout.columns("policy"), None) | {"threshold": value} for value in thresholds]
    frames = [pl.DataFrame([row], schema=layout.columns("policy")) for row in rows]
    assert len({digest(frame, "policy") for frame in frames}) == 4
    assert seals.marks("policy", pl.concat(frames)).n_unique() == 4


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
    assert digest(runs(one)) != digest(runs(other))
    assert seals.marks("run", runs(one)).to_list() != seals.marks("run", runs(other)).to_list()


def test_a_text_that_moves_to_the_next_row_is_another_content() -> None:
    one = runs({"run_id": "r-1", "counts": "ab"}, {"run_id": "r-2", "counts": "c"})
    other = runs({"run_id": "r-1", "counts": "a"}, {"run_id": "r-2", "counts": "bc"})
    assert digest(one) != digest(other)


def test_a_mark_of_a_row_does_not_depend_on_its_neighbours() -> None:
    rows = runs({"run_id": "r-1"}, {"run_id": "r-2", "flow": "x", "cursor": "c"})
    alone = [seals.marks("run", row).item() for row in rows.iter_slices(1)]
    assert alone == seals.marks("run", rows).to_list()


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
    clear = rows if change.keys() != {"table_name"} else rows.clear()
    table = str(change.get("table_name", "run"))
    prepared = seals.prepared("run", clear.with_columns(seal=pl.lit(1, pl.Int64)))
    assert [finding.table for finding in seals.check(seals.Seal(**fields | change), prepared)] == ["seal"], table


def links(*rows: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["seq", "digest", "previous"], orient="row")


def test_a_chain_without_a_gap_gives_no_finding() -> None:
    assert chain.chain(links((1, "a", seals.GENESIS), (2, "b", "a"), (3, "c", "b")), set()) == []


def test_removed_seals_are_named_by_the_gap_they_leave() -> None:
    result = chain.chain(links((2, "b", "a"), (6, "f", "e"), (7, "g", "f")), set())
    assert list(map(str, result)) == ["removed: seal seq=1", "removed: seal seq=3 to 5"]


def test_a_seal_made_anew_breaks_the_chain_at_the_next_one() -> None:
    made_anew = links((1, "a", seals.GENESIS), (2, "x", "a"), (3, "c", "b"))
    assert list(map(str, chain.chain(made_anew, set()))) == ["broken chain: seal seq=3"]


def test_a_link_to_a_seal_already_found_edited_is_not_found_twice() -> None:
    assert chain.chain(links((1, "a", seals.GENESIS), (2, "x", "a"), (3, "c", "b")), {2}) == []


def test_a_seal_with_an_impossible_number_was_added() -> None:
    assert list(map(str, chain.chain(links((0, "z", "z"), (1, "a", seals.GENESIS)), set()))) == ["added: seal seq=0"]
