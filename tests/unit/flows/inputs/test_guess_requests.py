"""`guess` names what a file says of the requests to the model: tokens where a platform counts them, and how it was asked."""

import json
import tomllib
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import first_stream
from flows.runtime import settings
from models.outputs import row_paths
from tests.unit.flows.inputs.test_guess import ANSWERED, CHAT, KNOWN


@pytest.fixture
def config(tmp_path: Path) -> settings.Settings:
    return settings.Settings(streams=tmp_path / "streams", data=tmp_path)


USED = {"input_tokens": 120, "output_tokens": 9}


@pytest.mark.parametrize(
    ("name", "row"),
    [
        (
            "openai-batch",
            {
                "custom_id": "a",
                "response": {
                    "status_code": 200,
                    "body": CHAT | {"usage": {"prompt_tokens": 120, "completion_tokens": 9}},
                },
            },
        ),
        (
            "openai-batch-responses",
            {"custom_id": "a", "response": {"status_code": 200, "body": ANSWERED | {"usage": USED}}},
        ),
        ("anthropic-batch", {"custom_id": "a", "result": {"type": "succeeded", "message": {"usage": USED}}}),
        ("bedrock-batch", {"recordId": "a", "modelInput": {"prompt": "Which?"}, "modelOutput": {"usage": USED}}),
        (
            "bedrock-batch",
            {
                "recordId": "a",
                "modelInput": {"prompt": "Which?"},
                "modelOutput": {"inputTextTokenCount": 120, "results": [{"tokenCount": 9}]},
            },
        ),
        (
            "vertex-gemini",
            {
                "request": {"contents": [{}]},
                "response": {
                    "usageMetadata": {"promptTokenCount": 120, "candidatesTokenCount": 4, "thoughtsTokenCount": 5}
                },
            },
        ),
        (
            "langfuse",
            {"id": "a", "traceId": "t", "type": "GENERATION", "startTime": "2026-01-31T10:00:00Z"}
            | {"usageDetails": {"input": 120, "output": 9}},
        ),
    ],
)
def test_the_tokens_that_a_platform_counts_are_named(
    config: settings.Settings, name: str, row: dict[str, object]
) -> None:
    file = config.data / ("rows.jsonl.out" if name == "bedrock-batch" else "rows.jsonl")
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    written = first_stream.write("mail", file, config, KNOWN)
    assert f"taken for {name} (" in written.sentences[1]
    table = tomllib.loads((config.streams / "mail.toml").read_text(encoding="utf-8"))["input"]
    assert row_paths.texts([json.dumps(row)], [table["tokens_in"], table["tokens_out"]]).row(0) == ("120", "9")
    assert ("asked_at" in table) == (name == "langfuse")


def test_a_column_of_channels_is_known_by_what_it_holds(config: settings.Settings) -> None:
    rows = pl.DataFrame(
        {
            "id": [f"r{n}" for n in range(20)],
            "label": ["a", "b"] * 10,
            "score": [n / 20 for n in range(20)],
            "text": [f"text {n}" for n in range(20)],
            "channel": ["batch", "real-time"] * 10,
            "usage.prompt_tokens": [100 + n for n in range(20)],
            "asked_at": ["2026-01-31T10:00:00Z"] * 20,
        }
    )
    rows.write_csv(config.data / "rows.csv")
    first_stream.write("mail", config.data / "rows.csv", config, KNOWN)
    table = tomllib.loads((config.streams / "mail.toml").read_text(encoding="utf-8"))["input"]
    assert {key: table.get(key) for key in ("channel", "asked_at", "tokens_in", "tokens_out")} == {
        "channel": "channel",
        "asked_at": "asked_at",
        "tokens_in": "usage.prompt_tokens",
        "tokens_out": None,
    }
    rows.with_columns(channel=pl.Series(["phone", "e-mail"] * 10)).write_csv(config.data / "rows.csv")
    first_stream.write("post", config.data / "rows.csv", config, KNOWN)
    table = tomllib.loads((config.streams / "post.toml").read_text(encoding="utf-8"))["input"]
    assert "channel" not in table, "where the item came from is nothing of the request"
