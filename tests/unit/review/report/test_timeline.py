"""What a terminal shows of a case."""

from review.report import timeline


def test_of_a_pdf_or_a_picture_the_terminal_shows_what_it_is_and_how_long() -> None:
    assert timeline.readable("data:application/pdf;base64," + "A" * 4000).startswith("data:application/pdf;base64,… (4")
    assert len(timeline.readable("data:image/png;base64," + "A" * 4_000_000)) < 60
    assert timeline.readable("a text about data:image/png;base64,AAAA") == "a text about data:image/png;base64,AAAA"
