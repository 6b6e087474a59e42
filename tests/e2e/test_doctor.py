"""`doctor` on real servers: well, served, down, tampered with; and what runs say where Prefect and monitors listen."""

import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.e2e.place import COMMAND, Place, mail
from tests.integration import ledger_facts as facts


def examined(place: Place, *words: str) -> tuple[int, list[dict[str, str]]]:
    result = place.cli("doctor", place.name, "--json", *words)
    return result.code, json.loads(result.out)


def texts_of(findings: list[dict[str, str]], level: str) -> str:
    return "\n".join(f"{one['subject']}: {one['what']}" for one in findings if one["level"] == level)


@pytest.mark.timeout(300)
def test_all_is_well_while_the_flows_are_served_and_it_says_so_when_they_are_not(
    place: Place, label_studio: Any, prefect_api: str
) -> None:
    for who in ("eva", "finn", "gil"):
        label_studio.add_reviewer(f"{who}@example.com", "a-Pass-word-9")
    place.deliver("one.jsonl", [mail(n) for n in range(5)])
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    with (place.home / "serve.log").open("wb") as log:
        serving = subprocess.Popen(
            [COMMAND, "serve", place.name], env=place.environment, cwd=place.home, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 90
        code, findings = examined(place, "--deep")
        while code != 0 and time.monotonic() < end:
            code, findings = examined(place, "--deep")
        assert code == 0, findings
        assert {one["level"] for one in findings} == {"ok"}
        assert {one["subject"] for one in findings} == {"settings", "ledger", "Label Studio", "Prefect", "clock"}
        assert "every record is as it was sealed" in texts_of(findings, "ok")
    finally:
        serving.terminate()
        serving.wait(30)
    # A run that fails is remembered by the server, and doctor repeats why.
    text = (place.home / "streams" / f"{place.name}.toml").read_text(encoding="utf-8")
    (place.home / "streams" / f"{place.name}.toml").write_text(text.replace('"mail-1"', '"mail-2"'), encoding="utf-8")
    assert place.cli("score", place.name).code == 2
    code, findings = examined(place)
    assert code == 1
    assert "the last run of score" in texts_of(findings, "bad")
    assert "the file's model.id is 'mail-2'" in texts_of(findings, "bad")


def test_a_personal_token_is_taken_and_named_and_a_wrong_one_is_refused_without_being_shown(
    place: Place, label_studio: Any
) -> None:
    with place.label_studio() as client:
        legacy_only = client.get("/api/jwt/settings").json()
        client.post("/api/jwt/settings", json=legacy_only | {"api_tokens_enabled": True}).raise_for_status()
        for token in client.get("/api/token/").json():
            client.post("/api/token/blacklist", json={"refresh": token["token"]})
        built = client.post("/api/token/").raise_for_status().json()["token"]
    place.environment["SECOND_READER_LABEL_STUDIO_TOKEN"] = built
    assert "personal token accepted" in texts_of(examined(place)[1], "ok")
    wrong = built[:-4] + ("AAAA" if built[-4:] != "AAAA" else "BBBB")
    place.environment["SECOND_READER_LABEL_STUDIO_TOKEN"] = wrong
    result = place.cli("doctor", place.name)
    assert "refused the token" in result.out
    assert wrong not in result.out + result.err
    place.environment["SECOND_READER_LABEL_STUDIO_TOKEN"] = "a token"
    assert "copy it again" in place.cli("doctor").out
    elsewhere = place.environment["PREFECT_API_URL"]  # it answers, with something else
    place.environment.update(SECOND_READER_LABEL_STUDIO_TOKEN="0" * 40, SECOND_READER_LABEL_STUDIO_URL=elsewhere)
    result = place.cli("doctor")
    assert (result.code, "Traceback" in result.err) == (1, False)
    assert "bad: Label Studio" in result.out
    place.environment["SECOND_READER_LABEL_STUDIO_TOKEN"] = ""
    assert "SECOND_READER_LABEL_STUDIO_TOKEN: not set" in place.cli("doctor").out


def test_servers_that_are_down_and_a_ledger_that_was_edited_are_one_line_each(place: Place) -> None:
    assert place.cli("init", place.name).code == 0
    facts.execute(place.environment["SECOND_READER_LEDGER"], "DROP TRIGGER adoption_no_update")
    down = {"SECOND_READER_LABEL_STUDIO_URL": "http://127.0.0.1:9", "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    kept = dict(place.environment)
    place.environment.update(down)
    place.environment["SECOND_READER_LEGDER"] = "sqlite:///ledger.db"
    (place.home / "streams" / "new.toml").write_text(_renamed(place, "new"), encoding="utf-8")
    result = place.cli("doctor")
    place.environment.clear()
    place.environment.update(kept)
    assert result.code == 1
    assert "warn: ledger, new: the stream was never opened" in result.out
    assert "warn: settings, SECOND_READER_LEGDER: there is no such setting; SECOND_READER_LEDGER" in result.out
    bad = [line for line in result.out.splitlines() if line.startswith("bad")]
    assert [line.partition(",")[0] for line in bad] == ["bad: ledger", "bad: Label Studio", "bad: Prefect"]
    assert "unguarded: adoption" in bad[0]
    assert "Traceback" not in result.err


def _renamed(place: Place, name: str) -> str:
    """The place's stream file under another name."""
    text = (place.home / "streams" / f"{place.name}.toml").read_text(encoding="utf-8")
    return text.replace(f'name = "{place.name}"', f'name = "{name}"')


def test_a_stream_that_is_unreadable_or_unknown_is_said_and_the_others_are_looked_at(place: Place) -> None:
    (place.home / "streams" / "odd.toml").write_text('name = "odd"', encoding="utf-8")
    result = place.cli("doctor")
    assert result.code == 1
    assert "bad: settings, odd" in result.out
    assert "there is no ledger" in result.out
    assert "bad: settings, nobody" in place.cli("doctor", "nobody").out


def test_what_a_run_says_reaches_prefect_and_as_json_whoever_collects_logs(place: Place, prefect_api: str) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(3)])
    assert place.cli("init", place.name).code == 0
    place.environment["PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"] = "json"
    place.environment["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "INFO"
    began = datetime.now(UTC).isoformat()
    result = place.cli("score", place.name)
    lines = [json.loads(line) for line in result.err.splitlines() if line.startswith("{")]
    ours = [line for line in lines if line["name"] == "second_reader"]
    assert ours, result.err
    assert all(place.name in line["message"] for line in ours)
    assert any(line["name"] == "second_reader" and place.name in line["message"] for line in logged(prefect_api, began))


def logged(api: str, since: str) -> Iterator[dict[str, Any]]:
    """All that Prefect has logged since then, by whichever run."""
    for offset in range(0, 10_000, 200):
        wanted = {"logs": {"timestamp": {"after_": since}}, "limit": 200, "offset": offset, "sort": "TIMESTAMP_ASC"}
        page = httpx.post(f"{api}/logs/filter", json=wanted, trust_env=False).raise_for_status().json()
        yield from page
        if len(page) < 200:
            return


def test_the_figures_of_status_are_there_for_prometheus(place: Place) -> None:
    place.deliver("one.jsonl", [mail(n) for n in range(3)])
    assert place.cli("init", place.name).code == 0
    assert place.cli("score", place.name).code == 0
    text = place.cli("status", "--prometheus").out
    assert f'second_reader_waiting{{stream="{place.name}"}} 3.0\n' in text
    assert "automation" not in text  # nothing was measured yet
