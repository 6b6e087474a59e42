"""The lines of an invoice at Chromium: one row a line, changed in place, and home as rows."""

from typing import Any

from playwright.sync_api import Page

from models.answers import record_text
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place
from tests.e2e.task_page import noted, opened, submitted
from tests.e2e.test_records import STREAM

LINES = (
    STREAM.partition("[[field]]")[0]
    + """
[[field]]
name = "total"
kind = "number"
score = "sure"

[[field]]
name = "lines"
kind = "rows"
columns = {{ item = "text", price = "number" }}
score = "sure"
error = 0.02
graded = true

[model]"""
    + STREAM.partition("[model]")[2]
)
ROWS = [{"item": "Blue ink", "price": 2.5}, {"item": "Pen", "price": 1}, {"item": "Cap"}]


def test_a_reader_writes_rows_and_changes_those_of_the_model(place: Place, label_studio: Any, page: Page) -> None:
    (place.home / "streams" / f"{place.name}.toml").write_text(LINES.format(name=place.name), encoding="utf-8")
    rows = [
        {
            "doc": f"d-{n}",
            "text": f"INVOICE {n}\nBlue ink 2.50\nPen 1.00\nCap",
            "total": 3.5,
            "lines": ROWS,
            "sure": 0.5,
        }
        for n in range(12)
    ]
    place.deliver("one.jsonl", rows)
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    label_studio.add_reviewer("ines@example.com", PASSWORD)
    log_in(page, label_studio.url, "ines@example.com")
    total, lines = page.locator("input[name^=f]"), page.locator("textarea").first
    ((blind, case),) = place.rows("SELECT task_id, case_id FROM dispatch WHERE blind ORDER BY task_id LIMIT 1")
    opened(place, label_studio, page, blind)
    page.get_by_text("A line a row: item | price").wait_for()
    assert lines.input_value() == ""
    lines.fill("pen | 1.00\nblue ink | 2,50\nnib | 0.2")
    page.get_by_test_id("bottombar-submit-button").click()  # nothing but texts: what lacks is named all the same
    page.get_by_text("total: give a number, as 1250.5, or choose: Not there").wait_for()
    noted(page)
    total.fill("3.5")
    submitted(page)

    assisted = place.rows("SELECT task_id, case_id FROM dispatch WHERE NOT blind ORDER BY task_id LIMIT 2")
    (unchanged, same), (changed, other) = assisted
    opened(place, label_studio, page, unchanged)
    page.get_by_text("A line a row: item | price").wait_for()
    assert lines.input_value() == "Blue ink | 2.5\nPen | 1\nCap |"
    submitted(page)
    opened(place, label_studio, page, changed)
    page.get_by_role("checkbox", name="No rows").click()
    lines.wait_for(state="hidden")
    submitted(page)

    assert place.cli("collect", place.name).code == 0
    answers = {key: record_text.values(text) for key, text in place.rows("SELECT case_id, answer FROM review")}
    predictions = dict(place.rows("SELECT case_id, prediction FROM decision"))
    model = record_text.values(predictions[same])["lines"]
    assert answers[same] == record_text.values(predictions[same])
    assert answers[case]["lines"] == [model[1], model[0], {"item": "nib", "price": 0.2}]
    assert answers[other]["lines"] == []
