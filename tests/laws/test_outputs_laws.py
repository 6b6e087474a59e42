"""Laws of the input contract, over tables of any types and any values."""

import json
from datetime import datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing.parametric import column, dataframes

from models.config import stream
from models.errors import InputInvalid
from models.outputs import contract, reserved
from tests import families
from tests.fuzz import tables

NUMBER, COLUMNS = tables.stream("number"), tables.stream("columns")
WITHOUT_SLICES = tables.STREAM.replace('slices = ["country"]\n', "")
LIST = stream.parse(WITHOUT_SLICES.format(name="list", answer=tables.ANSWERS["list"]), origin="list.toml")

slow = settings(
    deadline=None,
    max_examples=families.examples(40),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

row = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c", "", None, "\0", "ü" * 600]),
        "label": st.sampled_from(["bug", "question", "spam", "", None]),
        # Of numbers out of range only one: with two, a column may be of another scale, and is refused whole.
        "score": st.sampled_from([0.0, 0.5, 1.0, 1.00001, 1.5, float("nan"), float("inf"), None]),
        "text": st.sampled_from(["hello", '\0\n"\\', " ", None]),
        "sender": st.sampled_from(["eve", None]),
        "country": st.sampled_from(["de", None]),
        "model": st.sampled_from(["m1", "m2", None]),
        "cost": st.sampled_from([0.1, -1.0, float("nan"), None]),
        "ms": st.sampled_from(["12", "soon", None]),
        "at": st.sampled_from(["2026-01-31T10:00:00Z", "2026-01-31", "yesterday", None]),
    }
)
SCHEMA = {
    "id": pl.String,
    "label": pl.String,
    "score": pl.Float64,
    "text": pl.String,
    "sender": pl.String,
    "country": pl.String,
    "model": pl.String,
    "cost": pl.Float64,
    "ms": pl.String,
    "at": pl.String,
}


def readable(frame: pl.DataFrame, described: stream.Stream) -> tuple[pl.DataFrame, contract.Validated]:
    """A table and what it comes to; with others where its answers are lists or its confidences of another scale.

    These are the only grounds to refuse.
    """
    for _ in range(2):
        try:
            return frame, contract.validate(frame, described, source="any.parquet")
        except InputInvalid as refusal:
            lists = "labels give each case one label" in str(refusal)
            column, value = (described.input.prediction, "bug") if lists else (described.input.confidence, 1.5)
            frame = frame.with_columns(pl.lit(value).alias(column or ""))
    return frame, contract.validate(frame, described, source="any.parquet")


def lawful(checked: contract.Validated, labels: list[str]) -> None:
    """What holds of every validated batch."""
    cases = checked.cases
    assert (cases.schema, checked.faults.schema) == (contract.CASE_SCHEMA, contract.FAULT_SCHEMA)
    assert cases["case_id"].is_unique().all()
    required = ["case_id", "payload", "model_id", "slices", "group_id", "content", "source", "line"]
    assert sum(cases.select(required).null_count().row(0)) == 0
    assert cases["raw_score"].is_null().to_list() == cases["doubt"].is_not_null().to_list()
    assert cases["raw_score"].drop_nulls().is_between(0, 1).all()
    assert set(cases["prediction"].drop_nulls()) <= set(labels)
    assert cases.filter(pl.col("prediction").is_null())["doubt"].null_count() == 0
    for text in [*cases["payload"], *cases["slices"]]:
        assert isinstance(json.loads(text), dict)
    for at in cases["produced_at"].drop_nulls():
        assert len(at) == 27
        datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - the Z is matched as itself
    for name in ("case_id", "model_id", "doubt"):
        assert not cases[name].str.contains("\0", literal=True).any()
    assert sum(checked.faults.null_count().row(0)) == 0


@pytest.mark.parametrize("described", [NUMBER, COLUMNS, LIST], ids=["number", "columns", "list"])
def test_validate_raises_on_no_table_of_the_right_columns(described: stream.Stream) -> None:
    @slow
    @given(frame=dataframes([column(name) for name in contract.named(described)], max_size=8, allow_null=True))
    def law(frame: pl.DataFrame) -> None:
        frame, checked = readable(frame, described)
        lawful(checked, described.labels)
        assert len(checked.cases) + len(checked.faults) <= len(frame)

    law()


