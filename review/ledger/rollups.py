"""Extracts: what estimates need of decisions, eight bytes for most of them, written beside each batch. Pure.

A decision is some 600 bytes, and a report that reads ten million of them takes minutes. An extract of a batch holds

    groups       a line of JSON for each distinct combination of `GROUP`, with `n`, how many cases it has
    confidences  the confidence of each case (8 bytes, NaN for none), in the order of the groups
    case_ids     a line of JSON for each case sampled for a blind label, in the order of the groups: its id, what it belongs
                 with, and the beginning of its content's SHA-256, by which the queue orders cases decided together
    members      what each case belongs with (`group_id`, 8 bytes), in the order of the groups

It is no fact of its own: `second-reader verify` makes it anew from the decisions and compares. The first version's
extracts have ids only, no members, and no `held` among the columns of a group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from types import MappingProxyType

import numpy as np
import polars as pl
import polars_hash as plh
from numpy.typing import NDArray

COLUMNS = pl.Schema(
    {
        "seal": pl.Int64,
        "stream": pl.String,
        "groups": pl.String,
        "confidences": pl.Binary,
        "case_ids": pl.String,
        "members": pl.Binary,
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
        "held": pl.Boolean,
    }
)
KIND = [*(name for name in GROUP if name != "decided_at"), "era"]
RECORD = " record"  # in the place of a record's prediction, for hardly two are alike; no label begins with a space
_CASE = pl.Schema({"case_id": pl.String, "place": pl.String, "member": pl.UInt64})
_PLACE_DIGITS = 16  # of a content's SHA-256: two cases of one batch share them once in 10^10 batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Decisions of a stream: for all but the few that were sampled, only how many of each kind reach which confidence."""

    kinds: pl.DataFrame  # KIND (with the era), propensity as Float64, and `n`, how many cases there are of it
    unsampled: tuple[
        NDArray[np.float64], ...
    ]  # of each row of `kinds`: the confidences of its cases not sampled, rising
    sampled: pl.DataFrame  # each case sampled for a blind label: `SAMPLED`


# seal (of its batch), place (within it: the queue's order), member (what it belongs with), kind (its row of `kinds`)
SAMPLED = ["kind", "seal", "place", "member", "decided_at", "case_id", "confidence"]


def make(rows: pl.DataFrame, *, first_version: bool = False) -> pl.DataFrame:
    """The extracts of a batch of decisions, one per stream: COLUMNS without `seal`.

    `first_version`: as the first version made them, without members.
    """
    day = pl.coalesce("produced_at", "decided_at").str.head(10)
    by = [name for name in GROUP if not (first_version and name == "held")]
    record = pl.col("field_scores").is_not_null()
    of_case = ["case_id"] if first_version else list(_CASE)
    rows = rows.with_columns(
        pl.col("propensity").reinterpret(dtype=pl.Int64),
        day=day,
        prediction=pl.when(record & pl.col("prediction").is_not_null()).then(pl.lit(RECORD)).otherwise("prediction"),
        held=pl.col("held").is_not_null(),
        place=pl.col("content").str.head(_PLACE_DIGITS),
        member=pl.lit(0, pl.UInt64) if first_version else members(rows),
    )
    extract_rows = []
    for (stream,), part in sorted(rows.partition_by("stream", as_dict=True).items()):
        groups = (
            part.group_by(*by)
            .agg(pl.col("case_id", "place", "member", "confidence").sort_by("case_id"), n=pl.len().cast(pl.Int64))
            .sort(*by)
        )
        confidences = groups["confidence"].explode().fill_null(np.nan)
        ids = groups.filter("blind").select(pl.col(of_case).explode())
        extract_rows.append(
            {
                "stream": stream,
                "groups": _lines(groups.select(*by, "n")),
                "confidences": confidences.to_numpy().astype("<f8").tobytes(),
                "case_ids": _lines(ids) if groups["blind"].any() else "",
                "members": None if first_version else groups["member"].explode().to_numpy().astype("<u8").tobytes(),
            }
        )
    return pl.DataFrame(extract_rows, schema={name: kind for name, kind in COLUMNS.items() if name != "seal"})


def members(rows: pl.DataFrame) -> pl.Series:
    """What each case belongs with, UInt64: its `group_id`; a case without one belongs with no other."""
    alone = plh.col("case_id").chash.sha2_256().str.head(_PLACE_DIGITS)
    known = rows["group_id"]
    digits = rows.select(pl.coalesce("group_id", alone)).to_series() if known.null_count() else known
    return digits.str.to_integer(base=16, dtype=pl.UInt64).rename("member")


