"""A real Label Studio where another model answers the same items: one task for each, whatever died before it was recorded."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import dispatch, score
from flows.governance import epochs
from flows.queueing import recovery
from flows.runtime import runs, settings
from flows.scoring import decide
from models import timestamps
from review.label_studio import labeling_config, task_data
from review.queries import pending_cases
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


def held_back(place: Place) -> dict[str, Any]:
    """The import of the first five mails as an earlier run asked for it: under way still, or for good."""
    place.describe(5)
    with runs.open_ledger() as book:
        run = place.run(book)
        waiting = pending_cases.pending(book, place.name, 5)
    keys = [task_data.task_key(place.name, case, 0) for case in waiting["case_id"]]
    ours = labeling_config.KEY
    body = [
        task_data.data(run.stream, json.loads(payload), case, prediction, blind=blind) | {ours: key}
        for (case, payload, prediction, blind), key in zip(
            waiting.select("case_id", "payload", "prediction", "blind").rows(), keys, strict=True
        )
    ]
    return {"url": f"/api/projects/{place.project_id}/import", "json": [{"data": data} for data in body]}


def landed_and_answered(place: Place, late: dict[str, Any]) -> int:
    """An import that lands, and the one of its tasks that somebody answers then."""
    before = place.tasks().keys()
    place.api.post(**late).raise_for_status()
    answered = max(place.tasks().keys() - before)
    chosen = task_data.prefill(settings.read_stream(place.name, settings.read()), "no", "c-1")
    body = {"result": chosen, "lead_time": 1.0}
    place.api.post(f"/api/tasks/{answered}/annotations/", json=body).raise_for_status()
    return answered


def sent(place: Place) -> Counter[str]:
    """Of how many cases the ledger holds a receipt, by whose they are."""
    with runs.open_ledger() as book:
        return Counter(case.partition("@")[2] for case in book.read("SELECT case_id FROM dispatch")["case_id"])


def test_an_import_that_lands_after_its_items_were_sent_as_the_new_models_cases_is_taken_away(place: Place) -> None:
    late = held_back(place)
    answered_anew(place)
    assert (place.dispatch()["sent"], sent(place)) == (12, {"2": 12})
    place.api.post(**late).raise_for_status()
    assert not once(place)
    result = place.dispatch()
    assert (result["sent"], result["doubles_removed"], result["beside"]) == (0, 5, None)
    assert (once(place), sent(place)) == (True, {"2": 12})
    assert place.dispatch()["doubles_removed"] is None


def test_and_where_a_person_has_answered_one_of_them_it_stays_and_is_recorded(place: Place) -> None:
    late = held_back(place)
    answered_anew(place)
    place.dispatch()
    before = place.tasks()
    answered = landed_and_answered(place, late)
    result = place.dispatch()
    assert (result["doubles_removed"], result["beside"], set(place.tasks())) == (4, None, {*before, answered})
    assert (sent(place), place.tasks().keys()) == ({"2": 12, "": 1}, place.recorded().keys())


def test_and_where_its_tasks_are_older_than_what_was_sent_since(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.api.post(**held_back(place)).raise_for_status()
    answered_anew(place)
    with monkeypatch.context() as patch:
        # Not committed yet when the run looks: its ids are taken, its rows nowhere.
        patch.setattr(recovery, "adopt", lambda *_: recovery.Adopted(above=max(place.tasks())))
        patch.setattr(dispatch, "_doubles", lambda *_: (recovery.Adopted(above=None), {}))
        assert place.dispatch()["sent"] == 12
    assert not once(place)
    later = timestamps.text(timestamps.parse(runs.clock()) + 2 * recovery.SETTLED)
    monkeypatch.setattr(runs, "clock", lambda: later)
    assert (place.dispatch()["doubles_removed"], once(place), sent(place)) == (5, True, {"2": 12})


def test_of_two_tasks_without_a_receipt_stays_the_one_that_somebody_has_begun(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = held_back(place)
    answered_anew(place)
    place.push_without_a_receipt(monkeypatch)
    answered = landed_and_answered(place, late)
    result = place.dispatch()
    assert (result["sent"], result["doubles_removed"], sent(place)) == (12, 5, {"2": 11, "": 1})
    assert (once(place), answered in place.tasks()) == (True, True)


def test_a_late_task_that_is_recorded_at_the_end_of_a_run_is_counted_by_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = held_back(place)
    answered_anew(place)
    file = place.home / f"{place.name}.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("queue_depth = 20", "queue_depth = 1"), encoding="utf-8")
    place.api.post(**late).raise_for_status()
    monkeypatch.setattr(recovery, "adopt", lambda *_: recovery.Adopted(above=max(place.tasks())))  # before it landed
    result = place.dispatch()
    receipts = len(place.recorded())
    assert receipts > 1, "the room was for one"
    assert [result[name] for name in ("sent", "open", "waiting")] == [receipts, receipts, 12 - receipts]
