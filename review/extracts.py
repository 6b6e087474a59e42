"""Extracts: what estimates need of decisions, eight bytes for most of them, written beside each batch. Pure.

A decision is some 600 bytes, and a report that reads ten million of them takes minutes. An extract of a batch holds

    groups       a line of JSON for each distinct combination of `GROUP`, with `n`, how many cases it has
    confidences  the confidence of each case (8 bytes, NaN for none), in the order of the groups
    case_ids     a line of JSON for each case drawn for a blind label, in the order of the groups

It is no fact of its own: `second-reader verify` makes it anew from the decisions and compares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

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
KIND = [name for name in GROUP if name != "decided_at"]
_CASE = pl.Schema({"case_id": pl.String})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Decisions of a stream: for all but the few that were drawn, only how many of each kind reach which confidence."""

    kinds: pl.DataFrame  # KIND, propensity as Float64, and `n`, how many cases there are of it
    undrawn: tuple[NDArray[np.float64], ...]  # of each row of `kinds`: the confidences of its cases not drawn, rising
    drawn: pl.DataFrame  # each case drawn for a blind label: kind (its row of `kinds`), decided_at, case_id, confidence


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
    """All extracts of a stream, with COLUMNS, taken together. A case without a confidence counts in `n` only."""
    groups = read_groups([frame["groups"] for frame in extracts])
    kinds = groups.group_by(KIND, maintain_order=True).agg(pl.col("n").sum())
    kind = code(groups, kinds, KIND)
    sizes, blind = groups["n"].to_numpy(), groups["blind"].to_numpy()
    parts = _parts([blob for frame in extracts for blob in frame["confidences"]], sizes)
    of_kind: list[list[NDArray[np.float64]]] = [[] for _ in range(len(kinds))]
    for number, part, drawn in zip(kind, parts, blind, strict=True):
        if not drawn:
            of_kind[number].append(part)
    confidences = np.concatenate([*compress(parts, blind), np.empty(0)])
    of_drawn = groups.select("decided_at", kind=kind)[np.repeat(np.flatnonzero(blind), sizes[blind])]
    drawn = of_drawn.select(
        "kind",
        "decided_at",
        _parsed([frame["case_ids"] for frame in extracts], _CASE)["case_id"],
        confidence=pl.Series(confidences, dtype=pl.Float64).fill_nan(None),
    )
    return Cases(kinds=kinds, undrawn=tuple(map(risen, of_kind)), drawn=drawn)


def code(rows: pl.DataFrame, keys: pl.DataFrame, by: Sequence[str]) -> pl.Series:
    """Of each row, which of the distinct `keys` it has in the columns `by`: its index, from 0."""
    known = keys.select(by).with_row_index("code")
    found = rows.select(by).join(known, on=list(by), how="left", nulls_equal=True, maintain_order="left")
    return found["code"].cast(pl.Int64)


def confidences(cases: Cases, prediction: str | None) -> pl.Series:
    """The confidence of every case that has one; with `prediction`, of those the model gave that label."""
    labels = cases.kinds["prediction"]
    undrawn = [part for label, part in zip(labels, cases.undrawn, strict=True) if prediction in (None, label)]
    drawn = cases.drawn["confidence"]
    if prediction is not None:
        drawn = drawn.filter(labels.gather(cases.drawn["kind"]) == prediction)
    known = drawn.drop_nulls().to_numpy()
    return pl.Series("confidence", np.concatenate([*undrawn, known]), dtype=pl.Float64)


def _parts(blobs: Sequence[bytes], sizes: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    """The confidences of each group, from those of each extract."""
    ends = np.cumsum(sizes)
    parts: list[NDArray[np.float64]] = []
    start = 0
    for blob in blobs:
        numbers = np.frombuffer(blob, "<f8")
        own = ends[len(parts) : np.searchsorted(ends, start + len(numbers), "right")] - start
        parts += np.split(numbers, own[:-1])
        start += len(numbers)
    return parts


def risen(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Sorted, without the missing ones. NumPy's sort of plain numbers is quicker than any look-up in unsorted ones."""
    whole = np.concatenate([*parts, np.empty(0)])
    whole.sort()
    return whole[: np.searchsorted(whole, np.nan)]


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
