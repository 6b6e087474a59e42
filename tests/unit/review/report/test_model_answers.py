"""What the answers of the model cost and how long they take is said beside the cost that the slider shows."""

from dataclasses import replace

import polars as pl
import pytest

from models.evaluation.estimate import Estimate
from review import formats
from review.queries import waits
from review.report import as_json, model_answers, report
from tests.unit.review.choices.test_channels import cases
from tests.unit.review.report.report_facts import RUNNING
from tests.unit.review.report.test_report import plain

KNOWN = cases("batch", hours=9, cost=0.002).with_columns(
    latency_ms=800.0 + pl.int_range(pl.len()) % 20, weight=pl.lit(1.0)
)


def of(rows: pl.DataFrame, model: str = "m-1") -> model_answers.ModelAnswers:
    return model_answers.of(rows, model=model, alpha=0.05)


def test_cost_and_time_are_said_with_their_limits() -> None:
    known = of(KNOWN)
    assert isinstance(known.cost, Estimate)
    assert isinstance(known.latency_ms, Estimate)
    assert (known.cost.value, known.latency_ms.value) == pytest.approx((0.0018, 809.0))
    words = formats.plain(model_answers.words(known, "EUR"))
    assert words.startswith(
        "The cost is that of errors, reviews and audits. The answers of the model are not in it, for"
    )
    assert "a thousand of them 1.80 EUR (limits 1.7" in words
    assert "It answers half of the cases within 809 ms (limits 80" in words
    assert ", 95 in 100 within 818 ms (limits" in words


def test_what_no_column_says_is_no_figure() -> None:
    assert of(KNOWN.with_columns(cost=pl.lit(None, pl.Float64), latency_ms=pl.lit(None, pl.Float64))) == (
        model_answers.NOTHING_KNOWN
    )
    assert of(KNOWN, model="m-2") == of(pl.DataFrame(schema=waits.SCHEMA)) == model_answers.NOTHING_KNOWN
    words = model_answers.words(model_answers.NOTHING_KNOWN, "EUR")
    assert words == (
        "The cost is that of errors, reviews and audits. "
        "What the answers of the model cost is not in it, for no column says that."
    )
    few = model_answers.words(of(KNOWN.head(20)), "EUR")
    assert "not known yet: 20 of 30 answers so far. How long the model takes is not known yet: 20 of 30" in few


def test_the_page_says_it_once_and_the_json_has_the_figures() -> None:
    known = of(KNOWN)
    new_report = replace(RUNNING, model_answers=known)
    words = formats.plain(model_answers.words(known, RUNNING.currency))
    assert plain(report.page(new_report)).count(words) == 1
    data = as_json.whole(new_report)["model_answers"]
    assert (data["cost"]["value"], data["latency_ms"]["value"]) == (pytest.approx(0.0018), 809.0)
    assert set(data["latency_ms_95"]) == {"value", "low", "high", "alpha", "n", "errors", "method"}
    assert as_json.whole(RUNNING)["model_answers"] == dict.fromkeys(data)
