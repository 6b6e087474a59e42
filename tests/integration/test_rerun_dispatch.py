"""A real Label Studio where another model answers the same items: one task for each, whatever died before it was recorded."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import score
from flows.governance import epochs
from flows.runtime import runs, settings
from flows.scoring import decide
from tests.integration.test_dispatch import Place, placed


@pytest.fixture
def place(label_studio: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with placed(label_studio, tmp_path, monkeypatch, "") as built:
        yield built


def answered_anew(place: Place) -> dict[str, int]:
    """Another model takes over, and says something else of the twelve mails."""
    place.describe(20)
    file = place.home / f"{place.name}.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"m-1"', '"m-2"'), encoding="utf-8")
    lines = [json.dumps({"id": f"c-{n}", "label": "no", "score": 0.7, "text": f"mail {n}"}) for n in range(12)]
    (place.home / "mail.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with runs.open_ledger() as book:
        epochs.begin_epoch(book, settings.read_stream(place.name, settings.read()), "ann@example.org")
        return score.record_all(place.run(book, "again"), place.home / "mail.jsonl", decide.record.fn)


def once(place: Place) -> bool:
    return Counter(place.tasks().values()) == Counter(f"mail {n}" for n in range(12))


def test_what_people_have_stays_and_the_rest_is_sent_as_the_new_model_decided_it(place: Place) -> None:
    place.describe(5)
    place.dispatch()
    counts = answered_anew(place)
    assert (counts["decided"], counts["with_people"]) == (7, 5)
    result = place.dispatch()
    assert (result["sent"], result["open"], result["waiting"]) == (7, 12, 0)
    assert once(place)
    assert place.dispatch()["sent"] == 0


def test_a_task_without_a_receipt_is_recorded_though_its_item_was_decided_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.describe(5)
    place.push_without_a_receipt(monkeypatch)
    assert answered_anew(place)["decided"] == 12, "nobody could know"
    result = place.dispatch()
    assert (result["sent"], result["waiting"]) == (12, 0)
    assert once(place)
    with runs.open_ledger() as book:
        sent = book.read("SELECT case_id FROM dispatch")["case_id"].to_list()
    assert sorted(case.endswith("@2") for case in sent) == [False] * 5 + [True] * 7


def test_and_where_the_newest_task_is_gone(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.describe(2)
    place.dispatch()
    place.describe(6)
    place.push_without_a_receipt(monkeypatch)
    newest = max(place.recorded())
    place.api.delete(f"/api/tasks/{newest}/").raise_for_status()
    assert answered_anew(place)["decided"] == 10
    place.dispatch()
    assert len(place.tasks()) == 11
    assert max(Counter(place.tasks().values()).values()) == 1
