"""The types by which paths are read: one tree for each column, and none where paths do not go together."""

import polars as pl
import pytest

from models.outputs import path_schema, paths
from models.outputs.paths import EACH

TEXT = pl.String()
NUMBERS = pl.List(pl.Float64())


def path(*steps: str | int | None, kind: pl.DataType = TEXT, within: tuple[str, ...] | None = None) -> paths.Path:
    root, *rest = steps
    return paths.Path(name="p", roots=(str(root),), steps=tuple(rest), kind=kind, within=within)


@pytest.mark.parametrize(
    ("derived", "schema"),
    [
        ([path("a", "b"), path("a", "c", "d")], {"a": pl.Struct({"b": TEXT, "c": pl.Struct({"d": TEXT})})}),
        ([path("a", 0, "b")], {"a": pl.List(pl.Struct({"b": TEXT}))}),
        ([path("a", 0), path("a", 1)], {"a": pl.List(TEXT)}),
        ([path("a", EACH, "p", kind=NUMBERS)], {"a": pl.List(pl.Struct({"p": pl.Float64()}))}),
        ([path("a", "b", within=("c",))], {"a": pl.Struct({"b": TEXT})}),
    ],
)
def test_paths_of_one_column_are_one_type(derived: list[paths.Path], schema: dict[str, pl.DataType]) -> None:
    assert path_schema.schema(derived, []) == schema


@pytest.mark.parametrize(
    "derived",
    [
        [path("a", "b"), path("a", "b", "c")],
        [path("a", 0), path("a", "b")],
        [path("a", EACH, kind=NUMBERS), path("a", 0)],
    ],
)
def test_paths_that_do_not_go_together_are_left_out_and_others_stay(derived: list[paths.Path]) -> None:
    assert path_schema.schema([*derived, path("z", "y")], []) == {"z": pl.Struct({"y": TEXT})}


def test_a_column_that_is_read_as_it_stands_and_an_expression_are_left_out() -> None:
    searched = paths.Path(name="p", roots=("b",), steps=None, kind=TEXT)
    assert path_schema.schema([path("a", "x"), searched], ["a"]) == {}
