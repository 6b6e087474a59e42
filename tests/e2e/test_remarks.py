"""A reviewer marks an answer as one they are not sure of, and writes a comment beside it and beside a skip."""

from typing import Any

from playwright.sync_api import Page

from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place, mail

TEXT = "A <b>draft</b>, perhaps?"


def test_a_mark_by_one_key_and_comments_come_back_and_another_is_asked(
    place: Place, label_studio: Any, page: Page
) -> None:
    mails = {row["id"]: row for row in (mail(n) for n in range(4))}
    place.deliver("one.jsonl", list(mails.values()))
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    label_studio.add_reviewer("ria@example.com", PASSWORD)
    queue = [case for (case,) in place.rows("SELECT case_id FROM dispatch ORDER BY task_id")]
    ((project,),) = place.rows("SELECT project_id FROM project")
    log_in(page, label_studio.url, "ria@example.com")
    page.goto(f"{label_studio.url}/projects/{project}/data")
    page.get_by_role("button", name="Label All Tasks").click()

    for number, case in enumerate(queue[:3]):
        shown = page.get_by_text(mails[case]["text"]).first
        shown.wait_for()
        unsure = page.get_by_role("checkbox", name="Not sure")
        assert not unsure.is_checked()
        if number == 0:
            page.keyboard.press("1")
            page.keyboard.press("m")
            assert unsure.is_checked()
            page.get_by_placeholder("Comment, if any").fill(TEXT)
            page.keyboard.press("Enter")  # leaves the field
        elif number == 1:
            page.get_by_placeholder("Comment, if any").fill("Not my subject")
            page.keyboard.press("Enter")  # without it a skip drops the comment
        else:
            page.keyboard.press("1")
        page.keyboard.press("Control+Space" if number == 1 else "Control+Enter")
        shown.wait_for(state="detached")
    assert place.cli("collect", place.name).code == 0
    rows = place.rows("SELECT case_id, outcome, unsure, comment FROM review ORDER BY annotation_id")
    assert rows == [
        (queue[0], "answer", True, TEXT),
        (queue[1], "skip", None, "Not my subject"),
        (queue[2], "answer", None, None),
    ]
    assert TEXT in place.cli("show", "case", place.name, queue[0]).out
