"""The ledger on both databases: what is appended is there, whole, once, and stays."""

import threading
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models import errors
from review.integrity import verify
from review.ledger import layout, ledger, sealing
from tests.integration import ledger_facts as facts
from tests.integration.ledger_facts import NOW

NOTHING = (0, "0" * 64)


@pytest.fixture
def book(ledger_url: str) -> "ledger.Ledger":
    ledger.migrate(ledger_url)
    return ledger.open(ledger_url)


def begin(book: ledger.Ledger) -> None:
    book.append({"epoch": facts.epochs(), "policy": facts.policies()}, now=NOW)


def test_every_table_gives_back_what_it_was_given(book: ledger.Ledger) -> None:
    with book:
        all_tables = facts.all_tables()
        book.append(all_tables, now=NOW)
        for name, rows in all_tables.items():
            columns, key = ", ".join(f'"{column}"' for column in rows.columns), layout.key(name)
            assert_frame_equal(rows.sort(key), book.read(f"SELECT {columns} FROM {name}").sort(key))


def test_appending_twice_writes_once_and_says_so(book: ledger.Ledger) -> None:
    with book:
        first = book.append(facts.all_tables(), now=NOW)
        head = book.head()
        again = book.append(facts.all_tables(), now="2026-02-02T00:00:00.000000Z")
        assert head == book.head()
        assert first.known == {name: 0 for name in layout.names() if name != "retirement"}
        assert {name: len(rows) for name, rows in first.written.items()} == again.known
        assert all(rows.is_empty() for rows in [*again.written.values(), *again.conflicts.values()])


def test_what_is_recorded_of_some_keys_is_reported_and_nothing_is_written(book: ledger.Ledger, tmp_path: Path) -> None:
    with book:
        book.append(facts.all_tables(), now=NOW)
        facts.retire_one(book, tmp_path)
        head = book.head()
        asked = pl.DataFrame({"stream": ["mail"] * 4 + ["other"], "case_id": ["c-1", "c-7", "c-9", "c-4", "c-1"]})
        for _ in range(2):
            assert sorted(book.known("decision", asked).rows()) == [("mail", "c-1"), ("mail", "c-4"), ("mail", "c-7")]
        assert book.known("decision", asked.clear()).is_empty()
        assert book.known("run", pl.DataFrame({"run_id": ["r-2", "r-3"]})).rows() == [("r-2",)]
        assert book.head() == head
        assert verify.ledger(book) == []


def test_a_ledger_knows_who_it_is_and_is_no_other(ledger_url: str, tmp_path: Path) -> None:
    identities = set()
    for url in (ledger_url, f"sqlite:///{tmp_path / 'another.db'}"):
        for _ in range(2):
            ledger.migrate(url)
            with ledger.open(url) as opened:
                identities.add(opened.identity)
                opened.append(facts.all_tables(), now=NOW)
    assert len(identities) == 2
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in identities)


def test_only_the_new_rows_of_a_frame_are_written(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"decision": facts.decisions({"case_id": "b"})}, now=NOW)
        done = book.append({"decision": facts.decisions({"case_id": "c"}, {"case_id": "b"}, {"case_id": "a"})}, now=NOW)
        assert sorted(done.written["decision"]["case_id"]) == ["a", "c"]
        assert done.known == {"decision": 1}


def test_a_case_said_again_with_other_content_is_given_back_and_not_written(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"decision": facts.decisions({"content": "a"})}, now=NOW)
        done = book.append({"decision": facts.decisions({"content": "b"}, {"case_id": "c-2"})}, now=NOW)
        assert done.conflicts["decision"].select("case_id", "content").rows() == [("c-1", "b")]
        assert done.written["decision"]["case_id"].to_list() == ["c-2"]
        assert book.read("SELECT content FROM decision WHERE case_id = 'c-1'").rows() == [("a",)]


