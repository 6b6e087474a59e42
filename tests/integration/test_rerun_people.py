"""A new model answers the items of the one before: what people have stays with them, and nobody is asked twice about one."""

import json
from dataclasses import replace

import pytest

from flows import dispatch
from flows.governance import recall as recalls
from flows.inputs import files
from flows.runtime import runs
from flows.scoring import decide, rescored
from models.errors import Superseded
from models.evaluation.outcome import Outcome
from review.queries import adjudication, finished, handouts, pending_cases, readings, shadows, silence, totals, waits
from review.report import timeline
from tests.integration.reruns import SURE, V2, Reruns, some


def test_what_people_have_stays_with_them_and_what_they_answered_stays_answered(cold: Reruns) -> None:
    sent = cold.send(20)
    cold.answer(sent[:10])
    before = finished.at(cold.book, "rerun", until=cold.book.head()[0])
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2)
    for decided in (20, 0):
        counts = new.score()
        assert counts["read"] == counts["decided"] + counts["repeats"] + counts["faults"] + counts["with_people"]
        assert (counts["decided"], counts["faults"], counts["with_people"]) == (decided, 0, 20)
    assert not {f"{case}@2" for case in sent} & set(new.ids())
    assert len(new.send()) == 20
    assert new.count("dispatch") == 40
    assert finished.at(new.book, "rerun", until=new.book.head()[0]).equals(before)
    again = adjudication.waiting(new.book, "rerun", 100, second_opinion=True, overlap=0.0)
    assert again.is_empty(), "that the new model says something else sends nothing to people once more"


def test_what_the_new_model_says_of_samples_that_people_have_is_kept_beside_them(cold: Reruns) -> None:
    sent = cold.send(20)
    cold.answer(sent)
    new = cold.follows("m-2")
    wanted = set(shadows.wanted(new.book, "rerun", "m-2")["case_id"]) & set(sent)
    new.deliver("v2.jsonl", V2)
    new.score()
    answers = {row["id"]: row["label"] for row in map(json.loads, V2.splitlines())}
    kept = dict(new.book.read("SELECT case_id, answer FROM shadow WHERE model_id = 'm-2'").iter_rows())
    assert kept == {case: answers[case] for case in wanted}
    assert 0 < len(wanted) < 20, "of those that are for measuring"
    after = new.follows("m-3")
    compared = shadows.compared(after.book, "rerun", after.cases(), "m-2", beside="m-3").cases
    assert set(compared.filter("asked")["case_id"]) == wanted
    assert compared.filter("asked")["settled"].all()


def test_released_answers_stay_and_the_new_case_is_another_finished_one(reruns: Reruns) -> None:
    reruns.releases(0.0)
    reruns.score()
    handed = finished.at(reruns.book, "rerun", until=reruns.book.head()[0])
    assert len(handed) > 20
    seal = reruns.book.head()[0]
    new = reruns.follows("m-2")
    new.releases(0.0)
    new.deliver("v2.jsonl", V2)
    new.score()
    after = finished.since(new.book, "rerun", after=seal, until=new.book.head()[0])
    assert set(after["case_id"]) <= {f"m{n}@2" for n in range(40)}
    assert len(after) > 20
    whole = finished.at(new.book, "rerun", until=new.book.head()[0])
    assert whole.join(handed, on="case_id", how="semi").equals(handed)
    assert handouts.anything_new(new.book, "rerun", after=seal)
    released = next(case for case in handed["case_id"] if f"{case}@2" in set(after["case_id"]))
    assert f"decided anew by m-2 as '{released}@2'" in timeline.case(new.book, "rerun", released)
    assert f"item        {released}, which" in timeline.case(new.book, "rerun", f"{released}@2")


def test_what_was_recalled_stays_with_people_and_nothing_is_sent_twice(reruns: Reruns) -> None:
    quiet = replace(reruns, more=SURE.replace("0.5", "0.01"))
    quiet.describe()
    quiet.releases(0.0)
    quiet.score()
    released = quiet.ids("WHERE route = 'AUTOMATE' AND NOT blind")
    quiet.recall(released[:3])
    new = quiet.follows("m-2")
    new.deliver("v2.jsonl", V2)
    counts = new.score()
    assert (counts["with_people"], counts["decided"]) == (3, 37)
    assert set(new.send(6)) >= set(released[:3]), "a person wants them read"
    new.recall([released[3]])  # which waits as another case already
    assert released[3] not in new.send()
    assert (new.count("dispatch"), totals.waiting(new.book, "rerun")) == (40, 0)


