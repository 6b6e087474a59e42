"""The tables as they are used are the tables as they are declared."""

import polars as pl
import sqlalchemy as sa
from sqlmodel import SQLModel

from review.ledger import layout
from review.ledger import tables as _declared  # noqa: F401

TYPES: dict[type, pl.DataType | type[pl.DataType]] = {
    sa.Text: pl.String,
    sa.BigInteger: pl.Int64,
    sa.Double: pl.Float64,
    sa.Boolean: pl.Boolean,
    sa.LargeBinary: pl.Binary,
}
DECLARED = SQLModel.metadata.tables  # by the import of `tables`


def test_every_table_has_its_declared_columns_and_key_in_their_order() -> None:
    known = [*layout.names(), *layout.BESIDE]
    assert sorted(DECLARED) == sorted(known)
    for name, table in DECLARED.items():
        declared: list[tuple[str, object]] = [
            (str(c.name), TYPES[type(c.type)]) for c in table.columns if c.name != "seal"
        ]
        assert declared == list(layout.columns(name).items())
        assert [str(c.name) for c in table.primary_key.columns] == layout.key(name)


def test_a_row_finds_what_it_refers_to_in_a_table_before_its_own() -> None:
    names = layout.names()
    for name in names:
        for foreign in DECLARED[name].foreign_keys:
            other = str(foreign.column.table.name)
            assert other in layout.BESIDE or names.index(other) < names.index(name)
