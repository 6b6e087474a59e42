"""Fields that a reader types as text: numbers are read as they stand, and a record of texts alone can be submitted."""

from typing import Any

import pytest

from models.answers import record_text
from review.label_studio import forms, labeling_config, record_tasks
from tests.unit.review.label_studio.test_record_form import VALUES, filled, name, read, stream


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ({"text": ["558.06"]}, 558.06),
        ({"text": [" 1000.05 "]}, 1000.05),
        ({"text": ["-12,50"]}, -12.5),
        ({"text": "0"}, 0),
        ({"number": 0.07}, 0.07),
    ],
)
def test_a_number_is_read_as_it_was_typed(typed: dict[str, Any], number: float) -> None:
    others = [item for item in filled(VALUES, stream()) if item["from_name"] != name(1)]
    assert read([*others, {"from_name": name(1), "value": typed}])["Total"] == number


def test_a_number_starts_from_the_models_and_is_empty_in_a_blind_task() -> None:
    zero = record_text.text(VALUES | {"Total": 0})
    starts = [record_tasks.data(stream(), zero, blind=blind)[name(1, "v")] for blind in (False, True)]
    assert starts == ["0", ""]
    assert not [item for item in record_tasks.prefill(stream(), zero, "c-1") if item["from_name"] == name(1)]


def test_a_record_of_texts_can_be_submitted_for_its_form_says_itself_what_lacks() -> None:
    config = forms.config(stream([{"name": "Vendor"}]))
    assert labeling_config.settings(config)["enable_empty_annotation"] is True
    project = {"label_config": config, **labeling_config.SETTINGS}
    assert labeling_config.drift(project, config) == ["enable_empty_annotation is False; set it back to True"]
