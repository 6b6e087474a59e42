"""A task's page in Label Studio, as a reader at Chromium uses it."""

from typing import Any

from playwright.sync_api import Page

from tests.e2e.place import Place

STAYS = 1000  # milliseconds


def opened(place: Place, label_studio: Any, page: Page, task: int) -> None:
    """One task's page, once its form stays."""
    ((project,),) = place.rows("SELECT DISTINCT project_id FROM project")
    page.goto(f"{label_studio.url}/projects/{project}/data?task={task}")
    page.wait_for_load_state("networkidle")
    submit = page.get_by_test_id("bottombar-submit-button")
    submit.wait_for()
    while not submit.and_(page.locator("[data-seen]")).count():  # opened by its address, it is built twice
        submit.evaluate("button => button.dataset.seen = 'yes'")
        page.wait_for_timeout(STAYS)
        submit.wait_for()


def noted(page: Page) -> None:
    """Close the note that names what is missing; a click while it still opens is lost."""
    note = page.locator(".ant-modal-wrap")
    while note.is_visible():
        page.get_by_role("button", name="OK").click()
        page.wait_for_timeout(400)  # it fades


def submitted(page: Page) -> None:
    """Submit, and wait until it is taken."""
    page.get_by_test_id("bottombar-submit-button").click()
    page.get_by_test_id("bottombar-update-button").wait_for()
