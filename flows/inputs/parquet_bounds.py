"""How much text a row group of a Parquet file comes to: a value kept once may stand in a million rows."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.errors import InputInvalid

_MOST = 2**30  # bytes of one column in one row group; row groups are commonly a tenth of that


def check(path: Path, schema: pa.Schema) -> None:
    """Raises InputInvalid if a text column of a row group unpacks to more than 1 GiB by its dictionary.

    Reads each dictionary, which is small as a rule, and only where its longest value could come to that, the column.
    """
    texts = [field.name for field in schema if _is_text(field.type)]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            # One after the other: a schema may have very many of them, and few can come to much.
            first = next(file.iter_batches(batch_size=1, row_groups=[group], columns=texts), None) if texts else None
            for name, column in zip(first.schema.names, first.columns, strict=True) if first is not None else ():
                if _longest(column) * rows > _MOST and _bytes(file, group, name) > _MOST:
                    raise InputInvalid(
                        f"{path}: column {name!r} unpacks to more than {_MOST >> 30} GiB in one row group; "
                        "write it in smaller row groups"
                    )


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))


def _longest(column: pa.Array) -> int:
    if not pa.types.is_dictionary(column.type) or not len(column.dictionary):
        return 0
    return int(pc.max(pc.binary_length(column.dictionary)).as_py() or 0)


def _bytes(file: pq.ParquetFile, group: int, name: str) -> int:
    chunks = file.read_row_group(group, columns=[name]).column(0).chunks
    return sum(
        int(pc.sum(pc.binary_length(c.dictionary).take(c.indices).cast(pa.int64())).as_py() or 0) for c in chunks
    )
