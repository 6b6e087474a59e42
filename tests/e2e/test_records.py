"""Records of an invoice on the real servers: read whole, corrected in one form, and back home field by field."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from deploy.demo import record_fill
from models.answers import record_text
from models.config import stream as streams
from review.label_studio import record_form
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place
from tests.e2e.task_page import noted, opened, submitted

STREAM = """
name = "{name}"
title = "Invoices"

[input]
source = "inbox"
id = "doc"
payload = ["text"]

[[field]]
name = "vendor"
score = "vendor_conf"
scale = "percent"
same = "folded"

[[field]]
name = "date"
score = "date_conf"
scale = "percent"
kind = "date"

[[field]]
name = "total"
score = "total_conf"
scale = "percent"
kind = "number"
within = 0.005

[[field]]
name = "paid"
kind = "yesno"
score = "paid_conf"
scale = "percent"

[[field]]
name = "sort"
kind = "choice"
labels = ["goods", "service"]
score = "sort_conf"
scale = "percent"

[[field]]
name = "flags"
kind = "set"
labels = ["late", "copy"]
score = "flags_conf"
scale = "percent"

[[field]]
name = "order"
required = false
score = "order_conf"
scale = "percent"

[model]
id = "m-1"

[review]
kind = "text"
question = "What does the invoice say?"
project = "{name}"
overlap = 0.0

[target]
error = 0.05

[costs]
error = 10.0
review_minute = 0.5

[policy]
audit_rate = 0.5
blind_rate = 0.5
cold_blind_rate = 0.5
"""
FIELDS = ("vendor", "date", "total", "paid", "sort", "flags", "order")


def invoice(number: int) -> dict[str, Any]:
    values = {
        "vendor": f"Nord {number} GmbH",
        "date": f"2026-01-{number % 28 + 1:02d}",
        "total": f"{100 + number}.50",
        "paid": "yes",
        "sort": "goods",
        "flags": ["late"],
        "order": None if number % 2 else f"A-{number}",
    }
    text = f"INVOICE {number}\n\nNord {number} GmbH\nTotal   {100 + number}.50"
    return {"doc": f"inv-{number:03d}", "text": text} | values | {f"{name}_conf": 60 + number for name in FIELDS}


def begun(place: Place, count: int = 16) -> streams.Stream:
    """The stream with a first round done."""
    text = STREAM.format(name=place.name)
    (place.home / "streams" / f"{place.name}.toml").write_text(text, encoding="utf-8")
    place.deliver("one.jsonl", [invoice(number) for number in range(count)])
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    return streams.parse(text, origin="invoices.toml")


def answer(place: Place, token: str, task: dict[str, Any], result: list[dict[str, object]]) -> None:
    body = {"result": result, "lead_time": 9.0, "was_cancelled": False}
    with place.label_studio(token) as client:
        client.post(f"/api/tasks/{task['id']}/annotations/", json=body).raise_for_status()


def test_records_go_out_to_readers_and_come_home_with_their_corrections(place: Place, label_studio: Any) -> None:
    stream = begun(place)
    token = label_studio.add_reviewer("ines@example.com", PASSWORD)
    sent = {
        case: (task, bool(blind)) for case, task, blind in place.rows("SELECT case_id, task_id, blind FROM dispatch")
    }
    predictions = dict(place.rows("SELECT case_id, prediction FROM decision"))
    tasks = {task["id"]: task for task in place.tasks()}
    starts = [record_form.start(stream.field[n]) for n in (0, 2, 6)]
    marks = [record_form.mark(field) for field in stream.field]
    assert {blind for _, blind in sent.values()} == {True, False}
    for case, (number, blind) in sent.items():
        task = tasks[number]
        assert task["data"].keys() == {"text", *starts, *marks, "case_key"}  # of every task: nothing tells them apart
        assert bool(task["predictions"]) is not blind
        assert task["data"][starts[0]] == ("" if blind else record_text.values(predictions[case])["vendor"])
        changes = {"total": 1.5, "order": "B-7"} if case.endswith("3") else {"vendor": f" nord {int(case[4:])} gmbh. "}
        values = record_text.values(predictions[case]) | changes
        answer(place, token, task, record_fill.result(stream, record_text.text(values), "c-1"))
    assert place.cli("collect", place.name).code == 0
    answers = dict(place.rows("SELECT case_id, answer FROM review"))
    other = {case for case in answers if answers[case] != predictions[case]}
    assert other == {case for case in answers if case.endswith("3")}  # the same by the rule of a field is the same
    assert record_text.values(answers["inv-003"])["total"] == 1.5
    shown = place.cli("show", "case", place.name, "inv-003").out
    assert "total: 103.5, score 0.63" in shown
    assert 'corrected order: "B-7"; total: 1.5' in shown

    assert place.cli("measure", place.name).code == 0
    report = json.loads((place.home / "reports" / place.name / "latest.json").read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in report["fields"]}
    assert list(rows) == list(FIELDS)
    assert (rows["total"]["changed"], rows["order"]["added"], rows["vendor"]["changed"]) == (2, 2, 0)
    page = (place.home / "reports" / place.name / "latest.html").read_text(encoding="utf-8")
    assert "Field by field" in page
    assert place.cli("export", place.name, "--to", str(place.home / "out.jsonl")).code == 0
    rows_out = [json.loads(line) for line in (place.home / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    finished = {row["case_id"]: record_text.values(row["answer"]) for row in rows_out}
    assisted = {case for case, (_, blind) in sent.items() if not blind}
    assert assisted <= finished.keys()
    assert all(finished[case]["sort"] == "goods" for case in finished)
    assert place.cli("verify").code == 0


def test_a_reader_fills_in_a_blind_record_and_mends_an_assisted_one(
    place: Place, label_studio: Any, page: Page
) -> None:
    fields = begun(place).field
    vendor, total, order = (page.locator(f"input[name={record_form.control(fields[n])}]") for n in (0, 2, 6))
    label_studio.add_reviewer("ines@example.com", PASSWORD)
    log_in(page, label_studio.url, "ines@example.com")
    ((blind, case),) = place.rows("SELECT task_id, case_id FROM dispatch WHERE blind ORDER BY task_id LIMIT 1")
    opened(place, label_studio, page, blind)
    order.wait_for()
    day = page.locator("input[type=date]")
    assert [box.input_value() for box in (vendor, day, total, order)] == [""] * 4
    assert page.locator(".lsf-choice__checkbox input:checked").count() == 0
    vendor.fill("Somebody Ltd")
    total.press_sequentially("12.05")  # not `fill`: what stands between two keys matters
    page.get_by_role("checkbox", name="Yes").click()
    page.get_by_test_id("bottombar-submit-button").click()
    page.get_by_text("date: give a value, or choose: Not there").wait_for()  # the first that lacks one
    noted(page)
    day.fill("2026-03-01")
    page.get_by_role("checkbox", name="goods").click()
    page.get_by_role("checkbox", name="None of them").click()
    page.get_by_role("checkbox", name="Not there").last.click()
    order.wait_for(state="hidden")  # what is not there need not be filled in
    submitted(page)

    ((assisted, other),) = place.rows("SELECT task_id, case_id FROM dispatch WHERE NOT blind ORDER BY task_id LIMIT 1")
    opened(place, label_studio, page, assisted)
    number = int(other[4:])
    vendor.wait_for()
    assert vendor.input_value() == f"Nord {number} GmbH"
    expect(day).to_have_value(invoice(number)["date"])  # a prediction is filled in a moment after the texts
    assert total.input_value() == str(100.5 + number)
    total.fill("")
    total.press_sequentially("1007,05")
    submitted(page)

    assert place.cli("collect", place.name).code == 0
    answers = dict(place.rows("SELECT case_id, answer FROM review"))
    predictions = dict(place.rows("SELECT case_id, prediction FROM decision"))
    assert record_text.values(answers[case]) == {
        "vendor": "Somebody Ltd",
        "date": "2026-03-01",
        "total": 12.05,
        "paid": True,
        "sort": "goods",
        "flags": [],
        "order": None,
    }
    assert record_text.values(answers[other]) == record_text.values(predictions[other]) | {"total": 1007.05}


REPLIES = (
    STREAM.partition("[[field]]")[0]
    + """
