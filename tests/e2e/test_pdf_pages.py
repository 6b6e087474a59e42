"""PDFs on the real servers: a reader pages through them, and one that cannot be opened keeps nobody from the others."""

import base64
import io
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from tests import pdfs
from tests.e2e import task_page
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place, answer, mail

LONG = 23
SHOWN = "img[src^='data:image/jpeg'], img[src^='blob:']"


def begun(place: Place) -> None:
    """Six PDFs that can be read, the last of them a long one, and one that needs a password."""
    path = place.home / "streams" / f"{place.name}.toml"
    path.write_text(path.read_text().replace('kind = "text"', 'kind = "pdf"'), encoding="utf-8")
    contents = [pdfs.of(f"CONTRACT {n}", "Second page", "Third page") for n in range(5)]
    contents += [pdfs.of(*(f"Page {n}" for n in range(1, LONG + 1))), pdfs.encrypted()]
    rows = [mail(n, score=0.5) | {"text": pdfs.uri(content)} for n, content in enumerate(contents)]
    place.deliver("one.jsonl", rows)
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 3  # one is left out


def test_a_reader_pages_through_a_pdf_and_its_answer_comes_home(place: Place, label_studio: Any, page: Page) -> None:
    begun(place)
    tasks = dict(place.rows("SELECT case_id, task_id FROM dispatch"))
    assert set(tasks) == {f"mail-{n:03d}" for n in range(6)}
    faults = [reason for (reason,) in place.rows("SELECT reason FROM fault")]
    assert faults == ["id 'mail-006' cannot be shown to a person: the PDF needs a password; deliver it without one"]
    stored = {task["id"]: task for task in place.tasks()}
    assert {frozenset(task["data"]) for task in stored.values()} == {frozenset({"pages", "which_pages", "case_key"})}
    assert len(stored[tasks["mail-005"]]["data"]["pages"]) == 20

    token = label_studio.add_reviewer("pia@example.com", PASSWORD)
    log_in(page, label_studio.url, "pia@example.com")
    task_page.opened(place, label_studio, page, tasks["mail-000"])
    page.get_by_text("3 pages").wait_for()
    first, source = picture(page), page.locator(SHOWN).first.get_attribute("src")
    for number in (2, 3):
        page.locator(".lsf-pagination__btn_arrow-right").first.click()
        page.wait_for_function("n => document.body.innerText.includes(`${n} of 3`)", arg=number)
    expect(page.locator(SHOWN).first).not_to_have_attribute("src", source or "")
    assert picture(page) != first
    assert first.size == (1240, 1755)

    task_page.opened(place, label_studio, page, tasks["mail-005"])
    page.get_by_text(f"Pages 1 to 20 of {LONG}").wait_for()
    page.get_by_text("of 20", exact=False).first.wait_for()

    answer(place, token, stored[tasks["mail-000"]], "billing")
    assert place.cli("collect", place.name).code == 0
    assert place.rows("SELECT case_id, answer FROM review") == [("mail-000", "billing")]
    shown_case = place.cli("show", "case", place.name, "mail-000").out
    assert "billing" in shown_case


def picture(page: Page) -> Image.Image:
    """The page of the PDF that is shown."""
    source = page.locator(SHOWN).first
    source.wait_for()
    script = """async image => {
        const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
        return btoa(Array.from(bytes, one => String.fromCharCode(one)).join(""));
    }"""
    return Image.open(io.BytesIO(base64.b64decode(source.evaluate(script)))).convert("L")
