"""Rows as the bytes of a file, in every format the flows read, with the tools that write such files."""

import csv
import gzip
import io
import json
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.tables import Generator, Rows, pick

FORMATS = ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"]


def write(rng: Generator, rows: Rows, kind: str) -> bytes:
    """The rows in a format, in one of the ways it may be written."""
    if kind.startswith("csv"):
        data = as_csv(rows, end=pick(rng, ["\n", "\r\n"]), quoting=pick(rng, [csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    elif kind.startswith("jsonl"):
        data = as_jsonl(rows, ascii_only=bool(rng.integers(2)))
    else:
        return as_parquet(rng, rows)
    return gzip.compress(data, int(rng.integers(10)), mtime=0) if kind.endswith(".gz") else data


def as_csv(rows: Rows, *, end: str, quoting: Any) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow("" if value is None else value for value in row.values())
    return text.getvalue().encode("utf-8", "surrogatepass")


def as_jsonl(rows: Rows, *, ascii_only: bool) -> bytes:
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def as_parquet(rng: Generator, rows: Rows) -> bytes:
    columns = {name: _column([row[name] for row in rows]) for name in rows[0]}
    sink = io.BytesIO()
    pq.write_table(
        pa.table(columns),
        sink,
        compression=pick(rng, ["none", "snappy", "zstd", "gzip", "brotli", "lz4"]),
        row_group_size=int(rng.integers(1, 20)),
        use_dictionary=bool(rng.integers(2)),
        data_page_version=pick(rng, ["1.0", "2.0"]),
    )
    return sink.getvalue()


def _column(values: list[Any]) -> pa.Array:
    """The values as Arrow types them, or as text where they are of several types."""
    try:
        return pa.array(values)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        texts = [None if value is None else str(value).encode("utf-8", "replace").decode() for value in values]
        return pa.array(texts, pa.string())


def every_type(rng: Generator, rows: Rows) -> bytes:
    """The rows as Parquet, each column of a type chosen among all that Polars can write."""
    frame = pl.DataFrame({name: pl.Series([str(row[name]) for row in rows]) for name in rows[0]})
    numbers = pl.Series(rng.integers(0, 2, len(rows)))
    kinds: list[Any] = [
        pl.Int8, pl.UInt64, pl.Float32, pl.Float64, pl.Boolean, pl.Decimal(38, 10), pl.Date, pl.Time, pl.Datetime("ns"),
        pl.Datetime("us", "Europe/Berlin"), pl.Datetime("ms"), pl.Duration("ns"), pl.Null, pl.Binary, pl.Categorical,
    ]  # fmt: skip
    for name in frame.columns:
        if rng.random() < 0.5:
            continue
        kind = pick(rng, [*kinds, "list", "struct", "nested"])
        text = frame[name]
        if kind == "list":
            values = text.reshape((len(rows), 1)).arr.to_list()
        elif kind == "struct":
            values = pl.DataFrame({"a": text, "": numbers}).to_struct(name)
        elif kind == "nested":
            values = pl.DataFrame({"a": text.reshape((len(rows), 1)).arr.to_list()}).to_struct(name)
        elif kind in (pl.Binary, pl.Categorical):
            values = text.cast(kind)
        elif kind == pl.Null:
            values = pl.Series([None] * len(rows), dtype=pl.Null)
        else:
            values = numbers.cast(pl.Int64).cast(kind)
        frame = frame.with_columns(values.alias(name))
    sink = io.BytesIO()
    frame.write_parquet(sink)
    return sink.getvalue()
