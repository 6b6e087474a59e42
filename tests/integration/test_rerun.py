"""A new model answers the items of the one before: each is decided anew, once, and old files decide nothing anew."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flows.governance import epochs
from flows.inputs import files
from flows.runtime import runs, settings
from flows.scoring import decide, payloads, workers
from review.integrity import verify
from review.ledger import ledger
from review.queries import items, readings, totals
from review.report import timeline
from review.retention import retirement
from tests.integration.desk import ANN
from tests.integration.reruns import READ, SURE, V1, V2, Reruns, rows, some

LATER = "2999-01-01T00:00:00.000000Z"


def test_the_same_ids_are_forty_decisions_of_the_new_model_and_forty_tasks_in_all(cold: Reruns) -> None:
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2)
    assert new.score() == READ | {"read": 80, "decided": 40, "to_review": 40, "faults": 0, "repeats": 40}
    assert new.ids("WHERE model_id = 'm-2'") == [f"m{n}@2" for n in range(40)]
    assert new.ids("WHERE item_id IS NULL") == [f"m{n}" for n in range(40)]
    assert totals.waiting(new.book, "rerun") == 40
    assert sorted(new.send()) == sorted(f"m{n}@2" for n in range(40))
    assert (totals.waiting(new.book, "rerun"), new.send(), new.count("dispatch")) == (0, [], 40)
    assert totals.totals(new.book, "rerun", readings.read(new.book, "rerun"))["waiting"] == 0
    assert verify.ledger(new.book) == []


def test_scored_twice_is_scored_once(cold: Reruns) -> None:
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2)
    new.score()
    new.send(10)
    head, ids = new.book.head(), new.ids()
    assert new.score() == READ | {"read": 80, "decided": 0, "to_review": 0, "faults": 0, "repeats": 80}
    assert (new.book.head(), new.ids()) == (head, ids)


def test_an_old_file_in_the_inbox_is_not_decided_anew_when_an_epoch_opens(cold: Reruns) -> None:
    other = replace(cold, more=SURE)
    epochs.begin_epoch(cold.book, other.describe(), ANN)
    stricter = replace(cold, more="[policy]\ngroup_size = 3\n")
    assert epochs.begin_epoch(cold.book, stricter.describe(), ANN), "another epoch of the same model"
    stricter.deliver("v2.jsonl", V2)
    assert (stricter.score()["faults"], stricter.ids("WHERE item_id IS NOT NULL")) == (40, [])


def test_a_row_that_the_stream_file_reads_otherwise_now_is_decided_anew_unless_people_have_it(cold: Reruns) -> None:
    sent = cold.send(10)
    real = replace(cold, keys='scale = "real"')
    assert epochs.begin_epoch(cold.book, real.describe(), ANN)
    counts = READ | {"read": 40, "to_review": 30, "faults": 0, "with_people": 10}
    assert real.score() == counts | {"decided": 30, "repeats": 0}
    assert sorted(real.ids("WHERE item_id IS NULL")) == sorted(f"m{n}" for n in range(40))
    anew = {f"m{n}@2" for n in range(40)} - {f"{case}@2" for case in sent}
    assert set(real.ids("WHERE item_id IS NOT NULL")) == anew
    assert real.count("shadow") == 0, "no other model has said anything"
    assert real.score() == counts | {"decided": 0, "to_review": 0, "repeats": 30}
    assert set(real.send()) == anew


def test_where_something_was_released_only_rows_that_are_read_otherwise_are_decided_anew(cold: Reruns) -> None:
    cold.releases(0.0)
    grouped = replace(cold, keys='group = "text"')
    assert epochs.begin_epoch(cold.book, grouped.describe(), ANN)
    assert (grouped.score()["repeats"], grouped.ids("WHERE item_id IS NOT NULL")) == (40, [])
    real = replace(cold, keys='scale = "real"')
    assert epochs.begin_epoch(cold.book, real.describe(), ANN)
    assert real.score()["decided"] == 40


def test_all_that_waits_in_a_cold_start_is_decided_anew_where_rows_are_read_otherwise(cold: Reruns) -> None:
    """Else the new epoch would decide only those whose answers are read otherwise, and these are not like the rest."""
    grouped = replace(cold, keys='group = "text"')
    assert epochs.begin_epoch(cold.book, grouped.describe(), ANN)
    assert grouped.score()["decided"] == 40
    assert sorted(grouped.send()) == sorted(f"m{n}@2" for n in range(40))


def test_a_row_that_was_refused_before_is_refused_whoever_answers_now(cold: Reruns) -> None:
    cold.deliver("v1b.jsonl", V2)
    assert cold.score()["faults"] == 40
    new = cold.follows("m-2")
    assert (new.score()["faults"], new.ids("WHERE item_id IS NOT NULL")) == (40, [])
    new.deliver("v2.jsonl", rows(V2, p=lambda number: 0.5 + number / 1000))
    assert new.score()["decided"] == 40


def test_a_row_of_which_more_columns_are_read_now_is_no_other_models_answer(cold: Reruns) -> None:
    cold.deliver("v1.jsonl", rows(V1, language="en"))
    assert cold.score()["repeats"] == 40
    new = replace(cold, keys='slices = ["language"]').follows("m-2")
    assert (new.score()["faults"], new.ids("WHERE item_id IS NOT NULL")) == (40, [])


def test_payloads_by_reference_are_read_from_the_file_that_the_new_case_came_from(reruns: Reruns) -> None:
    kept = replace(reruns, keys='payload_by = "reference"', more=SURE.replace("0.5", "0.01"))
    epochs.begin_epoch(kept.book, kept.describe(), ANN)
    kept.releases(0.0)
    kept.deliver("v1b.jsonl", rows(V2, p=0.44))
    assert kept.score()["faults"] == 40
    assert kept.book.read("SELECT count(payload) AS n FROM decision")["n"].item() < 10
    new = kept.follows("m-2")
    assert new.ids("WHERE item_id IS NOT NULL") == []
    (kept.folder / "inbox" / "v1.jsonl").unlink()
    new.deliver("v2.jsonl", V2)
    counts = new.score()
    assert (counts["decided"], counts["faults"]) == (40, 40)
    there, lost = payloads.pending(new.run("dispatch"), 1000)
    assert (len(there), lost) == (40, 0)
    assert set(there["payload"]) == {
        json.dumps({"text": json.loads(line)["text"]}, separators=(",", ":")) for line in V2.splitlines()
    }


def test_other_inputs_under_the_old_ids_and_other_answers_of_the_same_epoch_are_faults(cold: Reruns) -> None:
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", some(V2, 0, 20) + rows(some(V2, 20, 40), text=lambda number: f"another text {number}"))
    counts = new.score()
    assert (counts["decided"], counts["faults"]) == (20, 20)
    new.deliver("v2b.jsonl", rows(some(V2, 0, 20), p=0.123))
    assert new.score()["faults"] == 40
    assert len(new.ids("WHERE item_id IS NOT NULL")) == 20
    assert set(new.book.read("SELECT reason FROM fault")["reason"]) == {
        f"id 'm{n}' was decided before with different content" for n in range(40)
    }


def test_each_model_decides_an_item_once_and_one_that_comes_back_decides_it_again(cold: Reruns) -> None:
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2)
    new.score()
    third = new.follows("m-3")
    third.deliver("v3.jsonl", rows(V1, p=0.321))
    assert third.score()["decided"] == 40
    back = third.follows("m-1")
    assert back.score()["decided"] == 0, "what it said before it says again"
    back.deliver("v4.jsonl", rows(V1, p=0.9))
    assert back.score()["decided"] == 40
    assert back.ids("WHERE item_id = 'm7'") == ["m7@2", "m7@3", "m7@4"]
    assert sorted(back.send()) == sorted(f"m{n}@4" for n in range(40))
    assert back.count("dispatch") == 40
    assert verify.ledger(back.book) == []


def test_an_answer_that_is_word_for_word_the_one_before_is_a_repeat_and_a_line_says_so(
    cold: Reruns, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    monkeypatch.setattr(runs.log, "warning", lambda line, *values: texts.append(line % values))
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", some(V1, 0, 30) + some(V2, 30, 40))
    assert (new.score()["decided"], new.score()["decided"]) == (10, 0)
    (line,) = texts
    assert line.startswith("score rerun: v2.jsonl: of 30 items m-2 says word for word what the model before it said")


def test_where_rows_name_their_model_the_same_words_are_another_answer(reruns: Reruns) -> None:
    named = replace(reruns, keys='model = "by"')
    epochs.begin_epoch(named.book, named.describe(), ANN)
    named.deliver("v1.jsonl", rows(V1, by="m-1"))
    named.score()
    new = named.follows("m-2")
    assert new.score()["faults"] == 0, "what the model before said is known"
    new.deliver("v1.jsonl", rows(V1, by="m-2"))
    assert new.score()["decided"] == 40
    assert len(new.ids("WHERE item_id IS NOT NULL")) == 40


def test_an_id_of_the_input_that_looks_like_a_new_case_is_one_clear_fault(cold: Reruns) -> None:
    own = '{"id": "m0@2", "text": "another mail", "label": "bug", "p": 0.5}\n'
    cold.deliver("own.jsonl", own)
    cold.score()
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2 + own.replace("m0", "m1"))
    counts = new.score()
    assert (counts["decided"], counts["faults"]) == (39, 2)
    assert set(new.book.read("SELECT reason FROM fault")["reason"]) == {
        "id 'm0' is decided anew as 'm0@2', which is an id of the input: give one of the two another id",
        "id 'm1@2' is what the item 'm1' is decided anew as: give one of the two another id",
    }
    raws = [json.loads(raw) for raw in new.book.read("SELECT raw FROM fault")["raw"]]
    assert {(raw["case_id"], raw["payload"] is not None) for raw in raws} == {("m0", True), ("m1@2", True)}
    new.deliver("more.jsonl", own.replace("m0", "m5"))
    assert new.score()["faults"] == 3, "an id that the product has made is taken"


def test_a_retired_case_is_decided_anew_and_a_retired_new_case_is_known(reruns: Reruns, tmp_path: Path) -> None:
    quiet = replace(reruns, more=SURE.replace("0.5", "0.01"))
    quiet.describe()
    quiet.releases(0.0)
    quiet.score()
    who = retirement.Who(by=ANN, because="old", now=runs.clock())
    gone = retirement.retire(quiet.book, "rerun", before=LATER, folder=tmp_path / "a", who=who).rows
    assert gone > 30
    new = quiet.follows("m-2")
    new.releases(0.0)
    new.deliver("v2.jsonl", V2)
    assert new.score()["decided"] == 40
    assert retirement.retire(new.book, "rerun", before=LATER, folder=tmp_path / "b", who=who).rows > 30
    assert new.score() == READ | {"read": 80, "decided": 0, "to_review": 0, "faults": 0, "repeats": 80}
    third = new.follows("m-3")
    third.deliver("v3.jsonl", rows(V2, p=0.7))
    assert third.score()["decided"] == 40
    retired = third.book.read("SELECT case_id FROM retired WHERE case_id LIKE '%@2'")["case_id"][0]
    blind = third.ids("WHERE blind AND model_id = 'm-3'")
    assert len(blind) > 5
    assert set(blind) <= set(items.chosen_by_release(third.book, "rerun")), "what was retired had been released"
    assert f"as '{retired[:-2]}@3'" in timeline.case(third.book, "rerun", retired[:-2])
    assert verify.ledger(third.book) == []


def test_workers_decide_as_one_process_does(cold: Reruns) -> None:
    sent = cold.send(10)
    new = cold.follows("m-2")
    twice = "".join(line + "\n" for line in V2.splitlines() if json.loads(line)["id"] not in sent)
    new.deliver("v2.jsonl", V2 + rows(some(twice, 0, 12), p=0.5))
    stream = new.describe()
    shown = ledger.shown(settings.read().ledger.get_secret_value())
    pieces = list(files.pieces(new.folder / "inbox" / "v2.jsonl", stream, rows=8, chunks=2))
    prepared = [workers.prepare.fn(stream, "run", piece, shown) for piece in pieces]  # before any is recorded
    total: dict[str, int] = {}
    for piece, ready in zip(pieces, prepared, strict=True):
        decide.add(total, workers.record.fn(stream, "run", piece, ready))
    assert (total["decided"], total["faults"], total["with_people"]) == (30, 12, 10)
    again = workers.record.fn(stream, "run", pieces[0], prepared[0])
    assert (again["decided"], again["with_people"] + again["repeats"]) == (0, again["read"])
    assert new.score()["decided"] == 0
