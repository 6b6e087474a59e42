"""What a row said, as one hash: by it a repeat is distinguished from a row with other content."""

import math
from collections.abc import Sequence

import numpy as np
import polars as pl
import polars_hash as plh
import pyarrow as pa

from models import columns
from models.config.stream import Stream
from models.outputs import comparable, records, reserved


def columns_of(stream: Stream) -> list[str]:
    """The columns whose values a case's content is made of, each once.

    Not the group: one that is named later, or changes its spelling, does not make another case of the same id.
    """
    table = stream.input
    names = [table.id, table.prediction, table.confidence, *(table.probabilities or []), *stream.shown]
    names += [*(stream.model.features or []), table.model, *table.slices]
    names += [table.cost, table.latency_ms, table.produced_at]
    names += [name for rule in table.failed or [] for name in (rule.when, rule.reason)]
    names += [] if stream.score is None else stream.score.read
    names += records.columns_of(stream)
    if stream.score is not None and stream.score.rows:
        names[1] = reserved.SAMPLES  # in the place of the prediction: of several rows one alone says little
    return list(dict.fromkeys(column for column in names if column is not None))


def contents(frame: pl.DataFrame, stream: Stream) -> pl.Series:
    """SHA-256 over the columns the stream names: each text as a netstring (length:text), ~ where missing, then all
    numbers by their 64 bits in base64, then the text of what should be a number and is none.

    Numbers count by their value, so 0.90 in a CSV is the 0.9 of a Parquet file; so do numbers and times among the texts
    (`models.outputs.comparable`), but for the id, which is a name. Netstrings, because joined text could
    read the same for two different rows.
    """
    table = stream.input
    numbers = [table.confidence, table.cost, table.latency_ms]
    if table.probabilities is not None and len(table.probabilities) == len(stream.labels):
        numbers += table.probabilities
    if stream.score is not None:
        numbers = [name for name in numbers if name != table.confidence or stream.score.scale != "levels"]
        numbers += [] if stream.score.scale == "levels" else stream.score.numbers
    numbers += [field.score for field in stream.field]
    names = columns_of(stream)
    lists = [] if stream.score is None or stream.score.logprobs is None else [stream.score.logprobs]
    texts = columns.text(frame.select(column for column in names if column not in numbers and column not in lists))
    texts = texts.with_columns(comparable.texts(texts.drop(table.id, strict=False)))
    fields = [_netstring(pl.col(column)) for column in texts.columns]
    fields += [_netstring(pl.lit(_list_bits(frame[name]))) for name in lists]
    reals_ = [columns.numbers(frame[column]) for column in names if column in numbers]
    if reals_:
        fields.append(pl.lit(_bits(reals_)))
    for real in reals_:
        if real.null_count() or not real.is_finite().all():
            text = columns.text(frame.select(real.name)).to_series()
            fields.append(pl.when(real.is_finite()).then(pl.lit("")).otherwise(_netstring(pl.lit(text))))
    joined = texts.select(pl.concat_str(fields).alias("content"))
    return joined.select(plh.col("content").chash.sha2_256()).to_series()


def _netstring(text: pl.Expr) -> pl.Expr:
    return (text.str.len_bytes().cast(pl.String) + ":" + text).fill_null("~")


def _list_bits(lists: pl.Series) -> pl.Series:
    """The 64 bits of the numbers of each list, row by row, in base64; null where there is no list."""
    whole = pa.array(lists.rechunk().to_arrow()).cast(pa.large_list(pa.float64()))
    values = whole.flatten().fill_null(math.nan).to_numpy(zero_copy_only=False) + 0.0
    values[np.isnan(values)] = math.nan
    ends = np.cumsum(lists.list.len().fill_null(0).to_numpy(), dtype=np.int64) * values.itemsize
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    packed = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), len(lists), [None, pa.py_buffer(offsets), pa.py_buffer(values)]
    )
    texts = pl.Series(lists.name, packed).bin.encode("base64")
    return pl.select(pl.when(lists.is_not_null()).then(texts).alias(lists.name)).to_series()


def _bits(numbers: Sequence[pl.Series]) -> pl.Series:
    """The 64 bits of each number, which no later way of printing floats can change, row by row, in base64."""
    rows = np.column_stack([number.fill_null(math.nan).to_numpy() for number in numbers]) + 0.0  # -0.0 is 0.0
    rows[~np.isfinite(rows)] = math.nan  # one of the many; which it was is said in words
    width = rows.shape[1] * rows.itemsize
    packed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(rows), [None, pa.py_buffer(rows)])
    return pl.Series("numbers", packed.cast(pa.large_binary())).bin.encode("base64")
