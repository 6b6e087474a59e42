"""Another model's answers in columns of the input, on the real servers: the report compares it, and no reader is shown it."""

import json
from typing import Any

from playwright.sync_api import Page

from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place, answer, mail

SHADOW = '\n[[shadow]]\nmodel = "mail-secret-2"\nprediction = "answer_2"\nconfidence = "score_2"\n'
SECRETS = ("0.9173625", "0.8243571", "mail-secret-2", "answer_2", "score_2", "AUTOMATE", "propensity")


def shows_nothing(place: Place, label_studio: Any, page: Page, who: str, tasks: dict[int, str]) -> None:
    """What the queue serves a reader is one of these tasks, and neither its page nor the API tells what either model said."""
    token = label_studio.add_reviewer(f"{who}@example.com", PASSWORD)
    page.context.clear_cookies()
    log_in(page, label_studio.url, f"{who}@example.com")
    ((project,),) = place.rows("SELECT project_id FROM project")
    page.goto(f"{label_studio.url}/projects/{project}/data")
    page.get_by_role("button", name="Label All Tasks").click()
    page.get_by_test_id("bottombar-submit-button").wait_for()
    page.get_by_text("the parcel never came").first.wait_for()
    assert page.locator(".lsf-choice__checkbox input:checked").count() == 0
    texts = [page.content()]
    with place.label_studio(token) as client:
        for path in (f"projects/{project}/next", *(f"tasks/{task}" for task in tasks)):
            texts.append(client.get(f"/api/{path}").raise_for_status().text)
    served = json.loads(texts[1])
    assert (served["id"] in tasks, served["predictions"]) == (True, [])
    assert [secret for text in texts for secret in SECRETS if secret in text] == []
    for task in place.tasks():
        if task["id"] in tasks:
            answer(place, token, task, "bug")
    assert place.cli("run", place.name).code == 0


def test_two_models_are_compared_and_a_reader_sees_neither_the_first_time_nor_the_second(
    place: Place, label_studio: Any, page: Page
) -> None:
    file = place.home / "streams" / f"{place.name}.toml"
    text = file.read_text(encoding="utf-8").replace("cold_blind_rate = 0.5", "cold_blind_rate = 1.0")
    file.write_text(text + SHADOW, encoding="utf-8")
    rows = [mail(n, score=0.9173625) | {"answer_2": "other", "score_2": 0.8243571} for n in range(16)]
    place.deliver("one.jsonl", rows)
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    recorded = {case for (case,) in place.rows("SELECT case_id FROM shadow WHERE model_id = 'mail-secret-2'")}
    assert set() < recorded < {row["id"] for row in rows}, "those for measuring"

    shows_nothing(place, label_studio, page, "uma", dict(place.rows("SELECT task_id, case_id FROM dispatch")))
    again = dict(place.rows("SELECT task_id, case_id FROM dispatch WHERE slot = 1 AND blind"))
    assert set(again.values()) == recorded, "where the two models differ an answer for one of them is read again"
    shows_nothing(place, label_studio, page, "vic", again)

    page.goto((place.home / "reports" / place.name / "latest.html").as_uri())
    row = page.locator("section[aria-labelledby=others]").get_by_role("row").filter(has_text="mail-secret-2")
    assert f"asked about {len(recorded)} cases, {len(recorded)} of them settled by people" in row.inner_text()