def read(extracts: Sequence[pl.DataFrame], eras: Mapping[str, Sequence[int]] = MappingProxyType({})) -> Cases:
    """All extracts of a stream, with COLUMNS, taken together. A case without a confidence counts in `n` only.

    `eras`: epoch -> the last seal before each of its eras, rising; every case of another epoch is of era 1.
    """
    groups = read_groups([frame["groups"] for frame in extracts])
    lines = [frame["groups"].str.count_matches("\n", literal=True) + 1 for frame in extracts]
    of_lines = [
        frame["seal"].gather(np.repeat(np.arange(len(frame)), n)) for frame, n in zip(extracts, lines, strict=True)
    ]
    groups = groups.with_columns(seal=pl.concat([pl.Series("seal", [], pl.Int64), *of_lines]))
    era = pl.lit(1, pl.Int64)
    for epoch_id, before in eras.items():
        number = pl.sum_horizontal(pl.lit(0, pl.Int64), *((pl.col("seal") > seal).cast(pl.Int64) for seal in before))
        era = pl.when(pl.col("epoch_id") == epoch_id).then(pl.max_horizontal(number, 1)).otherwise(era)
    groups = groups.with_columns(era=era)
    kinds = groups.group_by(KIND, maintain_order=True).agg(pl.col("n").sum())
    kind = code(groups, kinds, KIND)
    sizes, blind = groups["n"].to_numpy(), groups["blind"].to_numpy()
    parts = _parts([blob for frame in extracts for blob in frame["confidences"]], sizes)
    of_kind: list[list[NDArray[np.float64]]] = [[] for _ in range(len(kinds))]
    for number, part, sampled in zip(kind, parts, blind, strict=True):
        if not sampled:
            of_kind[number].append(part)
    confidences = np.concatenate([*compress(parts, blind), np.empty(0)])
    of_sampled = groups.select("decided_at", "seal", kind=kind)[np.repeat(np.flatnonzero(blind), sizes[blind])]
    ids = _parsed([frame["case_ids"] for frame in extracts], _CASE)
    sampled = of_sampled.with_columns(
        *ids.with_columns(pl.col("member").fill_null(0)).get_columns(),
        confidence=pl.Series(confidences, dtype=pl.Float64).fill_nan(None),
    ).select(SAMPLED)
    return Cases(kinds=kinds, unsampled=tuple(map(risen, of_kind)), sampled=sampled)


def without(cases: Cases, case_ids: pl.Series) -> Cases:
    """The cases without some of those sampled for a blind label."""
    gone = cases.sampled["case_id"].is_in(case_ids.implode())
    fewer = np.bincount(cases.sampled["kind"].filter(gone), minlength=len(cases.kinds))
    return Cases(
        kinds=cases.kinds.with_columns(n=pl.col("n") - pl.Series(fewer, dtype=pl.Int64)),
        unsampled=cases.unsampled,
        sampled=cases.sampled.filter(~gone),
    )


def code(rows: pl.DataFrame, keys: pl.DataFrame, by: Sequence[str]) -> pl.Series:
    """Of each row, which of the distinct `keys` it has in the columns `by`: its index, from 0."""
    known = keys.select(by).with_row_index("code")
    joined = rows.select(by).join(known, on=list(by), how="left", nulls_equal=True, maintain_order="left")
    return joined["code"].cast(pl.Int64)


def confidences(cases: Cases, prediction: str | None) -> pl.Series:
    """The confidence of every case that has one; with `prediction`, of those the model gave that label."""
    labels = cases.kinds["prediction"]
    unsampled = [part for label, part in zip(labels, cases.unsampled, strict=True) if prediction in (None, label)]
    sampled = cases.sampled["confidence"]
    if prediction is not None:
        sampled = sampled.filter(labels.gather(cases.sampled["kind"]) == prediction)
    known = sampled.drop_nulls().to_numpy()
    return pl.Series("confidence", np.concatenate([*unsampled, known]), dtype=pl.Float64)


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
    return groups.with_columns(pl.col("propensity").reinterpret(dtype=pl.Float64), pl.col("held").fill_null(False))


def _lines(rows: pl.DataFrame) -> str:
    return str(rows.select(pl.struct(pl.all()).struct.json_encode().str.join("\n")).item())


def _parsed(texts: Sequence[pl.Series], schema: pl.Schema) -> pl.DataFrame:
    text = "\n".join(text for column in texts for text in column if text)
    if not text:
        return pl.DataFrame(schema=schema)
    return pl.read_ndjson(text.encode(), schema=schema)
