"""What people did in Label Studio becomes facts, each once; what cannot be read is kept and reported."""

import json
from typing import Any

import polars as pl
import pytest

from models.config.stream import Stream
from review.label_studio import annotations
from review.ledger import tables

NOW = "2026-03-02T12:00:00.000000Z"
T1 = "2026-03-02T10:00:00.000000Z"
T2 = "2026-03-02T10:05:00.000000Z"
T3 = "2026-03-02T10:09:00.000000Z"
GONE = f"{T3} deleted 70"
PEOPLE = {1: "ada@example.com", 2: "bob@example.com"}
STREAM = Stream.model_validate(
    {
        "name": "mail",
        "title": "Mail",
        "labels": ["no", "yes"],
        "input": {"source": "inbox", "prediction": "label", "payload": ["body"]},
        "model": {"id": "m1"},
        "review": {"kind": "text", "question": "Is it?", "project": "Mail"},
        "target": {"error": 0.05},
        "costs": {"error": 1.0, "review_minute": 1.0},
    }
)
DISPATCHES = pl.DataFrame(
    {
        "task_key": ["key-70", "key-71"],
        "stream": ["mail", "mail"],
        "case_id": ["a", "b"],
        "slot": [0, 0],
        "blind": [True, False],
    }
)
KNOWN: dict[str, Any] = {
    "task_id": pl.Int64,
    "case_id": pl.String,
    "slot": pl.Int64,
    "annotation_id": pl.Int64,
    "revision": pl.String,
    "outcome": pl.String,
    "reviewer": pl.String,
}


def chosen(label: str) -> list[dict[str, Any]]:
    return [{"from_name": "answer", "to_name": "subject", "type": "choices", "value": {"choices": [label]}}]


def annotation(number: int = 5, **changes: Any) -> annotations.Annotation:
    fields: dict[str, Any] = {
        "annotation_id": number,
        "result": chosen("yes"),
        "skipped": False,
        "seconds": 4.5,
        "person": 1,
        "created_at": T1,
        "updated_at": T1,
    }
    fields |= changes
    return annotations.Annotation(**({"writer": fields["person"]} | fields))


def task(*written: annotations.Annotation, task_id: int = 70) -> annotations.ChangedTask:
    key = f"key-{task_id}"
    return annotations.ChangedTask(project_id=3, task_id=task_id, key=key, updated_at=T3, annotations=written)


