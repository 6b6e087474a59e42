"""Content that is a page of its own: shown as text in the queue, in the report and in Prefect, and never carried out."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place, mail

EVIL = "<img src=x onerror=window.owned=1><script>window.owned=1</script><b>[click](javascript:window.owned=1)</b>"


@pytest.fixture
def evil(place: Place) -> Place:
    """Everything that a model or the world may say is a page of its own."""
    path = place.home / "streams" / f"{place.name}.toml"
    text = path.read_text().replace('"other"', f'"other <i>", "{EVIL}"').replace("Customer mail", EVIL)
    path.write_text(text, encoding="utf-8")
    rows = [mail(n) | {"text": f"{n} {EVIL}", "language": EVIL, "label": EVIL if n % 3 else "bug"} for n in range(30)]
    place.deliver("one.jsonl", [*rows, {"id": EVIL, "label": 7, "score": EVIL, "text": "", "language": EVIL}])
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code in (0, 3)
    return place


def untouched(page: Page) -> bool:
    """Nothing of the content became part of the page."""
    harm = "[...document.images].some(i => i.getAttribute('src') === 'x') || !!window.owned"
    links = "[...document.links].some(a => a.href.startsWith('javascript:window'))"
    return not page.evaluate(harm) and not page.evaluate(links)


def test_in_the_queue(evil: Place, label_studio: Any, page: Page) -> None:
    label_studio.add_reviewer("ida@example.com", PASSWORD)
    ((project,),) = evil.rows("SELECT project_id FROM project")
    log_in(page, label_studio.url, "ida@example.com")
    page.goto(f"{label_studio.url}/projects/{project}/data")
    page.get_by_text(EVIL).first.wait_for()
    assert untouched(page)
    page.get_by_role("button", name="Label All Tasks").click()
    page.get_by_test_id("bottombar-submit-button").wait_for()
    page.get_by_text(EVIL).first.wait_for()
    assert untouched(page)


def test_in_the_report_and_in_prefect(evil: Place, prefect_api: str, page: Page) -> None:
    assert evil.cli("measure", evil.name).code == 0
    page.goto((evil.home / "reports" / evil.name / "latest.html").as_uri())
    assert EVIL in page.inner_text("body")
    assert untouched(page)
    for artifact in _artifacts(evil, prefect_api):
        page.goto(f"{prefect_api.removesuffix('/api')}/artifacts/artifact/{artifact['latest_id']}")
        if "window.owned" in str(artifact["data"]):
            page.get_by_text("window.owned").first.wait_for()
        page.wait_for_timeout(1000)  # an image that fails has failed by then
        assert untouched(page), artifact["key"]


def _artifacts(place: Place, api: str) -> Iterator[dict[str, Any]]:
    wanted = {"artifacts": {"key": {"like_": place.name}}}
    answer = httpx.post(f"{api}/artifacts/latest/filter", json=wanted, trust_env=False).raise_for_status()
    rows = [row for row in answer.json() if row["key"].endswith(place.name)]
    assert any("onerror" in str(row["data"]) for row in rows)
    yield from rows
