"""What a task holds: its key, and what the reviewer is shown."""

from xml.etree import ElementTree

import pytest

from review.label_studio import labeling_config, task_data
from tests.unit.review.label_studio.test_labeling_config import stream


def test_the_task_key_is_fixed_for_ever() -> None:
    # printf '["mail","7",0]' | sha256sum
    assert task_data.task_key("mail", "7", 0) == "be7c0230103d85f491216ac78782856f"


def test_no_two_cases_share_a_key_by_where_their_names_are_cut() -> None:
    parts = [
        ("mail", "7", 0),
        ("mail", "7", 1),
        ("mai", "l7", 0),
        ("mail", '7",0', 0),
        ("mail", "é", 0),
        ("mail", "e", 0),
    ]
    assert len({task_data.task_key(*part) for part in parts}) == len(parts)


def test_the_data_is_what_the_reviewer_is_shown_and_nothing_else() -> None:
    payload = {"body": "hello", "score": 0.93, "prediction": "no", "route": "AUTOMATE", "model_id": "m1"}
    assert task_data.data(stream(), payload, "c-1") == {"text": "hello"}


@pytest.mark.parametrize("kind", ["text", "image", "pdf", "html", "record"])
def test_the_cases_id_is_shown_where_the_stream_says_so(kind: str) -> None:
    shown = stream(kind=kind, show_id=True)
    hidden = stream(kind=kind)
    assert task_data.data(shown, {"body": "x"}, "c-1\x00") == task_data.data(hidden, {"body": "x"}, "c-1") | {
        "case_id": "c-1"
    }
    headers = [node.get("value") for node in ElementTree.fromstring(labeling_config.config(shown)).iter("Header")]  # noqa: S314
    assert "Case $case_id" in headers
    assert "$case_id" not in labeling_config.config(hidden)