def test_what_is_said_of_rows_of_the_same_append_is_written_with_those_that_are_new(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"decision": facts.decisions({"case_id": "a"}, {"case_id": "b"})}, now=NOW)
        said_of: list[dict[str, facts.Value]] = [{"case_id": case} for case in ("a", "b", "c")]
        rows = {"decision": facts.decisions({"case_id": "a"}, {"case_id": "b", "content": "other"}, {"case_id": "c"})}
        rows["shadow"] = facts.shadows(*said_of)
        done = book.append(sealing.ready(rows), now=NOW, of_new={"shadow": "decision"})
        assert done.written["shadow"]["case_id"].to_list() == ["c"]
        assert book.read("SELECT case_id FROM shadow")["case_id"].to_list() == ["c"]
        assert len(book.append(rows, now=NOW).written["shadow"]) == 2, "where nobody asks for it they are written"
        assert verify.ledger(book) == []


def test_two_people_who_adopt_the_same_version_are_kept_apart(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"adoption": facts.adoptions()}, now=NOW)
        assert book.append({"adoption": facts.adoptions()}, now=NOW).known == {"adoption": 1}
        second = book.append({"adoption": facts.adoptions({"adopted_by": "cy@example.org"})}, now=NOW)
        assert second.conflicts["adoption"]["adopted_by"].to_list() == ["cy@example.org"]


def test_one_refused_row_takes_the_whole_append_back(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        head = book.head()
        good = {"run": facts.runs({}), "decision": facts.decisions({}, {"case_id": "c-2", "propensity": 0.0})}
        with pytest.raises(errors.LedgerInvalid, match="a record was refused, nothing was written"):
            book.append(good, now=NOW)
        assert book.head() == head
        assert book.read("SELECT (SELECT count(*) FROM run) + (SELECT count(*) FROM decision) AS n")["n"].item() == 0
        book.append({"run": facts.runs({})}, now=NOW)  # and the ledger works on
        assert book.head()[0] == head[0] + 1


@pytest.mark.parametrize(
    "row",
    [
        {"propensity": 0.0},
        {"propensity": 1.5},
        {"confidence": 1.1},
        {"raw_score": -0.1},
        {"route": "MAYBE"},
        {"route": "AUTOMATE", "confidence": None},
        {"route": "AUTOMATE", "prediction": None},
        {"route": "AUTOMATE", "doubt": "no probability"},
        {"policy_id": "p-9"},
        {"epoch_id": "e-9"},
        {"payload": None},
    ],
)
def test_the_second_wall_refuses_a_decision_that_must_not_be(book: ledger.Ledger, row: dict[str, facts.Value]) -> None:
    with book:
        begin(book)
        with pytest.raises(errors.LedgerInvalid) as caught:
            book.append({"decision": facts.decisions(row)}, now=NOW)
        assert "\n" not in str(caught.value)
        assert "hello" not in str(caught.value)


def test_a_number_that_a_restored_label_studio_gives_out_again_is_recorded(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"decision": facts.decisions({}, {"case_id": "c-2"}), "dispatch": facts.dispatches({})}, now=NOW)
        book.append({"dispatch": facts.dispatches({"case_id": "c-2"})}, now=NOW)
        assert book.read("SELECT case_id, project_id, task_id FROM dispatch ORDER BY case_id").rows() == [
            ("c-1", 7, 1),
            ("c-2", 7, 1),
        ]