def read(
    *changed: annotations.ChangedTask, known: list[tuple[Any, ...]] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    recorded = pl.DataFrame(known or [], schema=KNOWN, orient="row")
    return annotations.facts(STREAM, changed, DISPATCHES, recorded, PEOPLE, now=NOW, run_id="run-1")


def test_an_answer_becomes_one_review_with_all_it_is_known_by() -> None:
    reviews, faults = read(task(annotation()))
    assert reviews.to_dicts() == [
        {
            "project_id": 3,
            "annotation_id": 5,
            "revision": T1,
            "stream": "mail",
            "case_id": "a",
            "slot": 0,
            "task_id": 70,
            "reviewer": "ada@example.com",
            "outcome": "answer",
            "answer": "yes",
            "blind": True,
            "seconds": 4.5,
            "submitted_at": T1,
            "collected_at": NOW,
            "written_by": None,
            "unsure": None,
            "comment": None,
        }
    ]
    assert faults.is_empty()


def test_a_mark_and_a_comment_are_kept_beside_the_answer_and_a_comment_beside_a_skip() -> None:
    remark = {"from_name": "comment", "type": "textarea", "value": {"text": ["two lines,", "of which one is long"]}}
    doubtful = [*chosen("yes"), chosen("Not sure")[0] | {"from_name": "unsure"}, remark]
    reviews, faults = read(
        task(annotation(result=doubtful)), task(annotation(result=doubtful, skipped=True), task_id=71)
    )
    assert reviews.select("outcome", "answer", "unsure", "comment").rows() == [
        ("answer", "yes", True, "two lines,\nof which one is long"),
        ("skip", None, None, "two lines,\nof which one is long"),
    ]
    assert faults.is_empty()


def test_the_frames_fit_the_ledgers_tables() -> None:
    reviews, faults = read()
    assert reviews.columns == [c.name for c in tables.Review.__table__.columns if c.name != "seal"]  # type: ignore[attr-defined]
    assert faults.columns == [c.name for c in tables.Fault.__table__.columns if c.name != "seal"]  # type: ignore[attr-defined]


def test_an_edited_answer_is_another_revision_submitted_when_it_first_was() -> None:
    reviews, _ = read(
        task(annotation(result=chosen("no"), updated_at=T2)), known=[(70, "a", 0, 5, T1, "answer", "ada@example.com")]
    )
    assert reviews.select("revision", "answer", "submitted_at").rows() == [(T2, "no", T1)]


def test_a_revision_the_ledger_knows_is_not_read_again() -> None:
    reviews, faults = read(task(annotation()), known=[(70, "a", 0, 5, T1, "answer", "ada@example.com")])
    assert (len(reviews), len(faults)) == (0, 0)


@pytest.mark.parametrize(
    "sign",
    [
        {"total_predictions": 1},
        {"annotations": [{"parent_prediction": 12}]},
        {"annotations": [{"result": [chosen("yes")[0] | {"origin": "prediction"}]}]},
        {"annotations": [{"result": [chosen("yes")[0] | {"origin": "prediction-changed"}]}]},
    ],
)
def test_an_answer_to_a_task_that_carries_a_prediction_is_not_blind_whatever_was_sent(sign: dict[str, Any]) -> None:
    item = {"id": 5, "result": chosen("yes"), "was_cancelled": False, "lead_time": 3, "completed_by": 1}
    item |= {"created_at": T1, "updated_at": T1, "parent_prediction": None}
    listed = {"id": 70, "data": {"case_key": "key-70"}, "updated_at": T3, "total_predictions": 0}
    plain = annotations.changed_task(3, listed | {"annotations": [item]})
    assert read(plain)[0].select("outcome", "blind").rows() == [("answer", True)]
    more = sign.get("annotations", [{}])[0]
    suggested = annotations.changed_task(3, listed | sign | {"annotations": [item | more]})
    assert read(suggested)[0].select("outcome", "blind").rows() == [("answer", False)]


def test_an_origin_that_is_a_persons_own_leaves_the_reading_blind() -> None:
    item = {"id": 5, "result": [chosen("yes")[0] | {"origin": "manual"}], "lead_time": 3, "completed_by": 1}
    item |= {"created_at": T1, "updated_at": T1}
    listed = {"id": 70, "data": {"case_key": "key-70"}, "updated_at": T3, "annotations": [item]}
    assert read(annotations.changed_task(3, listed))[0]["blind"].to_list() == [True]


def test_a_skip_is_no_answer_although_it_carries_the_prefilled_one() -> None:
    reviews, _ = read(task(annotation(skipped=True)))
    assert reviews.select("outcome", "answer", "seconds").rows() == [("skip", None, 4.5)]


@pytest.mark.parametrize("skipped", [False, True])
def test_what_a_bulk_action_made_of_a_prediction_is_no_persons_answer(skipped: bool) -> None:
    reviews, faults = read(task(annotation(seconds=None, skipped=skipped)))
    assert reviews.select("outcome", "answer").rows() == [("bulk", None)]
    assert faults.is_empty()


def test_a_bulk_answer_that_a_person_then_submits_counts() -> None:
    reviews, _ = read(
        task(annotation(seconds=2.0, updated_at=T2)), known=[(70, "a", 0, 5, T1, "bulk", "ada@example.com")]
    )
    assert reviews.select("outcome", "answer").rows() == [("answer", "yes")]


def test_an_annotation_that_is_gone_is_recorded_as_deleted_once() -> None:
    before = [(70, "a", 0, 5, T1, "answer", "ada@example.com"), (70, "a", 0, 6, T1, "skip", "bob@example.com")]
    reviews, _ = read(task(annotation(6, skipped=True)), known=before)
    columns = ("annotation_id", "revision", "outcome", "answer", "reviewer", "seconds", "submitted_at")
    assert reviews.select(columns).rows() == [(5, GONE, "deleted", None, "ada@example.com", None, T3)]
    again, _ = read(
        task(annotation(6, skipped=True)), known=[(70, "a", 0, 5, GONE, "deleted", "ada@example.com"), before[1]]
    )
    assert again.is_empty()


def test_an_answer_under_the_number_of_one_that_a_restore_took_is_read() -> None:
    taken = [(70, "a", 0, 5, f"{T1} deleted 70", "deleted", "ada@example.com")]
    reviews, _ = read(task(annotation(5, updated_at=T2)), known=taken)
    assert reviews.select("annotation_id", "revision", "outcome").rows() == [(5, T2, "answer")]


def test_a_deletion_sorts_behind_the_answer_also_where_a_restore_has_set_the_task_back() -> None:
    late = "2026-03-02T11:00:00.000000Z"
    reviews, _ = read(task(), known=[(70, "a", 0, 5, late, "answer", "ada@example.com")])
    assert reviews.select("revision", "outcome").rows() == [(f"{late} deleted 70", "deleted")]


def test_what_another_case_had_under_a_number_given_out_again_is_not_called_deleted() -> None:
    before_the_restore = [(70, "b", 0, 4, T1, "answer", "ada@example.com")]
    reviews, _ = read(task(annotation(5)), known=before_the_restore)
    assert reviews.select("annotation_id", "case_id", "outcome").rows() == [(5, "a", "answer")]


def test_a_task_is_known_by_its_key_whatever_its_number() -> None:
    moved = annotations.ChangedTask(project_id=9, task_id=71, key="key-70", updated_at=T3, annotations=(annotation(),))
    reviews, _ = read(moved)
    assert reviews.select("case_id", "project_id", "task_id").rows() == [("a", 9, 71)]


def test_several_people_on_one_task_are_several_reviews() -> None:
    reviews, _ = read(task(annotation(5), annotation(6, person=2, result=chosen("no"), created_at=T2, updated_at=T2)))
    assert reviews.select("annotation_id", "reviewer", "answer").rows() == [
        (5, "ada@example.com", "yes"),
        (6, "bob@example.com", "no"),
    ]


def test_a_reviewer_without_an_account_still_has_a_name() -> None:
    reviews, _ = read(task(annotation(5, person=9), annotation(6, person=None)))
    assert reviews.get_column("reviewer").to_list() == ["user-9", "unknown"]


def test_an_unreadable_answer_is_a_fault_kept_whole_and_no_review() -> None:
    result = [{"from_name": "verdict", "type": "choices", "value": {"choices": ["yés"]}}]
    reviews, faults = read(task(annotation(result=result), annotation(6)))
    assert reviews.get_column("annotation_id").to_list() == [6]
    (fault,) = faults.to_dicts()
    assert json.loads(fault.pop("raw")) == {"person": 1, "result": result, "updated_at": T1}
    assert len(fault.pop("content")) == 64
    assert fault == {
        "stream": "mail",
        "source": "label-studio/3/5",
        "line": 70,
        "reason": "nothing was chosen in 'answer'; the result speaks of ['verdict']",
        "run_id": "run-1",
        "found_at": NOW,
    }


def test_the_same_unreadable_answer_read_twice_is_the_same_fault() -> None:
    key = ["stream", "source", "line", "content"]
    first = read(task(annotation(result=[])))[1].select(key)
    assert read(task(annotation(result=[])))[1].select(key).equals(first)
    assert not read(task(annotation(result=[], updated_at=T2)))[1].select(key).equals(first)


def test_tasks_that_are_none_of_ours_are_counted_and_passed_over() -> None:
    changed = [task(annotation(), task_id=99), task(annotation(6), task_id=71)]
    reviews, faults = read(*changed)
    assert reviews.select("case_id", "blind").rows() == [("b", False)]
    assert faults.is_empty()
    assert annotations.strangers(changed, DISPATCHES) == 1
