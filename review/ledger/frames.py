"""What a query gave, in the ledger's own column types."""

from functools import cache

import polars as pl
import pyarrow as pa

from review.ledger import layout, rollups, seals


@cache
def _types() -> dict[str, pl.DataType]:
    """Column names that mean one type wherever they stand."""
    types: dict[str, set[pl.DataType]] = {name: {kind} for name, kind in (seals.COLUMNS | rollups.COLUMNS).items()}
    for table in layout.names():
        for name, kind in layout.columns(table).items():
            types.setdefault(name, set()).add(kind)
    return {name: kinds.pop() for name, kinds in types.items() if len(kinds) == 1} | {"seal": pl.Int64()}


def frame(table: pa.Table) -> pl.DataFrame:
    """A result as Polars columns: see `ledger.read` for their types."""
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        if isinstance(column.type, pa.OpaqueType):
            column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=pa.string())
            series = pl.Series(name, column).cast(pl.Float64)
        else:
            series = pl.Series(name, column)
        wanted = _types().get(name)
        columns.append(series if wanted is None or series.dtype == wanted else series.cast(wanted))
    return pl.DataFrame(columns)
