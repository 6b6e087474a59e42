"""What a reader is shown of a PDF, and how many pages that is."""

import pytest

from review.label_studio import evidence, task_data
from tests.unit.review.label_studio.test_labeling_config import stream


def test_a_pdf_is_shown_as_its_pages_and_how_many_there_are() -> None:
    pages = evidence.Pages(images=("data:image/jpeg;base64,AA", "data:image/jpeg;base64,BB"), count=57)
    assert task_data.data(stream(kind="pdf"), {"body": pages}, "c-1") == {
        "pages": ["data:image/jpeg;base64,AA", "data:image/jpeg;base64,BB"],
        "which_pages": "Pages 1 to 2 of 57",
    }


def test_a_pdf_without_a_page_that_can_be_shown_says_so_and_shows_a_picture_of_nothing() -> None:
    none = evidence.Pages(images=(), count=0)
    data = task_data.data(stream(kind="pdf"), {"body": none}, "c-1")
    assert data["which_pages"] == "The pages of this PDF cannot be shown: skip the case"
    assert isinstance(data["pages"], list)
    assert len(data["pages"]) == 1  # Label Studio shows no empty list


@pytest.mark.parametrize(
    ("shown", "count", "which"),
    [(1, 1, "1 page"), (3, 3, "3 pages"), (1, 2, "Page 1 of 2"), (20, 57, "Pages 1 to 20 of 57")],
)
def test_which_pages_a_reader_sees_is_said_in_a_few_words(shown: int, count: int, which: str) -> None:
    assert evidence.which(evidence.Pages(images=("data:,",) * shown, count=count)) == which
