"""Fields that the model is not sure of, on the real servers: named to who mends a record, and to nobody who reads it blind."""

from typing import Any

from playwright.sync_api import Page

from review.label_studio import record_form
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place
from tests.e2e.task_page import opened
from tests.e2e.test_records import begun, invoice

SURE = {"vendor_conf": 95, "date_conf": 95, "paid_conf": 95, "sort_conf": 95, "flags_conf": 95, "order_conf": 95}


def test_a_reader_sees_which_fields_to_check_and_a_blind_one_does_not(
    place: Place, label_studio: Any, page: Page
) -> None:
    fields = begun(place, count=2).field
    marks = {field.name: record_form.mark(field) for field in fields}
    assert {task["data"][mark] for task in place.tasks() for mark in marks.values()} == {""}  # nothing is released yet
    why = ("--uncertified", "--by", "ann", "--because", "a test")
    assert place.cli("adopt", place.name, "--threshold", "0.9", *why).code == 0
    place.deliver("two.jsonl", [invoice(number) | SURE | {"total_conf": 70} for number in range(20, 36)])
    assert place.cli("run", place.name).code == 0

    later = {
        task: bool(blind) for task, blind in place.rows("SELECT task_id, blind FROM dispatch WHERE case_id > 'inv-01'")
    }
    assert set(later.values()) == {True, False}
    tasks = {task["id"]: task["data"] for task in place.tasks()}
    for task, blind in later.items():
        marked = {name for name, mark in marks.items() if tasks[task][mark]}
        assert marked == (set() if blind else {"total"})
    assert len({frozenset(data) for data in tasks.values()}) == 1

    label_studio.add_reviewer("ines@example.com", PASSWORD)
    log_in(page, label_studio.url, "ines@example.com")
    which = {blind: task for task, blind in later.items()}
    opened(place, label_studio, page, which[False])
    page.get_by_text(record_form.UNSURE).wait_for()
    assert page.get_by_text(record_form.UNSURE).count() == 1
    opened(place, label_studio, page, which[True])
    page.get_by_text(tasks[which[True]]["text"].splitlines()[0]).first.wait_for()
    page.wait_for_timeout(1000)  # a mark that comes late has come by then
    assert page.get_by_text(record_form.UNSURE).count() == 0
