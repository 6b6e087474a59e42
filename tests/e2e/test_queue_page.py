"""A reviewer at the real queue, in a real browser."""

import json
from typing import Any

from playwright.sync_api import Page

from tests.e2e import task_page
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place, mail

CHOICES = ".lsf-choice__checkbox input"


def test_a_reviewer_corrects_answers_blind_and_skips_and_the_ledger_holds_exactly_that(
    place: Place, label_studio: Any, page: Page
) -> None:
    mails = {row["id"]: row for row in (mail(n) for n in range(24))}
    place.deliver("one.jsonl", list(mails.values()))
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    label_studio.add_reviewer("rita@example.com", PASSWORD)
    queue = place.rows("SELECT case_id, blind FROM dispatch ORDER BY task_id")
    ((project,),) = place.rows("SELECT project_id FROM project")

    log_in(page, label_studio.url, "rita@example.com")
    page.goto(f"{label_studio.url}/projects/{project}/data")
    page.get_by_role("button", name="Label All Tasks").click()
    done: list[tuple[Any, ...]] = []
    missing = {"corrected", "blind", "skipped"}
    for case, blind in queue:
        page.get_by_text(mails[case]["text"]).first.wait_for()
        page.get_by_test_id("bottombar-submit-button").wait_for()
        # A doubtful case comes with the model's answer filled in, a blind one with none.
        assert [box.is_checked() for box in page.locator(CHOICES).all()] == [
            False,
            not blind,
            False,
            False,
        ]  # the last: not sure
        if blind and "blind" in missing:
            missing.remove("blind")
            page.keyboard.press("1")
            page.keyboard.press("Control+Enter")
            done.append((case, "rita@example.com", "answer", "billing", 1, 1))
        elif not blind and "corrected" in missing:
            missing.remove("corrected")
            page.keyboard.press("3")
            page.keyboard.press("Control+Enter")
            done.append((case, "rita@example.com", "answer", "other", 0, 1))
        else:
            missing.discard("skipped")
            page.keyboard.press("Control+Space")
            done.append((case, "rita@example.com", "skip", None, blind, 1))
        page.get_by_text(mails[case]["text"]).first.wait_for(state="detached")
        if not missing:
            break
    assert not missing

    assert place.cli("collect", place.name).code == 0
    reviews = place.rows(
        "SELECT case_id, reviewer, outcome, answer, blind, seconds > 0 FROM review ORDER BY annotation_id"
    )
    assert reviews == done


def test_a_blind_case_shows_neither_prediction_score_nor_route(place: Place, label_studio: Any, page: Page) -> None:
    """Neither in the page nor in any answer of the API that the page's reviewer can ask for."""
    place.deliver("one.jsonl", [mail(n, score=0.9173625, label="bug") for n in range(12)])
    place.cli("init", place.name)
    place.cli("adopt", place.name, "--threshold", "0.6", "--by", "A. Owner", "--because", "a trial", "--uncertified")
    assert place.cli("run", place.name).code == 0
    token = label_studio.add_reviewer("sam@example.com", PASSWORD)
    case, task = place.rows("SELECT case_id, task_id FROM dispatch WHERE blind ORDER BY task_id")[0]
    ((project,),) = place.rows("SELECT project_id FROM project")
    answers = []
    with place.label_studio(token) as client:
        for path in (f"/api/tasks/{task}", f"/api/predictions?task={task}", f"/api/projects/{project}/next"):
            answers.append(client.get(path).raise_for_status().text)
    log_in(page, label_studio.url, "sam@example.com")
    task_page.opened(place, label_studio, page, task)
    shown = json.loads(answers[0])
    assert shown["predictions"] == []
    assert shown["data"].keys() == {"text", "case_key"}
    assert page.locator(".lsf-choice__checkbox input:checked").count() == 0
    for text in (*answers, page.content()):
        for secret in ("0.9173625", "0.917", "AUTOMATE", "REVIEW", "propensity", case):
            assert secret not in text
