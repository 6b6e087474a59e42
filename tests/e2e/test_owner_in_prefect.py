"""The owner in Prefect: forms that move the threshold, artifacts that lead there, events that call a person."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from tests.e2e.browser import FLAGS
from tests.e2e.place import COMMAND, Place, mail
from tests.e2e.test_prefect import SERVED, beside, deployments, end, until
from tests.integration import proxy

ROOT = Path(__file__).resolve().parents[2]


def ask(api: str, deployment: dict[str, Any], **answers: object) -> httpx.Response:
    """Send the form as the page does."""
    return httpx.post(
        f"{api}/deployments/{deployment['id']}/create_flow_run",
        json={"state": {"type": "SCHEDULED"}, "parameters": deployment["parameters"] | answers},
        trust_env=False,
    )


def lines(place: Place) -> list[tuple[Any, ...]]:
    """Every adoption: who, why, threshold, certified."""
    return place.rows(
        "SELECT a.adopted_by, a.because, p.threshold, a.certified FROM adoption a JOIN policy p USING (policy_id) "
        "ORDER BY a.version"
    )[1:]


@pytest.mark.timeout(300)
def test_the_form_the_command_and_a_refusal_each_leave_the_right_record(
    place: Place, prefect_api: str, chromium: str
) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(20)])
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    with beside(place, COMMAND, "serve", place.name):
        served = until(lambda: len(result := deployments(prefect_api, place.name)) == SERVED and result)
        adopt = served["adopt"]
        assert adopt["schedules"] == []
        why = {"by": "A. Owner", "because": "a trial"}

        # What cannot be is refused by the form itself, and no run begins.
        for wrong in ({"threshold": 5.0}, {"threshold": "high"}, {"by": ""}):
            refused = ask(prefect_api, adopt, **{**why, **wrong})
            assert refused.status_code == 409, refused.text
        # What is not certified ends with its reason, and changes nothing.
        ended = end(prefect_api, ask(prefect_api, adopt, **why, threshold=0.5).raise_for_status().json()["id"])
        assert ended["type"] == "FAILED"
        assert "threshold 0.5" in ended["message"]
        assert "not certified" in ended["message"]
        assert lines(place) == []

        ended = end(
            prefect_api, ask(prefect_api, adopt, **why, threshold=0.5, uncertified=True).raise_for_status().json()["id"]
        )
        assert ended["type"] == "COMPLETED", ended
        assert lines(place) == [("A. Owner", "a trial", 0.5, 0)]

        # The command as the report prints it, with a name and a reason.
        assert place.cli("measure", place.name).code == 0
        figures = json.loads((place.home / "reports" / place.name / "latest.json").read_text())
        row = next(row for row in figures["what_if"]["rows"] if row["threshold"] not in (None, 0.5))
        assert row["certified"] is False
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page()
            page.goto((place.home / "reports" / place.name / "latest.html").as_uri())
            page.locator("#line-at").fill(str(figures["what_if"]["rows"].index(row)))
            command = page.locator("#command").inner_text()
            browser.close()
        program, *words = command.replace("NAME", "B.Owner").replace("TEXT", "copied").split()
        assert program == "second-reader"
        assert place.cli(*words).code == 0
        assert lines(place)[1:] == [("B.Owner", "copied", row["threshold"], 0)]

        # In the browser, from the link of the artifact.
        assert place.cli("measure", place.name).code == 0
        answer = httpx.post(
            f"{prefect_api}/artifacts/latest/filter",
            json={"artifacts": {"key": {"any_": [f"{kind}-{place.name}" for kind in ("report", "lines", "page")]}}},
            trust_env=False,
        )
        kept = {row["key"].partition("-")[0]: row["data"] for row in answer.raise_for_status().json()}
        assert "nothing released" in kept["lines"]
        form = kept["report"].partition("[Move the threshold](")[2].partition(")")[0]
        assert adopt["id"] in form
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.goto(form)
            for name, text in (("by", "C. Owner"), ("because", "by the form")):
                label = page.locator(".schema-form-property__label", has_text=re.compile(f"^{name}$"))
                label.locator("xpath=following::textarea[1]").fill(text)
            page.get_by_role("button", name="float").click()
            page.get_by_role("spinbutton").first.fill("0.9")
            page.get_by_role("switch").click()
            page.get_by_role("button", name="Submit").click()
            until(lambda: lines(place)[2:])
            browser.close()
        assert lines(place)[2:] == [("C. Owner", "by the form", 0.9, 0)]

        ended = end(prefect_api, ask(prefect_api, served["halt"], **why).raise_for_status().json()["id"])
        assert ended["type"] == "COMPLETED", ended
        assert lines(place)[3:] == [("A. Owner", "a trial", None, 0)]


@pytest.fixture
def reported() -> Iterator[tuple[str, list[str]]]:
    """A receiver of notifications on this machine, and what it received."""
    heard: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.timeout(300)
def test_late_cases_raise_one_event_and_the_automation_tells_people(
    place: Place, prefect_api: str, reported: tuple[str, list[str]]
) -> None:
    where, heard = reported
    block = f"""
