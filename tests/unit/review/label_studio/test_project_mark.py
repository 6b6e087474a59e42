"""Whose a Label Studio project is, by what its description says."""

import pytest

from review.label_studio import project_mark

MARK = project_mark.Mark(stream="mail", ledger="0123456789abcdef0123456789abcdef")
OURS, OLD, OTHER = "[second-reader:mail:0123456789ab]", "[second-reader:mail]", "[second-reader:mail:ba9876543210]"


@pytest.mark.parametrize(
    ("description", "whose"),
    [
        (f"Keep this line: {OURS}", "ours"),
        (f"Keep this line: {OLD}", "unnamed"),
        (f"Keep this line: {OTHER}", "another's"),
        (f"{OTHER} {OLD}", "another's"),
        (f"{OLD} {OTHER} {OURS}", "ours"),
        ("[second-reader:mail-b:0123456789ab]", "none"),
        ("[second-reader:mail:0123456789abc]", "none"),
        ("[second-reader:mail:]", "none"),
        ("", "none"),
        (None, "none"),
    ],
)
def test_a_mark_says_whose_the_project_is(description: str | None, whose: str) -> None:
    assert project_mark.whose(description, MARK) == whose


def test_the_mark_of_a_stream_and_a_ledger_is_one_line_with_twelve_digits() -> None:
    assert str(MARK) == OURS


def test_a_mark_of_an_earlier_version_is_renewed_where_it_stands() -> None:
    assert project_mark.renewed(f"Ours.\nKeep: {OLD} please", MARK) == f"Ours.\nKeep: {OURS} please"
