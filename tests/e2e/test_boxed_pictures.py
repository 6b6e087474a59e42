"""Two cases on one picture in the real Label Studio: each reader sees the frame of the case, over what it frames."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Frame, Locator, Page

from tests import loopback
from tests.e2e import task_page
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import STREAM, Place
from tests.e2e.test_boxes import BUS, CAR, HEIGHT, WIDTH

KEY = 'kind = "image"\nbox = {{ x = "x", y = "y", width = "width", height = "height"{unit} }}'
SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
    '<rect width="100%" height="100%" fill="#e0e0e0"/>{parts}<script>top.owned = 1</script></svg>'
)
SIDES = ("x", "y", "width", "height")


@dataclass(slots=True)
class Pictures:
    """A server of pictures. `asked`: the paths it was asked for."""

    at: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    built = Pictures("")
    parts = "".join(
        f'<rect x="{box["x"]}%" y="{box["y"]}%" width="{box["width"]}%" height="{box["height"]}%" fill="#404040"/>'
        for box in (CAR, BUS)
    )

    class Handler(loopback.Handler):
        def forward(self) -> None:
            built.asked.append(self.path)
            self.answer(200, SVG.format(parts=parts).encode(), "image/svg+xml")

    with loopback.serving(Handler) as at:
        built.at = at
        yield built


def described(place: Place, unit: str = "") -> None:
    path = place.home / "streams" / f"{place.name}.toml"
    text = STREAM.format(name=place.name, model="boxes-1", depth=200, overlap=0.0)
    text = text.replace('"text"]', '"image"]')
    text = text.replace('kind = "text"', KEY.format(unit=unit)).replace('slices = ["language"]\n', "")
    path.write_text(text, encoding="utf-8")


def row(case: str, image: str, box: dict[str, Any], label: str) -> dict[str, Any]:
    return {"id": case, "image": image, "label": label, "score": 0.5} | {side: box[side] for side in SIDES}


def shown(page: Page) -> Frame:
    """The frame of the picture, once it is there."""
    element = page.locator("iframe.lsf-htx-richtext").element_handle()
    frame = element.content_frame()
    assert frame is not None
    frame.locator(".box").wait_for()
    return frame


def place_of(one: Locator) -> tuple[float, ...]:
    area = one.bounding_box()
    assert area
    return area["x"], area["y"], area["width"], area["height"]


def framed(frame: Frame) -> tuple[float, ...]:
    """Where the frame lies, in percent of the picture's sides."""
    left, top, width, height = place_of(frame.locator("img"))
    x, y, wide, high = place_of(frame.locator(".box"))
    shares = ((x - left) / width, (y - top) / height, wide / width, high / height)
    return tuple(round(100 * share, 1) for share in shares)


def test_each_of_two_cases_on_a_picture_has_its_frame_over_what_it_frames_blind_or_not(
    place: Place, label_studio: Any, page: Page, pictures: Pictures
) -> None:
    described(place)
    images = [f"{pictures.at}/{n}.svg?a=1&b='\"><script>top.owned=1</script>" for n in range(16)]
    rows = [
        row(f"{n}-{name}", image, box, label)
        for n, image in enumerate(images)
        for name, box, label in (("car", CAR, "bug"), ("bus", BUS, "billing"))
    ]
    place.deliver("one.jsonl", rows)
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    sent = {case: (task, blind) for case, task, blind in place.rows("SELECT case_id, task_id, blind FROM dispatch")}
    assert len(sent) == len(rows)
    data = [set(task["data"]) for task in place.tasks()]
    assert all(keys == {"picture", "case_key"} for keys in data)
    kept = place.cli("show", "case", place.name, next(iter(sent))).out
    assert all(f"  {side}:" in kept for side in ("image", *SIDES))

    label_studio.add_reviewer("bea@example.com", PASSWORD)
    log_in(page, label_studio.url, "bea@example.com")
    looks: dict[bool, set[str]] = {False: set(), True: set()}
    wanted = {(kind, name) for kind in ("blind", "assisted") for name in ("car", "bus")}
    for case, (task, blind) in sent.items():
        name = case.partition("-")[2]
        box = CAR if name == "car" else BUS
        which = ("blind" if blind else "assisted", name)
        if which not in wanted:
            continue
        wanted.remove(which)
        task_page.opened(place, label_studio, page, task)
        frame = shown(page)
        assert framed(frame) == tuple(box[side] for side in SIDES)
        assert place_of(frame.locator("img"))[2:] == (WIDTH, HEIGHT), "it has come, at its own size"
        assert page.evaluate("window.owned") is None
        styles = "one => JSON.stringify([one.innerHTML.replace(/[0-9.]+/g, ''), one.clientWidth, one.clientHeight])"
        looks[bool(blind)].add(frame.locator("body").evaluate(styles))
        checked = page.locator(".lsf-choice__checkbox input:checked").count()
        assert checked == (0 if blind else 1)
        if folder := os.environ.get("SECOND_READER_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/box-{'-'.join(which)}.png")
        if blind:
            page.keyboard.press("2")
        task_page.submitted(page)
    assert wanted == set(), "one of each was sent"
    assert len(looks[False] | looks[True]) == 1, "a blind task and one that is not are one page"
    assert all(path.partition("?")[0].endswith(".svg") for path in pictures.asked)

    assert place.cli("collect", place.name).code == 0
    read = place.rows("SELECT blind, count(*) FROM review WHERE outcome = 'answer' GROUP BY blind ORDER BY blind")
    assert [blind for blind, _ in read] == [0, 1]


@pytest.mark.family(0)
def test_in_pixels_the_frame_lies_right_on_a_picture_wider_than_the_page(
    place: Place, label_studio: Any, page: Page, pictures: Pictures
) -> None:
    described(place, ', unit = "pixels"')
    box = {"x": 64, "y": 200, "width": 128, "height": 80}  # CAR, of WIDTH and HEIGHT
    place.deliver("one.jsonl", [row("one", f"{pictures.at}/one.svg", box, "bug")])
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    label_studio.add_reviewer("pia@example.com", PASSWORD)
    page.set_viewport_size({"width": 500, "height": 800})
    log_in(page, label_studio.url, "pia@example.com")
    ((task,),) = place.rows("SELECT task_id FROM dispatch")
    task_page.opened(place, label_studio, page, task)
    frame = shown(page)
    assert framed(frame) == tuple(CAR[side] for side in SIDES)
    assert place_of(frame.locator("img"))[2:] == (WIDTH, HEIGHT)
    assert frame.locator(".own").evaluate("one => one.scrollWidth > one.clientWidth")