from prefect.blocks.notifications import CustomWebhookNotificationBlock
body = {{"subject": "{{{{subject}}}}", "body": "{{{{body}}}}"}}
made = CustomWebhookNotificationBlock(name="ops", url={where!r}, method="POST", json_data=body)
print(made.save("{place.name}"))
"""
    saved = subprocess.run(
        [sys.executable, "-c", block], env=place.environment, cwd=place.home, capture_output=True, text=True, check=True
    )
    text = (ROOT / "deploy" / "production" / "automations.yaml").read_text(encoding="utf-8")
    file = place.home / "automations.yaml"
    file.write_text(text.replace("NOTIFICATION_BLOCK_ID", saved.stdout.split()[-1]), encoding="utf-8")
    prefect = Path(sys.executable).with_name("prefect")
    subprocess.run(
        [prefect, "automation", "create", "--from-file", file],
        env=place.environment,
        cwd=place.home,
        check=True,
        capture_output=True,
    )
    stream = place.home / "streams" / f"{place.name}.toml"
    stream.write_text(stream.read_text().replace("[review]\n", "[review]\ndeadline_hours = 0.0001\n"), encoding="utf-8")
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    assert place.cli("measure", place.name).code == 0
    mine = until(lambda: [one for one in heard if place.name in one], 60)
    assert "second-reader.late" in mine[0]
    assert place.cli("measure", place.name).code == 0
    assert ["second-reader.late"] == kept(prefect_api, place.name), "reported once, not every time"


@pytest.mark.family(0)
@pytest.mark.parametrize(("plan", "expected"), [([], ["second-reader.late"]), (["gone"], [])])
def test_an_event_comes_through_where_a_gateway_passes_no_websocket_and_one_that_is_lost_is_reported(
    place: Place, prefect_api: str, plan: list[str], expected: list[str]
) -> None:
    stream = place.home / "streams" / f"{place.name}.toml"
    stream.write_text(stream.read_text().replace("[review]\n", "[review]\ndeadline_hours = 0.0001\n"), encoding="utf-8")
    place.deliver("one.jsonl", [mail(n) for n in range(4)])
    for work in ("init", "score", "dispatch"):
        assert place.cli(work, place.name).code == 0
    with proxy.before(prefect_api.removesuffix("/api")) as gateway:  # it passes plain requests only
        gateway.spoils, gateway.plan = "/api/events", plan
        beyond = replace(place, environment=place.environment | {"PREFECT_API_URL": f"{gateway.url}/api"})
        measured = beyond.cli("measure", place.name)
        assert measured.code == 0
        assert gateway.seen >= 1
    lost = f"Prefect did not keep the event second-reader.late of second-reader.stream.{place.name}"
    assert (not expected) == (lost in measured.err)
    assert expected == kept(prefect_api, place.name)


def kept(prefect_api: str, stream: str) -> list[str]:
    """The events of a stream that Prefect has."""
    wanted = {"event": {"prefix": ["second-reader."]}, "resource": {"id": [f"second-reader.stream.{stream}"]}}
    answer = httpx.post(f"{prefect_api}/events/filter", json={"filter": wanted}, trust_env=False).raise_for_status()
    return [one["event"] for one in answer.json()["events"]]


def test_status_has_every_stream_in_one_line_and_says_what_is_wrong_with_one(place: Place) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(10)])
    assert "make it with `second-reader init STREAM`" in place.cli("status").out
    place.cli("init", place.name)
    assert place.cli("run", place.name).code == 0
    (place.home / "streams" / "broken.toml").write_text("name = 1", encoding="utf-8")
    shown = place.cli("status")
    assert shown.code == 1
    assert "broken.toml" in shown.out
    (row,) = [row for row in json.loads(place.cli("status", "--json").out) if row["stream"] == place.name]
    assert (row["automation"], row["threshold"], row["problem"], row["faults"]) == (0.0, None, None, 0)
    assert row["open"] == place.rows("SELECT count(*) FROM dispatch")[0][0] == 10