def test_what_no_ledger_can_hold_is_refused_by_name(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        with pytest.raises(errors.LedgerInvalid, match=r"decision\.payload holds a NUL character"):
            book.append({"decision": facts.decisions({"payload": "a\0b"})}, now=NOW)
        with pytest.raises(errors.LedgerInvalid, match=r"decision\.confidence holds NaN"):
            book.append({"decision": facts.decisions({"confidence": float("nan")})}, now=NOW)


def test_a_frame_that_is_not_the_tables_is_a_mistake(book: ledger.Ledger) -> None:
    rows = facts.runs({})
    with book:
        for wrong, match in [
            ({"ran": rows}, "no table 'ran'"),
            ({"run": rows.drop("flow")}, "run: column 'flow' is missing"),
            ({"run": rows.with_columns(speed=1)}, "run: there is no column 'speed'"),
            ({"run": rows.with_columns(flow=1)}, r"run\.flow: Int\d+ where String belongs"),
            ({"run": pl.concat([rows, rows])}, "run: the same run_id twice"),
        ]:
            with pytest.raises(ValueError, match=match):
                book.append(wrong, now=NOW)
        assert book.head() == NOTHING


def test_an_append_of_nothing_leaves_no_seal(book: ledger.Ledger) -> None:
    with book:
        book.append({}, now=NOW)
        book.append({"run": facts.runs().clear()}, now=NOW)
        assert book.head() == NOTHING


@pytest.mark.parametrize("known", [0, 1, 7_000, 12_000])
def test_many_rows_of_which_some_are_known_are_recorded_once(book: ledger.Ledger, known: int) -> None:
    rows = facts.decisions({}).select(pl.all().repeat_by(12_000).explode())
    rows = rows.with_columns(case_id="c-" + pl.int_range(12_000, eager=True).cast(pl.String).str.zfill(5))
    before, clash = rows.tail(known), rows.head(1).with_columns(content=pl.lit("f" * 64))
    with book:
        begin(book)
        book.append({"decision": before}, now=NOW)
        appended = book.append(sealing.ready({"decision": rows}), now=NOW)
        assert (len(appended.written["decision"]), appended.known["decision"]) == (12_000 - known, known)
        again = book.append({"decision": pl.concat([clash, rows.tail(-1)])}, now=NOW)
        assert again.known["decision"] == 11_999
        assert again.conflicts["decision"].equals(clash)
        assert book.read("SELECT count(DISTINCT case_id) AS n FROM decision").item() == 12_000
        assert verify.ledger(book) == []


@pytest.mark.parametrize("column", ["policy_id", "epoch_id"])
def test_a_decision_under_an_unknown_policy_is_refused_whole(book: ledger.Ledger, column: str) -> None:
    with book:
        begin(book)
        rows = facts.decisions({}, {"case_id": "c-2", column: "none"})
        with pytest.raises(errors.LedgerInvalid, match=r"there is no (policy|epoch) 'none'"):
            book.append({"decision": rows}, now=NOW)
        assert book.read("SELECT case_id FROM decision").is_empty()


def test_a_decision_that_was_replaced_on_sqlite_is_found(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger.migrate(url)
    with ledger.open(url) as book:
        book.append(facts.all_tables(), now=NOW)
        names = [*layout.columns("decision"), "seal"]
        values = ", ".join("'REVIEW'" if name == "payload" else name for name in names)
        replace = f"INSERT OR REPLACE INTO decision ({', '.join(names)}) SELECT {values} FROM decision"
        facts.execute(url, f"{replace} WHERE case_id = 'c-1'")
        assert ["edited"] == [finding.kind for finding in verify.ledger(book)]


@pytest.mark.parametrize("table", [*layout.names(), *layout.BESIDE])
def test_the_database_refuses_to_change_or_remove_a_fact(
    book: ledger.Ledger, ledger_url: str, table: str, tmp_path: Path
) -> None:
    with book:
        book.append(facts.all_tables(), now=NOW)
        facts.retire_one(book, tmp_path)
    column = layout.key(table)[0]
    attempts = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if ledger_url.startswith("sqlite") and table not in ("decision", "retired"):
        attempts += [
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
            f"REPLACE INTO {table} SELECT * FROM {table}",
        ]
    elif not ledger_url.startswith("sqlite"):
        attempts += [
            f"UPDATE {table} SET {column} = {column} WHERE false",
            f"TRUNCATE {table} CASCADE",
            f"SET session_replication_role = replica; DELETE FROM {table}",
        ]
    for attempt in attempts:
        with pytest.raises(Exception, match="second-reader: facts are append-only"):
            facts.execute(ledger_url, attempt)
    with ledger.open(ledger_url) as still:
        assert verify.ledger(still) == []


def test_our_own_connection_cannot_change_a_fact_either(book: ledger.Ledger) -> None:
    with book:
        book.append(facts.all_tables(), now=NOW)
        with pytest.raises(errors.LedgerInvalid, match="facts are append-only; nothing was changed"):
            book.read("DELETE FROM decision")


def test_writers_take_turns_and_their_seals_follow_one_another(book: ledger.Ledger, ledger_url: str) -> None:
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            with ledger.open(ledger_url) as own:
                for turn in range(10):
                    own.append({"run": facts.runs({"run_id": f"{writer}-{turn}"}, {"run_id": f"all-{turn}"})}, now=NOW)
        except errors.SecondReaderError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with book:
        assert failures == []
        assert book.read("SELECT count(*) AS n FROM run")["n"].item() == 50
        assert verify.ledger(book) == []
