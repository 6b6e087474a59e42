"""A stream of a benchmark whose outputs are nested: six paths, and the log-probabilities of twelve tokens for each answer."""

import json
from pathlib import Path

import numpy as np
import polars as pl

LABELS = ["billing", "bug", "other"]
TOKENS = 12
PIECE = 10_000
STREAM = """
name = "bench"
title = "Bench"
labels = ["billing", "bug", "other"]

[input]
source = "outputs.jsonl"
id = "custom_id"
prediction = "response.body.choices[0].message.content"
payload = ["request.text"]
model = "response.body.model"
slices = ["request.country"]

[score]
logprobs = "response.body.choices[0].logprobs.content[*].logprob"

[model]
id = "bench-1"

[review]
kind = "text"
question = "Which class?"
project = "bench"

[target]
error = 0.05

[policy]
audit_rate = 0.01
blind_rate = 0.05

[costs]
error = 1.0
review_minute = 0.5
"""


def write(folder: Path, rows: int) -> None:
    """Write `outputs.jsonl` and the stream's file into the folder."""
    random = np.random.default_rng(1)
    (folder / "bench.toml").write_text(STREAM, encoding="utf-8")
    with (folder / "outputs.jsonl").open("w", encoding="utf-8") as file:
        for first in range(0, rows, PIECE):
            size = min(PIECE, rows - first)
            logprobs = np.round(-random.exponential(0.2, (size, TOKENS)), 6).tolist()
            file.writelines(_line(first + place, one) for place, one in enumerate(logprobs))


def _line(number: int, logprobs: list[float]) -> str:
    content = [{"token": f"t{place}", "logprob": value, "bytes": [116, 48]} for place, value in enumerate(logprobs)]
    message = {"role": "assistant", "content": LABELS[number % 3]}
    choice = {"index": 0, "message": message, "logprobs": {"content": content}, "finish_reason": "stop"}
    body = {"id": f"c{number}", "model": "bench-1", "choices": [choice], "usage": {"total_tokens": 40}}
    row = {
        "custom_id": f"case-{number}",
        "request": {"text": f"{number:0200d}", "country": ("DE", "FR")[number % 2]},
        "response": {"status_code": 200, "body": body},
    }
    return json.dumps(row) + "\n"


def unnested(folder: Path) -> pl.DataFrame:
    """The floor: Polars reads the file and takes the same six values out of it."""
    rows = pl.read_ndjson(folder / "outputs.jsonl")
    body = pl.col("response").struct.field("body")
    choice = body.struct.field("choices").list.first()
    return rows.select(
        "custom_id",
        pl.col("request").struct.field("text"),
        pl.col("request").struct.field("country"),
        body.struct.field("model"),
        choice.struct.field("message").struct.field("content"),
        choice.struct.field("logprobs")
        .struct.field("content")
        .list.eval(pl.element().struct.field("logprob"))
        .alias("p"),
    )
