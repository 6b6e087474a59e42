"""A task and its annotations as Label Studio gives them, in each of its forms, and who wrote them."""

import pytest

from review.label_studio import annotations
from tests.unit.review.label_studio.test_annotations import T1, T2, T3, annotation, chosen, read, task


def test_a_task_is_read_from_either_form_label_studio_gives() -> None:
    item = {"id": 8, "result": chosen("no"), "was_cancelled": False, "lead_time": 3, "ground_truth": False}
    times = {"created_at": "2026-03-02T10:00:00Z", "updated_at": "2026-03-02T11:05:00.000000+01:00"}
    data = {"text": "mail", "case_key": "key-70"}
    listed = {
        "id": 70,
        "data": data,
        "updated_at": "2026-03-02T10:09:00Z",
        "annotations": [item | times | {"completed_by": 1}],
    }
    alone = {
        "id": 70,
        "data": data,
        "updated_at": "2026-03-02T10:09:00Z",
        "annotations": [item | times | {"completed_by": {"id": 1}}],
    }
    expected = task(annotation(8, result=chosen("no"), seconds=3.0, updated_at=T2))
    assert annotations.changed_task(3, listed) == expected
    assert annotations.changed_task(3, alone) == expected
    assert annotations.changed_task(3, {"id": 70, "data": data, "updated_at": T3, "annotations": None}) == task()
    assert annotations.changed_task(3, {"id": 70, "data": {}, "updated_at": T3, "annotations": None}).key == ""


@pytest.mark.parametrize(
    ("person", "writer", "blind", "written_by"),
    [
        (1, 1, True, None),
        (1, 2, False, "bob@example.com"),  # written, or changed, in another's name
        (1, None, False, "an import"),  # nobody submitted it
        (None, None, True, None),  # the account is gone
    ],
)
def test_an_answer_that_its_reader_did_not_write_is_no_blind_reading(
    person: int | None, writer: int | None, blind: bool, written_by: str | None
) -> None:
    reviews, _ = read(task(annotation(person=person, writer=writer)))
    assert reviews.select("outcome", "blind", "written_by").rows() == [("answer", blind, written_by)]


def test_who_wrote_an_annotation_last_is_read_from_label_studios_list() -> None:
    item = {"id": 5, "result": chosen("yes"), "lead_time": 3, "created_at": T1, "updated_at": T1, "completed_by": 1}
    listed = {"id": 70, "data": {"case_key": "key-70"}, "updated_at": T3}
    for more, writer in (({"updated_by": 2}, 2), ({"updated_by": None}, None), ({}, 1)):
        (result,) = annotations.changed_task(3, listed | {"annotations": [item | more]}).annotations
        assert result.writer == writer