def test_a_recalled_case_is_read_where_its_new_case_is_not(reruns: Reruns) -> None:
    quiet = replace(reruns, more=SURE.replace("0.5", "0.01"))
    quiet.describe()
    quiet.releases(0.0)
    quiet.score()
    new = quiet.follows("m-2")
    new.releases(0.0)
    new.deliver("v2.jsonl", V2)
    new.score()
    new.send()
    one = next(
        case for case in new.ids("WHERE route = 'AUTOMATE' AND NOT blind AND item_id IS NULL") if not _known(new, case)
    )
    new.recall([one])
    assert totals.waiting(new.book, "rerun") == 1
    assert new.send() == [one]
    assert recalls.overtaken("rerun") == 0
    new.recall([f"{one}@2"])
    assert recalls.overtaken("rerun") == 1
    assert recalls.sentences(2, 0, 1)[1] == (
        "1 recalled case is not sent: people read what was decided of the same item since."
    )
    assert (totals.waiting(new.book, "rerun"), new.send()) == (0, []), "people have the item"


def _known(reruns: Reruns, case: str) -> bool:
    """Whether people have the new case of an item."""
    sent = reruns.book.read("SELECT case_id FROM dispatch WHERE case_id = :case", case=f"{case}@2")
    return len(sent) > 0


def test_an_item_sent_between_the_look_and_the_record_is_not_decided_anew(cold: Reruns) -> None:
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2)
    stream, in_force = new.describe(), runs.policy_in_force(new.book, new.describe())
    (chunk,) = files.chunks(new.folder / "inbox" / "v2.jsonl", stream)
    look = rescored.look(new.book, stream, in_force)
    ready = decide.prepare(
        *(stream, "run", chunk, in_force),
        look=look,
        before=decide.look_back(new.book, stream, in_force),
        identity=new.book.identity,
    )
    assert len(ready.anew) == 40
    sent = cold.send(15)
    counts = decide.append(new.book, stream, "run", ready, lambda: chunk)
    assert (counts["decided"], counts["with_people"]) == (25, 15)
    assert len(new.send()) == 25
    assert not {f"{case}@2" for case in sent} & set(new.ids())
    with pytest.raises(Superseded):
        rescored.still(new.book, "rerun", ready.anew)


def test_a_task_whose_receipt_comes_late_keeps_its_new_case_from_people(cold: Reruns) -> None:
    """Sent by a run that died before it could say so, decided anew, and then its task is found."""
    waiting = pending_cases.pending(cold.book, "rerun", 5).select("case_id", "blind")
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2)
    new.score()
    unsent = pending_cases.unsent(new.book, "rerun")
    assert set(waiting["case_id"]) <= set(unsent["case_id"]), "their tasks are still looked for"
    late = new.sent(waiting)
    assert len(new.send()) == 35
    assert new.count("dispatch") == 40
    assert totals.waiting(new.book, "rerun") == 0
    sampled = new.cases().sampled
    assert not {f"{case}@2" for case in late} & set(sampled["case_id"]), "nobody will ever read them"
    assert set(late) <= set(sampled["case_id"])


def test_a_sample_that_nobody_will_read_is_late_nowhere_and_waits_nowhere(cold: Reruns) -> None:
    stream = cold.describe()
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", V2)
    new.score()
    people = readings.read(new.book, "rerun")
    assert set(waits.of(new.book, "rerun", people, since="", second_opinion=True)["case_id"]) == {
        f"m{n}@2" for n in range(40)
    }
    sampled = new.cases().sampled
    assert set(sampled["case_id"]) <= {f"m{n}@2" for n in range(40)}
    assert set(sampled["outcome"]) == {Outcome.WAITING}
    assert not set(shadows.wanted(new.book, "rerun", "m-3")["case_id"]) & {f"m{n}" for n in range(40)}
    assert silence.oldest_wait(new.book, stream.name, runs.policy_in_force(new.book, new.describe()).epoch_id) is None


def test_dispatch_says_which_cases_are_no_evidence(cold: Reruns, monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []
    monkeypatch.setattr(runs.log, "warning", lambda line, *values: texts.append(line % values))
    new = cold.follows("m-2")
    new.deliver("v2.jsonl", some(V2, 0, 30))
    new.score()
    waiting = pending_cases.pending(new.book, "rerun", 100)["case_id"].to_list()
    assert len(waiting) == 40
    dispatch.tell_earlier(new.run("dispatch"), waiting, runs.policy_in_force(new.book, new.describe()).epoch_id)
    (line,) = texts
    assert line.startswith("dispatch rerun: 10 of 40 cases that go to people were decided in an earlier epoch")
