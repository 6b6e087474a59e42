"""Label Studio's own export: people's annotations are a truth for `study`, and the answers they were shown its predictions."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.inputs import first_stream
from flows.planning import study, study_formats
from flows.runtime import settings
from models.outputs.known_format import Known
from models.planning.labelled import Columns
from tests.unit.flows.inputs.format_runs import cases

CONFIG = """<View><Text name="text" value="$text"/><Choices name="kind" toName="text"><Choice value="bug"/>
<Choice value="billing"/></Choices></View>"""
TASKS = 40


def result(label: str) -> list[dict[str, Any]]:
    return [{"from_name": "kind", "to_name": "text", "type": "choices", "value": {"choices": [label]}}]


def prediction(number: int) -> dict[str, Any]:
    return {"model_version": "m-1", "score": 0.5 + number / 100, "result": result("bug" if number % 2 else "billing")}


@pytest.fixture(scope="module")
def exported(label_studio: Any) -> Iterator[bytes]:
    """The export as JSON of a project in which people answered `bug` to all but the last tasks, and skipped one."""
    headers = {"Authorization": f"Token {label_studio.token}"}
    with httpx.Client(base_url=label_studio.url, headers=headers, trust_env=False, timeout=60) as client:

        def call(method: str, path: str, **rest: Any) -> Any:
            return client.request(method, path, **rest).raise_for_status()

        body = call(
            "POST", "/api/projects", json={"title": f"export {secrets.token_hex(4)}", "label_config": CONFIG}
        ).json()
        project = body["id"]
        tasks = [{"data": {"text": f"Text {n}"}, "predictions": [prediction(n)]} for n in range(TASKS)]
        call("POST", f"/api/projects/{project}/import", json=tasks)
        listed = call("GET", "/api/tasks", params={"project": project, "page_size": TASKS, "fields": "all"}).json()[
            "tasks"
        ]
        for task in sorted(listed, key=lambda one: one["id"])[: TASKS - 5]:
            skipped = task["data"]["text"] == "Text 0"
            call(
                "POST",
                f"/api/tasks/{task['id']}/annotations/",
                json={"result": [] if skipped else result("bug"), "was_cancelled": skipped},
            )
        query = {"exportType": "JSON", "download_all_tasks": "true"}
        yield call("GET", f"/api/projects/{project}/export", params=query).content
        call("DELETE", f"/api/projects/{project}/")


@pytest.mark.server
def test_an_export_is_read_as_a_stream_and_as_a_labelled_history(exported: bytes, tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(exported)
    assert TASKS == len(json.loads(exported))
    config = settings.Settings(streams=tmp_path / "streams", data=tmp_path)
    written = first_stream.write("mail", file, config, Known(target=0.05, error=1.0, minute=0.5))
    assert "taken for label-studio-export" in written.sentences[1]
    got = cases(file, settings.read_stream("mail", config))
    # The export has the numbers of predictions only; whole ones stand in annotations, of which the last five tasks have none.
    assert ["no confidence"] * 5 == got["doubt"].drop_nulls().to_list()
    assert {"bug": 17, "billing": 18} == dict(got["prediction"].drop_nulls().value_counts().rows())
    preset = study_formats.preset("label-studio-export")
    history = study.read(file, study_formats.columns(Columns(), preset), preset=preset)
    assert (TASKS - 6, 6) == (len(history.cases), history.unlabelled)
    assert 17 == int(history.cases["right"].sum())
