"""Extracts: what estimates need of decisions, eight bytes for most of them, written beside each batch. Pure.

A decision is some 600 bytes, and a report that reads ten million of them takes minutes. An extract of a batch holds

    groups       a line of JSON for each distinct combination of `GROUP`, with `n`, how many cases it has
    confidences  the confidence of each case (8 bytes, NaN for none), in the order of the groups
    case_ids     a line of JSON for each case drawn for a blind label, in the order of the groups

It is no fact of its own: `second-reader verify` makes it anew from the decisions and compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

COLUMNS = pl.Schema(
    {
        "seal": pl.Int64,
        "stream": pl.String,
        "groups": pl.String,
        "confidences": pl.Binary,
        "case_ids": pl.String,
    }
)
GROUP = pl.Schema(
    {
        "epoch_id": pl.String,
        "policy_id": pl.String,
        "route": pl.String,
        "blind": pl.Boolean,
        "propensity": pl.Int64,  # its 64 bits while it is text
        "prediction": pl.String,
        "slices": pl.String,
        "day": pl.String,  # when the model answered, else when it was decided
        "decided_at": pl.String,
    }
)
DRAWN = pl.Schema({"group": pl.Int64, "case_id": pl.String, "confidence": pl.Float64})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Decisions of a stream in columns."""

    groups: pl.DataFrame  # GROUP, propensity as Float64, and `n`
    undrawn: NDArray[np.int64]  # (N,) of each case not drawn: its row of `groups`
    confidences: NDArray[np.float64]  # (N,) and its confidence; NaN: it has none
    drawn: pl.DataFrame  # DRAWN: each case drawn for a blind label


def make(rows: pl.DataFrame) -> pl.DataFrame:
    """The extracts of a batch of decisions, one per stream: COLUMNS without `seal`."""
    day = pl.coalesce("produced_at", "decided_at").str.head(10)
    rows = rows.with_columns(pl.col("propensity").reinterpret(dtype=pl.Int64), day=day)
    made = []
    for (stream,), part in sorted(rows.partition_by("stream", as_dict=True).items()):
        groups = (
            part.group_by(*GROUP)
            .agg(pl.col("case_id", "confidence").sort_by("case_id"), n=pl.len().cast(pl.Int64))
            .sort(*GROUP)
        )
        confidences = groups["confidence"].explode().fill_null(np.nan)
        ids = groups.filter("blind").select(pl.col("case_id").explode())
        made.append(
            {
                "stream": stream,
                "groups": _lines(groups.select(*GROUP, "n")),
                "confidences": confidences.to_numpy().astype("<f8").tobytes(),
                "case_ids": _lines(ids) if groups["blind"].any() else "",
            }
        )
    return pl.DataFrame(made, schema={name: kind for name, kind in COLUMNS.items() if name != "seal"})


def read(extracts: Sequence[pl.DataFrame]) -> Cases:
    """All extracts of a stream, with COLUMNS, taken together."""
    groups = read_groups([frame["groups"] for frame in extracts])
    number = np.repeat(np.arange(len(groups)), groups["n"].to_numpy())
    blobs = [np.frombuffer(blob, "<f8") for frame in extracts for blob in frame["confidences"]]
    confidences = np.concatenate(blobs) if blobs else np.empty(0)
    blind = groups["blind"].to_numpy()[number] if len(groups) else np.empty(0, np.bool_)
    drawn = _parsed([frame["case_ids"] for frame in extracts], pl.Schema({"case_id": pl.String})).with_columns(
        group=number[blind], confidence=pl.Series(confidences[blind], dtype=pl.Float64).fill_nan(None)
    )
    return Cases(
        groups=groups, undrawn=number[~blind], confidences=confidences[~blind], drawn=drawn.select(*DRAWN).cast(DRAWN)
    )


def read_groups(texts: Sequence[pl.Series]) -> pl.DataFrame:
    """The groups of extracts: GROUP, propensity as Float64, and `n`."""
    groups = _parsed(texts, pl.Schema(GROUP | {"n": pl.Int64()}))
    return groups.with_columns(pl.col("propensity").reinterpret(dtype=pl.Float64))


def _lines(rows: pl.DataFrame) -> str:
    return str(rows.select(pl.struct(pl.all()).struct.json_encode().str.join("\n")).item())


def _parsed(texts: Sequence[pl.Series], schema: pl.Schema) -> pl.DataFrame:
    text = "\n".join(text for column in texts for text in column if text)
    if not text:
        return pl.DataFrame(schema=schema)
    return pl.read_ndjson(text.encode(), schema=schema)
