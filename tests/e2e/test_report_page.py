"""The report in a real browser: the threshold moves by slider, keys, click, and says what the JSON says; nothing is fetched."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from models.planning import what_if
from review import formats
from review.report import as_json, report, slider
from review.report.figures import Report
from tests.e2e.browser import FLAGS
from tests.unit.review.report.report_facts import COUNTS, PLAN, PROGRESS, STATES, part, report_of, table

EVIL = "language: <img src=x onerror=alert(1)></script><script>alert(2)</script>"


@pytest.fixture(scope="module")
def figures() -> Report:
    parts = (part("answer: 1"), part(EVIL, ((0.95, "AUTOMATE", True, 0.5, "wrong", False, 9), *COUNTS[4:])))
    return report_of(progress=PROGRESS, parts=parts)


@contextmanager
def opened(
    chromium: str, folder: Path, result: Report, *, width: int = 1400, scheme: str = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """The page from its file, and everything it complained of or asked for."""
    path = folder / "page.html"
    path.write_text(report.page(result), encoding="utf-8")
    noted: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        page.on("console", lambda message: noted.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: noted.append(f"error: {error}"))
        page.on("dialog", lambda dialog: noted.append(f"dialog: {dialog.message}"))
        page.on("request", lambda asked: noted.append(asked.url) if asked.url != path.as_uri() else None)
        page.goto(path.as_uri())
        yield page, noted
        browser.close()


def shown(page: Page) -> dict[str, str]:
    """Every live figure as it stands on the page, and the command."""
    reported: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".live [data-say]")]
            .map((element) => [element.dataset.say, element.textContent]))"""
    )
    return reported | {"line": page.locator("#line-said").inner_text(), "do": page.locator("#command").inner_text()}


def sentences_of(row: dict[str, Any], result: Report) -> dict[str, str]:
    """What the page must say of a row of the JSON, written here from the numbers alone."""
    some = row["error"] is not None
    at = row["threshold"]
    return {
        "line": "nothing released" if at is None else formats.threshold(at),
        "share": f"{formats.share(row['coverage'])} of cases",
        "released": f"{formats.amount(row['released'])} a day",
        "error": formats.share(row["error"]) if some else formats.DASH,
        "wrong": f"{formats.amount(row['wrong'])} a day" if row["wrong"] is not None else formats.DASH,
        "hours": f"{formats.amount(row['review_hours'])} h a day",
        "reviews": f"{formats.amount(row['reviews'])} reviews, audits included",
        "cost": f"{formats.amount(row['cost'])} {result.currency}" if row["cost"] is not None else formats.DASH,
        "certified": "Nothing to certify" if at is None else f"{'✓ C' if row['certified'] else '✕ Not c'}ertified",
    }


def test_slider_keys_clicks_and_buttons_move_the_threshold_and_every_figure_is_the_jsons(
    chromium: str, tmp_path: Path, figures: Report
) -> None:
    rows = json.loads(json.dumps(as_json.whole(figures)))["what_if"]["rows"]
    assert [row["threshold"] for row in rows] == [None, 0.9, 0.3]

    def agrees(page: Page, row: dict[str, Any]) -> None:
        reported = shown(page)
        assert {name: reported[name] for name in sentences_of(row, figures)} == sentences_of(row, figures)
        assert reported["do"] == slider.command(figures, row)
        if row["error"] is not None:
            for limit in (formats.at_least(row["low"]), formats.at_most(row["high"]), f"{row['n']}"):
                assert limit in reported["error_limits"]
            for amount in (row["wrong_low"], row["wrong_high"]):
                assert formats.amount(amount) in reported["wrong_limits"]

    with opened(chromium, tmp_path, figures) as (page, noted):
        handle = page.locator("#line-at")
        agrees(page, rows[1])  # today's threshold
        handle.focus()
        page.keyboard.press("ArrowRight")
        agrees(page, rows[2])
        page.keyboard.press("Home")
        agrees(page, rows[0])
        page.get_by_role("button", name="Certified", exact=True).click()
        agrees(page, rows[1])
        box = page.locator(".moves svg:visible").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
        agrees(page, rows[2])
        # Dragged over the chart, from the right edge to the left one.
        page.mouse.move(box["x"] + box["width"] - 12, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2, steps=5)
        page.mouse.up()
        agrees(page, rows[0])
        knob = handle.bounding_box()
        assert knob is not None
        page.mouse.click(knob["x"] + knob["width"] - 3, knob["y"] + knob["height"] / 2)
        agrees(page, rows[2])
        assert noted == []


