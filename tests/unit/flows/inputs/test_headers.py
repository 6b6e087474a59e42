"""A header that a stream cannot read is refused in one line that names the column."""

from pathlib import Path

import pytest

from flows.inputs import headers
from models.errors import InputInvalid

FILE = Path("mail.csv")


def test_a_header_with_all_that_is_read_is_taken() -> None:
    headers.check(FILE, ["id", "label", "more"], ["label", "id"])


@pytest.mark.parametrize(
    ("present", "wanted", "message"),
    [
        (["id", "a", "a"], ["id"], "column 'a' stands twice in the header"),
        (["id", "__second_reader_line"], ["id"], "has a name we keep for ourselves"),
        (["id", "labels"], ["id", "label"], r"column 'label' is missing \(the file has 'labels', \.\.\.\)"),
        ([], ["id"], r"column 'id' is missing \(the file has no columns\)"),
    ],
)
def test_another_is_refused(present: list[str], wanted: list[str], message: str) -> None:
    with pytest.raises(InputInvalid, match=message):
        headers.check(FILE, present, wanted)


def test_of_many_names_the_first_are_shown_and_of_a_long_one_its_start() -> None:
    assert headers.quoted([str(n) for n in range(12)]).endswith("'9', and 2 more")
    assert headers.quoted(["x" * 100]) == repr("x" * 60 + "...")
