"""A column of lists is refused as a column; one odd list among answers is a matter of its row."""

import polars as pl
import pytest

from models.config import stream
from models.errors import InputInvalid
from models.outputs import one_label, reserved

TEXT = """
name = "mail"
title = "Mail"
labels = {labels}
input = {{ source = "inbox", prediction = "label", confidence = "score", payload = ["text"] }}
model = {{ id = "m1" }}
review = {{ kind = "text", question = "What is it?", project = "Mail" }}
target = {{ error = 0.05 }}
costs = {{ error = 1.0, review_minute = 0.5 }}
"""


def check(predictions: list[object], labels: str = '["bug", "praise"]') -> None:
    frame = pl.DataFrame({"label": predictions, reserved.LINE: range(2, 2 + len(predictions))})
    one_label.check(frame, stream.parse(TEXT.format(labels=labels), origin="mail.toml"), "mail.csv")


@pytest.mark.parametrize(
    "predictions", [["bug", '["bug", "praise"]', '["a"]'], [["bug"], ["bug", "praise"]], ["[]", "[]", None, None]]
)
def test_more_than_half_lists_are_refused_with_the_first_of_them(predictions: list[object]) -> None:
    with pytest.raises(
        InputInvalid, match=r"mail\.csv, line \d: label .* is a list, .*value = \"label\" and kind = \"set\""
    ):
        check(predictions)


def test_records_are_refused_with_the_way_to_a_part_of_them() -> None:
    with pytest.raises(InputInvalid, match=r"label \{\"a\": 1\} is a record, .*as in label\.label"):
        check(['{"a": 1}', '{"a": 2}'])


@pytest.mark.parametrize("predictions", [["bug", "praise", '["bug"]'], ["[1]"], ["[1]", "[2]", "bug", "bug"], []])
def test_fewer_are_a_matter_of_their_rows(predictions: list[object]) -> None:
    check(predictions)


def test_labels_that_are_written_as_lists_are_labels() -> None:
    check(["[a]", "[b]", "[a]"], labels='["[a]", "[b]"]')
