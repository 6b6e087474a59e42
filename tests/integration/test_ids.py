"""Ids, labels and names are data on both databases: never a part of SQL, of a path or of a pattern."""

import pytest

from models.config import stream
from models.errors import StreamInvalid
from models.outputs import contract
from review.integrity import verify
from review.ledger import ledger
from review.queries import pending_cases
from tests.fuzz import tables
from tests.integration import ledger_facts as facts
from tests.integration.ledger_facts import NOW, Value

IDS = [
    case
    for case in tables.IDS
    if isinstance(case, str) and case and "\0" not in case and len(case.encode()) <= contract.MAX_ID_BYTES
]


def test_any_id_comes_back_as_it_was_and_is_found_by_itself_alone(ledger_url: str) -> None:
    ledger.migrate(ledger_url)
    rows: list[dict[str, Value]] = [{"case_id": case, "line": n, "payload": "{}"} for n, case in enumerate(IDS, 1)]
    with ledger.open(ledger_url) as book:
        book.append({"epoch": facts.epochs(), "policy": facts.policies()}, now=NOW)
        book.append({"decision": facts.decisions(*rows)}, now=NOW)
        assert book.append({"decision": facts.decisions(*rows)}, now=NOW).known["decision"] == len(IDS)
        read = "SELECT line FROM decision WHERE stream = :stream AND case_id = :case"
        assert [book.read(read, stream="mail", case=case)["line"].to_list() for case in IDS] == [
            [n] for n in range(1, len(IDS) + 1)
        ]
        assert sorted(pending_cases.pending(book, "mail", 1000)["case_id"]) == sorted(IDS)
        assert verify.ledger(book) == []


@pytest.mark.parametrize(
    "name", ["../../x", "a/b", "'; DROP TABLE decision; --", "a b", "A", "", "..", "a\n", "é", "a" * 41]
)
def test_a_stream_name_that_could_be_a_path_or_more_is_refused(name: str) -> None:
    """Stream names become names of reports and locks."""
    text = tables.STREAM.format(name="NAME", answer=tables.ANSWERS["number"])
    spelled = name.replace("\n", "\\n")
    with pytest.raises(StreamInvalid, match=r"fuzz\.toml:2: name = .*: must be small letters"):
        stream.parse(text.replace("NAME", spelled), origin="fuzz.toml")
