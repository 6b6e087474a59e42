"""A first stream file for records: each field with its value, its score, and what its values are."""

import json
import random
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files, first_stream
from flows.runtime import settings
from models.config import stream as streams
from models.outputs import contract, field_guess
from tests import pdfs

FIELD = Path(__file__).resolve().parents[3] / "field"


@pytest.fixture
def config(tmp_path: Path) -> settings.Settings:
    return settings.Settings(streams=tmp_path / "streams", data=tmp_path)


def begun(config: settings.Settings, data: Path) -> tuple[streams.Stream, list[str]]:
    sentences = first_stream.write("mail", data, config).sentences
    return settings.read_stream("mail", config), sentences


def described(built: streams.Stream) -> list[tuple[str, str | None, str | None, str, str]]:
    return [(one.name, one.value, one.score, one.kind, one.scale) for one in built.field]


def scored(built: streams.Stream, data: Path) -> list[float | None]:
    """How sure each record of a file is, as the stream file reads it."""
    return [
        score
        for chunk in files.chunks(data, built)
        for score in contract.validate(chunk.frame, built, source=chunk.source).cases["raw_score"]
    ]


def test_an_invoice_is_a_record_as_it_comes(config: settings.Settings) -> None:
    data = FIELD / "invoice" / "a.jsonl"
    built, sentences = begun(config, data)
    assert described(built) == [
        ("vendor", None, "vendor_conf", "choice", "percent"),
        ("date", None, "date_conf", "date", "percent"),
        ("total", None, "total_conf", "number", "percent"),
    ]
    assert (built.input.id, built.input.payload) == ("doc", ["page"])
    assert any(
        "field 'total': a number in column 'total', its score in 'total_conf', percent" in one for one in sentences
    )
    assert "Then run: second-reader init mail" == sentences[-1]


def table(rows: int = 40) -> pl.DataFrame:
    chance = random.Random(22)  # no secret
    return pl.DataFrame(
        {
            "invoice": [f"i-{n:03d}" for n in range(rows)],
            "page": [f"Invoice no. {n} of a shop" for n in range(rows)],
            "currency": [chance.choice(["EUR", "USD"]) for _ in range(rows)],
            "currency_confidence": [round(chance.random(), 3) for _ in range(rows)],
            "paid": [chance.choice(["yes", "no"]) for _ in range(rows)],
            "paid_confidence": [round(chance.random(), 3) for _ in range(rows)],
            "due": [f"{1 + n % 28:02d}.{1 + n % 12:02d}.2026" for n in range(rows)],
            "due_confidence": [round(chance.random(), 3) for _ in range(rows)],
            "order": [f"00{n}" for n in range(rows)],
            "order_confidence": [round(chance.random(), 3) for _ in range(rows)],
            "amount": [round(1000 * chance.random(), 2) for _ in range(rows)],
            "amount_confidence": [round(chance.random(), 3) for _ in range(rows)],
            "truth_amount": ["12"] * rows,
            "checked": ["EUR"] * rows,
        }
    )


def test_the_kinds_are_known_by_the_values_and_what_tells_the_answer_is_not_shown(config: settings.Settings) -> None:
    data = config.data / "a.csv"
    table().write_csv(data)
    built, sentences = begun(config, data)
    assert [(one.name, one.kind) for one in built.field] == [
        ("currency", "choice"),
        ("paid", "yesno"),
        ("due", "date"),
        ("order", "text"),
        ("amount", "number"),
    ]
    assert built.field[0].labels == ["EUR", "USD"]
    assert built.field[2].format == "%d.%m.%Y"
    assert (built.input.id, built.input.payload) == ("invoice", ["page"])
    assert "  not used: 'truth_amount', 'checked'" in sentences
    least = table().select(pl.min_horizontal(pl.col("^.*_confidence$")))["currency_confidence"]
    assert scored(built, data) == pytest.approx(least.to_list())


@pytest.mark.parametrize(("value", "score"), [("value", "confidence"), ("text", "score")])
def test_objects_of_a_value_and_how_sure_it_is_are_fields(config: settings.Settings, value: str, score: str) -> None:
    rows = [
        {
            "id": f"d-{n}",
            "page": f"page {n}",
            "fields": {
                "total": {value: 10.5 + n, score: 0.5 + n / 100},
                "due date": {value: f"2026-01-{1 + n:02d}", score: 0.9},
            },
        }
        for n in range(20)
    ]
    data = config.data / "a.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    built, _ = begun(config, data)
    assert described(built) == [
        ("total", f"fields.total.{value}", f"fields.total.{score}", "number", "unit"),
        ("due date", f'fields."due date".{value}', f'fields."due date".{score}', "date", "unit"),
    ]
    assert scored(built, data) == pytest.approx([0.5 + n / 100 for n in range(20)])


def test_one_label_with_its_confidence_is_no_record() -> None:
    texts = pl.DataFrame({"label": ["a", "b"], "label_confidence": ["0.1", "0.2"], "text": ["x", "y"]})
    assert field_guess.of(texts, ["label_confidence"]) == []


def test_a_score_that_is_no_number_makes_no_field_and_two_ways_to_read_a_day_make_a_text() -> None:
    texts = pl.DataFrame(
        {
            **{"a": ["x", "y"], "a_conf": ["high", "low"]},
            **{"b": ["01/02/2026", "03/04/2026"], "b_conf": ["0.1", "0.2"]},
            **{"c": ["21/02/2026", "03/04/2026"], "c_conf": ["0.1", "0.2"]},
        }
    )
    fields = field_guess.of(texts, ["b_conf", "c_conf"])
    assert [(one.name, one.kind, dict(one.keys)) for one in fields] == [
        ("b", "text", {}),
        ("c", "date", {"format": "%d/%m/%Y"}),
    ]


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        (lambda n: f"<!DOCTYPE html><html><body><p>Order {n}</p></body></html>", "html"),
        (lambda n: f"<p>Order <b>{n}</b></p>", "html"),
        (lambda n: f"a < b and {n} > c", "text"),
        (lambda n: f"https://example.org/{n}.png", "image"),
        (lambda n: pdfs.uri(pdfs.of(f"Order {n}")), "pdf"),
    ],
)
def test_what_a_reviewer_sees_is_known_by_what_the_column_holds(
    config: settings.Settings, page: object, kind: str
) -> None:
    assert callable(page)
    frame = table(20).drop("page", "truth_amount", "checked").with_columns(page=pl.Series([page(n) for n in range(20)]))
    data = config.data / "a.parquet"
    frame.write_parquet(data)
    built, _ = begun(config, data)
    assert (built.review.kind, built.input.payload) == (kind, ["page"])