[[field]]
name = "reply"
kind = "draft"
score = "reply_conf"

[[field]]
name = "names"
kind = "spans"
labels = ["person", "place"]
score = "names_conf"

[model]"""
    + STREAM.partition("[model]")[2]
)
TEXT = "\U0001f600 Ada went to Paris.\nThen she wrote home."  # a letter of two code units: an offset counts letters
DRAFT = "Dear Ada,\nthank you.\nBye"


def test_a_draft_goes_out_after_an_edit_and_spans_are_marked_in_the_text(
    place: Place, label_studio: Any, page: Page
) -> None:
    (place.home / "streams" / f"{place.name}.toml").write_text(REPLIES.format(name=place.name), encoding="utf-8")
    rows = [
        {"doc": f"d-{n}", "text": f"{TEXT} {n}", "reply": DRAFT, "reply_conf": 0.5}
        | {"names": [{"start": 2, "end": 5, "label": "person"}], "names_conf": 0.4}
        for n in range(12)
    ]
    place.deliver("one.jsonl", rows)
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    label_studio.add_reviewer("ines@example.com", PASSWORD)
    log_in(page, label_studio.url, "ines@example.com")
    ((blind, case),) = place.rows("SELECT task_id, case_id FROM dispatch WHERE blind ORDER BY task_id LIMIT 1")
    opened(place, label_studio, page, blind)
    page.locator(".lsf-htx-richtext").get_by_text(
        "thank you."
    ).wait_for()  # a draft is shown to every reader, also blind
    page.get_by_role("checkbox", name="After an edit").click()
    editor = page.locator("textarea")
    assert editor.input_value() == DRAFT
    editor.fill("Dear Ada,\nit is on its way.\nBye")
    page.get_by_text("place").first.click()
    page.locator(".lsf-htx-richtext").get_by_text("wrote home").dblclick()
    page.get_by_test_id("bottombar-submit-button").click()
    page.get_by_text("names: say whether all are marked").wait_for()
    noted(page)
    page.get_by_role("checkbox", name="All are marked").click()
    submitted(page)

    ((assisted, other),) = place.rows("SELECT task_id, case_id FROM dispatch WHERE NOT blind ORDER BY task_id LIMIT 1")
    opened(place, label_studio, page, assisted)
    page.get_by_role("checkbox", name="As it stands").click()
    submitted(page)

    assert place.cli("collect", place.name).code == 0
    answers = dict(place.rows("SELECT case_id, answer FROM review"))
    predictions = dict(place.rows("SELECT case_id, prediction FROM decision"))
    assert answers[other] == predictions[other]
    (span,) = record_text.values(answers[case])["names"]
    assert f"{TEXT} 0"[span["start"] : span["end"]] == "wrote"
    assert record_text.values(answers[case])["reply"] == "Dear Ada,\nit is on its way.\nBye"
