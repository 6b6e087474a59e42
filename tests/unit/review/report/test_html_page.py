"""The page: one file that asks nothing, well formed, every chart with words beside it."""

import base64
import re
from html.parser import HTMLParser

import pytest

from review.report import report
from tests.unit.review.report.report_facts import EMPTY, STATES, report_of
from tests.unit.review.report.test_report import page_of, plain


@pytest.mark.parametrize(
    ("state", "lead", "promise"),
    [
        ("empty", "No case has arrived yet.", "This page fills with the first answers of the model."),
        ("cold", "Every one of 99 cases goes to a person.", "Nothing is released alone until a named person sets"),
        ("tiny", "The machine answers 100 % of cases alone.", "With 95 % confidence at most 95.0 % of the 1 released"),
        (
            "alarmed",
            "The machine answered 83.8 % of cases alone so far; nothing is released now.",
            "161 released cases",
        ),
        ("unanswered", "The machine answers 100 % of cases alone.", "none of 10 blind samples is answered yet."),
    ],
)
def test_every_state_of_a_stream_has_its_first_line(state: str, lead: str, promise: str) -> None:
    page = plain(page_of(state))
    assert lead in page
    assert promise in page
    assert lead in plain(report.lines(STATES[state]))


@pytest.mark.parametrize("state", STATES)
def test_the_page_is_one_file_that_asks_nothing_of_a_network(state: str) -> None:
    page = page_of(state)
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}  # names, never fetched
    assert not re.search(r"<link|<img|@import|url\((?!#)|<script[^>]+src", page)
    assert "default-src 'none'" in page


@pytest.mark.parametrize("state", STATES)
def test_the_page_is_well_formed_and_its_ids_are_each_its_own(state: str) -> None:
    class Tree(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []
            self.ids: list[str] = []

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.ids += [value or "" for name, value in attributes if name == "id"]
            if tag not in {"meta", "br", "wbr", "input"}:
                self.open.append(tag)

        def handle_startendtag(self, _: str, attributes: list[tuple[str, str | None]]) -> None:
            self.ids += [value or "" for name, value in attributes if name == "id"]

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    tree = Tree()
    page = page_of(state)
    tree.feed(page)
    assert tree.open == []
    assert len(tree.ids) == len(set(tree.ids))
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(tree.ids)


def test_what_people_wrote_is_text_on_the_page_and_in_markdown() -> None:
    page = page_of("running")
    for written in ("Handwritten <digits>", "two <wrong> in 300", "<no> image"):
        assert written not in page
    assert "two &lt;wrong&gt; in 300" in page
    assert report.markdown(report_of()).startswith("### Handwritten \\<digits\\> & more (digits)")


def test_the_curve_travels_inside_the_markdown_on_paper_of_its_own() -> None:
    address = report.markdown(report_of()).partition("](")[2].partition(")")[0]
    kind, _, data = address.partition(",")
    assert kind == "data:image/svg+xml;base64"
    sampled = base64.b64decode(data).decode()
    assert "var(--" not in sampled
    assert '<rect width="100%" height="100%" fill="#ffffff"/>' in sampled
    assert "data:image" not in report.markdown(EMPTY)


def test_every_chart_has_words_and_a_table_in_its_place() -> None:
    page = page_of("running")
    sampled = re.findall(r'<svg [^>]*role="img" aria-label="([^"]+)"', page)
    assert len(sampled) == 8  # four charts, each for a wide and for a narrow page
    assert all("has the figures." in words for words in sampled)
    assert page.count("as a table</summary>") == 3  # the evidence is in the table of the days