def test_the_parts_follow_the_same_slider_and_one_is_shown_beside_all(
    chromium: str, tmp_path: Path, figures: Report
) -> None:
    with opened(chromium, tmp_path, figures) as (page, noted):
        for place, row in enumerate(figures.what_if.rows.to_dicts()):
            page.locator("#line-at").fill(str(place))
            for number, one in enumerate(slider.shown(figures)):
                words = slider.part_words(one.rows.row(place, named=True))
                reported = page.locator(f"[data-part='{number}'] [data-cell]")
                by_cell = {cell.get_attribute("data-cell"): cell.text_content() for cell in reported.all()}
                assert [by_cell[str(cell)] for cell in range(4)] == words, row
        assert not page.locator(".part-line").first.get_attribute("d")
        page.select_option("#part-shown", index=1)
        assert page.locator(".part-line").first.get_attribute("d")
        assert noted == []


def test_the_command_is_copied(chromium: str, tmp_path: Path, figures: Report) -> None:
    with opened(chromium, tmp_path, figures) as (page, noted):
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy").click()
        page.get_by_text("Copied").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == page.locator("#command").inner_text()
        assert noted == []


@pytest.mark.family(2)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_the_page_is_accessible_and_a_phone_need_not_scroll_sideways(
    chromium: str, tmp_path: Path, figures: Report, width: int, scheme: str
) -> None:
    with opened(chromium, tmp_path, figures, width=width, scheme=scheme) as (page, noted):
        completed = Axe().run(page)
        grave = [
            f"{one['id']}: {one['help']}"
            for one in completed.response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert noted == []


@pytest.mark.family(3)
@pytest.mark.parametrize("state", STATES)
def test_every_state_of_a_stream_has_a_page_without_a_complaint(chromium: str, tmp_path: Path, state: str) -> None:
    with opened(chromium, tmp_path, STATES[state]) as (page, noted):
        assert page.locator("h1").inner_text()
        assert noted == []


def test_what_is_in_a_slice_name_is_text(chromium: str, tmp_path: Path, figures: Report) -> None:
    with opened(chromium, tmp_path, figures) as (page, noted):
        assert page.get_by_role("rowheader", name=EVIL).count() >= 1
        assert page.locator("img").count() == 0
        assert noted == []


def test_with_a_line_per_class_the_class_is_chosen_and_its_command_shown(
    chromium: str, tmp_path: Path, figures: Report
) -> None:
    rows = figures.what_if.rows
    labels = {"a & b": pl.DataFrame({"certified": [False, True, False], "needed": [None, 0, 40]})}
    by_class = replace(figures, what_if=replace(figures.what_if, labels=labels))
    with opened(chromium, tmp_path, by_class) as (page, noted):
        assert page.locator("#command").inner_text() == "choose the class whose threshold it is"
        page.select_option("#class-shown", label="a & b")
        assert "--class 'a & b' --threshold 0.9" in page.locator("#command").inner_text()
        page.locator("#line-at").fill("2")
        work = math.ceil(40 * figures.what_if.minutes)
        assert shown(page)["needed"].replace(formats.SPACE, " ") == f"about 40 more labels, {work} min of people"
        assert rows.height == 3
        assert noted == []


def test_a_page_over_ten_million_decisions_is_small_and_quick(chromium: str, tmp_path: Path) -> None:
    """As many thresholds and parts as there can be. What is behind a count does not make the page larger."""
    thresholds = tuple(1 - (place + 0.5) / 200 for place in range(200))
    rows = [
        (sure, "AUTOMATE", sampled, 0.05, outcome, False, number)
        for sure in thresholds
        for sampled, outcome, number in ((False, "unsampled", 47_500), (True, "right", 2_450), (True, "wrong", 50))
    ]
    counts = table(tuple(rows))
    assert counts["n"].sum() == 10_000_000
    plan = replace(PLAN, thresholds=thresholds)
    wide = replace(
        PROGRESS,
        plan=plan,
        log_e=(9.0,) * 200,
        cases=tuple(50_000 * (n + 1) for n in range(200)),
        labels=tuple(2500.0 * (n + 1) for n in range(200)),
        errors=tuple(50.0 * (n + 1) for n in range(200)),
    )
    parts = tuple(what_if.part(f"shop: {n} {'x' * 60}", counts, thresholds, 0.05) for n in range(40))
    result = report_of(tuple(rows), progress=wide, parts=parts)
    page_text = report.page(result)
    assert len(page_text.encode()) < 3_000_000
    with opened(chromium, tmp_path, result) as (page, noted):
        sampled = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        assert 0 < sampled < 2000
        assert noted == []