@slow
@given(rows=st.lists(row, max_size=12))
def test_every_row_is_a_case_a_silent_repeat_or_a_fault(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    checked = contract.validate(frame, NUMBER, source="mail.csv")
    lawful(checked, NUMBER.labels)
    cases, faults = set(checked.cases["line"]), set(checked.faults["line"])
    assert not cases & faults
    first = {case["case_id"]: rows[case["line"] - 1] for case in checked.cases.iter_rows(named=True)}
    for line in set(range(1, len(rows) + 1)) - cases - faults:
        repeat = rows[line - 1]
        assert repr(repeat) == repr(first[str(repeat["id"])])  # repr: NaN is not itself


@slow
@given(bad=st.lists(row, max_size=10), places=st.lists(st.integers(0, 10), min_size=5, max_size=5))
def test_good_rows_survive_any_mix_of_bad_ones(bad: list[dict[str, object]], places: list[int]) -> None:
    good = [
        {"id": f"good-{n}", "label": "bug", "score": 0.9, "text": f"text {n}", "sender": "ann", "country": "fr"}
        | {"model": "m1", "cost": 0.5, "ms": "7", "at": "2026-02-01T00:00:00Z"}
        for n in range(5)
    ]
    mixed = list(bad)
    for item, place in zip(good, places, strict=True):
        mixed.insert(place, item)
    alone = contract.validate(pl.DataFrame(good, schema=SCHEMA), NUMBER, source="x").cases.drop("line")
    among = contract.validate(pl.DataFrame(mixed, schema=SCHEMA), NUMBER, source="x").cases.drop("line")
    kept = among.filter(pl.col("case_id").str.starts_with("good-")).sort("case_id")
    assert kept.rows() == alone.rows()
    assert kept["doubt"].null_count() == 5


@slow
@given(rows=st.lists(row, max_size=12), cut=st.integers(0, 12))
def test_a_row_is_assessed_the_same_in_any_batch(rows: list[dict[str, object]], cut: int) -> None:
    """Only a repeat needs its first: without repeats, two batches say what one says."""
    unique = [item | {"id": f"{item['id']}{n}" if item["id"] else item["id"]} for n, item in enumerate(rows)]
    frame = pl.DataFrame(unique, schema=SCHEMA)
    whole = contract.validate(frame, NUMBER, source="x")
    parts = [contract.validate(part, NUMBER, source="x") for part in (frame.head(cut), frame.slice(cut))]
    for kind in ("cases", "faults"):
        joined = pl.concat([getattr(part, kind) for part in parts]).drop("line")
        assert joined.rows() == getattr(whole, kind).drop("line").rows()


@pytest.mark.parametrize("described", [NUMBER, COLUMNS, LIST], ids=["number", "columns", "list"])
def test_a_row_read_again_by_itself_says_what_it_said_among_others(described: stream.Stream) -> None:
    @slow
    @given(frame=dataframes([column(name) for name in contract.named(described)], max_size=8, allow_null=True))
    def law(frame: pl.DataFrame) -> None:
        frame, checked = readable(frame, described)
        among = checked.cases.select(contract.REREAD_SCHEMA.keys())
        numbered = frame.with_columns(pl.int_range(1, len(frame) + 1, dtype=pl.Int64, eager=True).alias(reserved.LINE))
        alone = [contract.reread(numbered.slice(line - 1, 1), described) for line in among["line"]]
        none = contract.reread(numbered.clear(), described)
        assert among.equals(pl.concat([none, *alone]))

    law()


@slow
@given(rows=st.lists(row, min_size=1, max_size=12))
def test_a_row_among_odd_numbers_and_missing_values_is_read_again_as_it_was(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA)
    among = contract.validate(frame, NUMBER, source="mail.csv").cases.select(contract.REREAD_SCHEMA.keys())
    numbered = frame.with_columns(pl.int_range(1, len(frame) + 1, dtype=pl.Int64, eager=True).alias(reserved.LINE))
    alone = [contract.reread(numbered.slice(line - 1, 1), NUMBER) for line in among["line"]]
    assert among.equals(pl.concat([contract.REREAD_SCHEMA.to_frame(), *alone]))
