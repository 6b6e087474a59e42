"""Boxes on a picture in the real Label Studio: left as they are, one more by the mouse, and all anew where a case is blind."""

import base64
import struct
import zlib
from typing import Any

from playwright.sync_api import Locator, Page, expect

from models.answers import record_text
from tests.e2e import task_page, test_records
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place

STREAM = (
    test_records.STREAM.partition("[[field]]")[0].replace('payload = ["text"]', 'payload = ["picture"]')
    + """
[[field]]
name = "vehicles"
kind = "boxes"
labels = ["car", "bus"]
score = "vehicles_conf"

[[field]]
name = "plate"
required = false
score = "plate_conf"

[model]"""
    + test_records.STREAM.partition("[model]")[2]
    .replace('kind = "text"', 'kind = "image"')
    .replace("What does the invoice say?", "What is on the street?")
)
WIDTH, HEIGHT = 640, 400
CAR: dict[str, Any] = {"x": 10.0, "y": 50.0, "width": 20.0, "height": 20.0, "label": "car"}
BUS: dict[str, Any] = {"x": 55.0, "y": 30.0, "width": 35.0, "height": 45.0, "label": "bus"}


def picture(grey: int) -> str:
    """All of one grey, with a dark part where CAR and BUS are, as a PNG in a text."""
    rows = [bytearray([grey]) * WIDTH for _ in range(HEIGHT)]
    for box in (CAR, BUS):
        left, top = (round(box[key] * side / 100) for key, side in (("x", WIDTH), ("y", HEIGHT)))
        width, height = (round(box[key] * side / 100) for key, side in (("width", WIDTH), ("height", HEIGHT)))
        for row in rows[top : top + height]:
            row[left : left + width] = b"\x40" * width
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    )
    return "data:image/png;base64," + base64.b64encode(png).decode()


def open_task(place: Place, label_studio: Any, page: Page, task: int) -> Locator:
    """The picture of a task, ready to be marked."""
    task_page.opened(place, label_studio, page, task)
    page.wait_for_load_state("networkidle")  # the form is made anew when the list beside it has come
    stage = page.locator(".konvajs-content").first
    stage.wait_for()
    return stage


def at(stage: Locator, box: dict[str, Any], share: float) -> tuple[float, float]:
    """A point on the way from a box's first corner (0) to its last (1), in pixels of the page."""
    area = stage.bounding_box()
    assert area
    left, top = (box[place] + box[side] * share for place, side in (("x", "width"), ("y", "height")))
    return area["x"] + area["width"] * left / 100, area["y"] + area["height"] * top / 100


def pull(page: Page, stage: Locator, box: dict[str, Any]) -> None:
    """Choose the label, and pull a box over the picture with the mouse."""
    page.get_by_text(box["label"], exact=True).first.click()
    page.mouse.move(*at(stage, box, 0))
    page.mouse.down()
    page.mouse.move(*at(stage, box, 0.5))
    page.mouse.move(*at(stage, box, 1))
    page.mouse.up()


def near(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether a box that was pulled by hand is where it was meant to be."""
    return one["label"] == other["label"] and all(
        abs(one[key] - other[key]) < 1 for key in ("x", "y", "width", "height")
    )


def test_boxes_are_taken_as_they_are_added_by_the_mouse_and_marked_anew(
    place: Place, label_studio: Any, page: Page
) -> None:
    (place.home / "streams" / f"{place.name}.toml").write_text(STREAM.format(name=place.name), encoding="utf-8")
    rows = [
        {"doc": f"p-{n:02d}", "picture": picture(200 + n), "vehicles": [CAR], "vehicles_conf": 0.5}
        | {"plate": f"B {n}", "plate_conf": 0.6}
        for n in range(16)
    ]
    place.deliver("one.jsonl", rows)
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    sent = place.rows("SELECT case_id, task_id, blind FROM dispatch ORDER BY task_id")
    (agreed, first), (mended, second), *_ = [(case, task) for case, task, blind in sent if not blind]
    anew, third = next((case, task) for case, task, blind in sent if blind)
    label_studio.add_reviewer("ines@example.com", PASSWORD)
    log_in(page, label_studio.url, "ines@example.com")

    open_task(place, label_studio, page, first)
    expect(page.get_by_role("checkbox", name="All are marked")).to_be_checked()
    task_page.submitted(page)

    stage = open_task(place, label_studio, page, second)
    pull(page, stage, BUS)
    task_page.submitted(page)

    stage = open_task(place, label_studio, page, third)
    pull(page, stage, CAR)
    page.mouse.click(*at(stage, CAR, 0.5))
    page.keyboard.press("Backspace")  # a second thought
    pull(page, stage, BUS)
    page.get_by_role("checkbox", name="All are marked").click()
    page.get_by_role("checkbox", name="Not there").click()
    task_page.submitted(page)

    assert place.cli("collect", place.name).code == 0
    answers = dict(place.rows("SELECT case_id, answer FROM review"))
    predictions = dict(place.rows("SELECT case_id, prediction FROM decision"))
    assert answers.keys() == {agreed, mended, anew}
    assert answers[agreed] == predictions[agreed]
    car, bus = record_text.values(answers[mended])["vehicles"]
    assert near(car, CAR)
    assert near(bus, BUS)
    (alone,) = record_text.values(answers[anew])["vehicles"]
    assert near(alone, BUS)
