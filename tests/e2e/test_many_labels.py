"""A reviewer whose question has 1 200 answers finds one by typing."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import LABELS, Place, mail

MANY = [f"Home > Group {number // 40} > Leaf {number}" for number in range(1_200)]


@pytest.mark.family(0)
def test_one_of_1200_labels_is_typed_and_a_suggested_one_corrected_and_the_ledger_holds_exactly_that(
    place: Place, label_studio: Any, page: Page
) -> None:
    stream = place.home / "streams" / f"{place.name}.toml"
    stream.write_text(stream.read_text().replace(str(LABELS).replace("'", '"'), str(MANY).replace("'", '"')))
    mails = {row["id"]: row for row in (mail(n, label=MANY[17 * n]) for n in range(12))}
    place.deliver("one.jsonl", list(mails.values()))
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    label_studio.add_reviewer("una@example.com", PASSWORD)
    queue = place.rows("SELECT case_id, blind FROM dispatch ORDER BY task_id")
    ((project,),) = place.rows("SELECT project_id FROM project")

    log_in(page, label_studio.url, "una@example.com")
    page.goto(f"{label_studio.url}/projects/{project}/data")
    page.get_by_role("button", name="Label All Tasks").click()
    chosen = page.locator(".htx-taxonomy .ant-select-selection-item")
    done = []
    missing = {0, 1}
    for case, blind in queue:
        page.get_by_text(mails[case]["text"]).first.wait_for()
        page.locator(".htx-taxonomy").wait_for()
        assert chosen.all_inner_texts() == ([] if blind else [mails[case]["label"]])
        if not blind:
            chosen.locator(".ant-select-selection-item-remove").click()
        page.locator(".htx-taxonomy .ant-select-selector").click()
        page.locator(".htx-taxonomy-dropdown input:visible").first.fill("leaf 1123")
        page.locator(".htx-taxonomy-dropdown .ant-select-tree-title", has_text="Leaf 1123").click()
        page.get_by_test_id("bottombar-submit-button").click()
        done.append((case, "una@example.com", "answer", MANY[1123], blind))
        page.get_by_text(mails[case]["text"]).first.wait_for(state="detached")
        missing.discard(blind)
        if not missing:
            break
    assert not missing
    assert place.cli("collect", place.name).code == 0
    assert place.rows("SELECT case_id, reviewer, outcome, answer, blind FROM review ORDER BY annotation_id") == done
