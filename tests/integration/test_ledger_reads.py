"""What is read from a ledger is what was put in, of its type, to the bit."""

import polars as pl
import pytest

from models import errors
from review.integrity import verify
from review.ledger import ledger
from tests.integration import ledger_facts as facts
from tests.integration.ledger_facts import NOW
from tests.integration.test_ledger import begin


@pytest.fixture
def book(ledger_url: str) -> "ledger.Ledger":
    ledger.migrate(ledger_url)
    return ledger.open(ledger_url)


def test_extreme_values_come_back_to_the_bit(book: ledger.Ledger) -> None:
    odd = "''\"; -- \u00e9\u0301\U0001f600\r\n\t\\ %s :x $1 ?"
    rows = facts.decisions(
        {"case_id": odd, "payload": odd, "latency_ms": 0.1 + 0.2, "cost": 5e-324, "line": 2**62},
        {"case_id": "", "payload": "", "latency_ms": -0.0, "cost": 1.7976931348623157e308, "line": -1},
        {"case_id": "3", "payload": "3", "latency_ms": float("inf"), "cost": 3.0, "prediction": "NULL"},
    )
    with book:
        begin(book)
        book.append({"decision": rows}, now=NOW)
        columns = ["case_id", "payload", "latency_ms", "cost", "line", "prediction"]
        back = book.read(f"SELECT {', '.join(columns)} FROM decision").sort("case_id")
        assert rows.select(columns).sort("case_id").rows() == back.rows()
        assert verify.ledger(book) == []


def test_a_column_that_begins_with_many_nulls_is_read_whole_and_typed(book: ledger.Ledger) -> None:
    cases: list[dict[str, facts.Value]] = [{"case_id": f"{n:05}", "cost": None} for n in range(3000)]
    cases[-1] |= {"cost": 0.25, "doubt": "no probability", "confidence": None}
    with book:
        begin(book)
        book.append({"decision": facts.decisions(*cases)}, now=NOW)
        result = book.read("SELECT case_id, cost, doubt, blind FROM decision ORDER BY case_id")
        assert result.schema == {"case_id": pl.String, "cost": pl.Float64, "doubt": pl.String, "blind": pl.Boolean}
        assert result.row(-1) == ("02999", 0.25, "no probability", False)
        nothing = book.read("SELECT case_id, cost, doubt, blind FROM decision WHERE stream = :stream", stream="other")
        assert nothing.schema == result.schema


def test_parameters_are_values_never_sql(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"decision": facts.decisions({"case_id": "x' OR 'a'='a"}, {"case_id": "y"})}, now=NOW)
        sql = "SELECT case_id FROM decision WHERE case_id = :case AND blind = :blind AND line IN :lines"
        result = book.read(sql, case="x' OR 'a'='a", blind=False, lines=[1, 2])
        assert result["case_id"].to_list() == ["x' OR 'a'='a"]


def test_a_sum_of_numbers_is_a_number(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"decision": facts.decisions({"line": 1}, {"case_id": "c-2", "line": 2})}, now=NOW)
        result = book.read("SELECT sum(line) AS total, avg(line) AS middle FROM decision")
        assert result.row(0) == (3, 1.5)


def test_a_query_that_is_none_says_so_in_one_line(book: ledger.Ledger) -> None:
    with book, pytest.raises(errors.LedgerInvalid, match="nope") as caught:
        book.read("SELECT nope FROM decision")
    assert "\n" not in str(caught.value)


def test_what_recorded_rows_hold_is_looked_up_by_their_keys(book: ledger.Ledger) -> None:
    with book:
        begin(book)
        book.append({"decision": facts.decisions({"case_id": "a", "blind": True}, {"case_id": "b"})}, now=NOW)
        head = book.head()
        rows = facts.decisions({"case_id": "a"}, {"case_id": "c"})
        known = book.recorded("decision", rows, ["blind", "content"])
        assert known.select("stream", "case_id", "blind").rows() == [("mail", "a", True)]
        assert book.recorded("decision", rows.clear(), ["blind"]).columns == ["stream", "case_id", "blind"]
        assert book.head() == head
