"""A PDF becomes pictures of its pages, and one that cannot be opened says why in a line."""

import base64
import io

import pytest
from PIL import Image

from flows.scoring import pdf_pages
from review.label_studio import evidence
from tests import pdfs


def pictures(pages: evidence.Pages) -> list[Image.Image]:
    """Each page as it is shown."""
    heads, bodies = zip(*(image.split(",", 1) for image in pages.images), strict=True)
    assert set(heads) == {"data:image/jpeg;base64"}
    return [Image.open(io.BytesIO(base64.b64decode(body))) for body in bodies]


def test_each_page_is_a_picture_at_150_dots_an_inch() -> None:
    pages = pdf_pages.read(pdfs.uri(pdfs.of("first", "second")))
    first, second = pictures(pages)
    assert pages.count == 2
    assert first.size == second.size == (1240, 1755)
    assert first.tobytes() != second.tobytes()
    darkest, lightest = first.convert("L").getextrema()
    assert (darkest, lightest) == (0, 255)  # ink on paper


def test_of_a_long_pdf_the_first_pages_are_shown_and_all_are_counted() -> None:
    pages = pdf_pages.read(pdfs.uri(pdfs.blank(pdf_pages.MOST_PAGES + 3)))
    assert (len(pages.images), pages.count) == (20, 23)
    assert evidence.which(pages) == "Pages 1 to 20 of 23"


def test_a_page_of_any_size_has_no_more_than_so_many_pixels() -> None:
    (picture,) = pictures(pdf_pages.read(pdfs.uri(pdfs.blank(1, width=14_000, height=7_000))))
    assert 0.99 * pdf_pages.MOST_PIXELS < picture.width * picture.height < 1.01 * pdf_pages.MOST_PIXELS


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("inbox/a.pdf", "it is no PDF: give it as data:application/pdf;base64,..."),
        ("data:application/pdf,%PDF-1.4", "it is no PDF: give it as data:application/pdf;base64,..."),
        ("data:application/pdf;base64,JVBERi0", "the PDF is damaged: what follows base64, is not base64"),
        (pdfs.uri(b"<html>404</html>"), "it cannot be opened as a PDF; deliver it undamaged, under another id"),
        (pdfs.uri(b""), "it cannot be opened as a PDF; deliver it undamaged, under another id"),
        (pdfs.uri(pdfs.of("whole")[:300]), "it cannot be opened as a PDF; deliver it undamaged, under another id"),
        (pdfs.uri(pdfs.encrypted()), "the PDF needs a password; deliver it without one"),
        (pdfs.uri(pdfs.blank(0)), "it cannot be opened as a PDF; deliver it undamaged, under another id"),
    ],
)
def test_what_cannot_be_opened_says_why_in_a_line(text: str, why: str) -> None:
    assert pdf_pages.problem(text) == why
    assert pdf_pages.read(text) == evidence.Pages(images=(), count=0)


def test_what_can_be_opened_has_no_problem_however_its_base64_is_broken_into_lines() -> None:
    head, body = pdfs.uri(pdfs.of("one")).split(",")
    lines = "\n".join(body[start : start + 76] for start in range(0, len(body), 76))
    assert pdf_pages.problem(f"{head},{lines}\n") is None
    assert len(pdf_pages.read(f"{head.replace(';', ';name=a.pdf;')},{lines}").images) == 1


def test_a_pdf_that_takes_too_long_is_given_up() -> None:
    assert pdf_pages.problem(pdfs.uri(pdfs.of("one")), seconds=0.0) == "it took longer than 0 s to open"
