"""A mail as HTML on the real servers: a reader sees its text, and its pictures, forms, styles and scripts do nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Frame, Page

from tests import loopback
from tests.e2e import task_page
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place, mail

# Everything in it asks for something of its own, so that a request says what was carried out.
MAIL = """<!doctype html><html><head><style>body {{ background: url({at}/style) }} p {{ color: red; font-size: 60px }}</style>
<link rel=stylesheet href="{at}/link"><script>fetch("{at}/script"); top.owned = 1</script></head>
<body background="{at}/background" onload="top.owned = 1" style="background: url({at}/attribute)">
<h1>Your order</h1><p>Dear Ann, the parcel <b>never</b> came.</p>
<img src="{at}/x" onerror="top.owned = 1"><video src="{at}/video" autoplay></video><object data="{at}/object"></object>
<form action="{at}/form" method=post><input name=q value=typed autofocus><button>Send</button></form>
<iframe src="{at}/frame"></iframe><svg><image href="{at}/svg"/></svg><math><mtext><img src="{at}/math"></mtext></math>
<p><a href="{at}/address" ping="{at}/ping" target=_top>the link</a></p></body></html>"""
REFRESH = '<meta http-equiv="refresh" content="0;url={at}/refresh">'


@dataclass(slots=True)
class Outside:
    """A server that is none of ours. `asked`: the paths it was asked for."""

    at: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def outside() -> Iterator[Outside]:
    built = Outside("")

    class Handler(loopback.Handler):
        def forward(self) -> None:
            built.asked.append(self.path)
            self.answer(404, b"", "text/plain")

    with loopback.serving(Handler) as at:
        built.at = at
        yield built


def test_a_browser_that_is_given_the_mail_itself_asks_for_what_it_names(outside: Outside, page: Page) -> None:
    page.set_content(MAIL.format(at=outside.at), wait_until="networkidle")
    assert {"/link", "/script", "/x", "/video", "/object", "/frame", "/svg", "/math"} <= set(outside.asked)
    assert page.evaluate("window.owned") == 1


def test_in_the_queue_the_text_is_there_and_nothing_of_it_is_carried_out(
    place: Place, label_studio: Any, page: Page, outside: Outside
) -> None:
    path = place.home / "streams" / f"{place.name}.toml"
    path.write_text(path.read_text().replace('kind = "text"', 'kind = "html"'), encoding="utf-8")
    text = (REFRESH + MAIL).format(at=outside.at)
    place.deliver("one.jsonl", [mail(n, score=0.5) | {"text": text + f"<p>{n}</p>"} for n in range(4)])
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    label_studio.add_reviewer("ida@example.com", PASSWORD)
    log_in(page, label_studio.url, "ida@example.com")
    elsewhere: list[str] = []
    page.context.on("request", lambda sent: elsewhere.append(sent.url) if sent.url.startswith(outside.at) else None)
    ((task,),) = place.rows("SELECT task_id FROM dispatch ORDER BY task_id LIMIT 1")
    task_page.opened(place, label_studio, page, task)
    frame = shown(page)
    body = frame.locator("body")
    assert "Dear Ann, the parcel never came." in body.inner_text()
    assert frame.locator("img, form, input, button, iframe, svg, object, video, script, link").count() == 0
    assert frame.locator("b").inner_text() == "never"
    paragraph = frame.locator("p").first
    assert paragraph.evaluate("one => getComputedStyle(one).fontSize") == "16px"
    assert paragraph.evaluate("one => getComputedStyle(one).color") == "rgb(34, 34, 34)"
    frame.get_by_text("the link").click()
    page.wait_for_timeout(1000)  # what is asked for late has been asked for by then
    assert page.url.startswith(label_studio.url)
    assert page.evaluate("window.owned") is None
    assert (outside.asked, elsewhere) == ([], [])
    page.get_by_role("checkbox", name="billing").click()  # the form beside it works
    task_page.submitted(page)


def shown(page: Page) -> Frame:
    """The frame of the mail."""
    element = page.locator("iframe.lsf-htx-richtext").element_handle()
    frame = element.content_frame()
    assert frame is not None
    frame.get_by_text("Dear Ann").wait_for()
    return frame
