"""A stream falls into predicted classes, slices and days; which of them is worse, or has moved."""

import json

import polars as pl
import pytest

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review.ledger import ledger
from review.queries import breakdowns
from tests.integration import ledger_facts as facts

NOW = "2026-02-02T12:00:00.000000Z"
MONDAY, TUESDAY = "2026-02-02T09:00:00.000000Z", "2026-02-03T09:00:00.000000Z"


def release(book: ledger.Ledger, prefix: str, count: int, wrong: int, **what: facts.Value) -> None:
    """Released cases, all audited, the first of them found wrong by two people."""
    cases: list[dict[str, facts.Value]] = [
        {"case_id": f"{prefix}-{n}", "route": "AUTOMATE", "blind": True, "confidence": 0.9, **what}
        for n in range(count)
    ]
    start = 1000 * ord(prefix[0])
    sent: list[dict[str, facts.Value]] = []
    for n in range(count):
        for slot in range(2 if n < wrong else 1):
            task = start + 2 * n + slot
            sent.append(
                {"case_id": f"{prefix}-{n}", "slot": slot, "task_id": task, "task_key": f"{task}", "blind": True}
            )
    message = [
        {name: row[name] for name in ("case_id", "slot", "task_id", "blind")}
        | {"annotation_id": row["task_id"], "reviewer": f"{row['slot']}@example.org"}
        | {"answer": "spam" if int(str(row["case_id"]).split("-")[1]) < wrong else "ham"}
        for row in sent
    ]
    book.append({"decision": facts.decisions(*cases)}, now=facts.NOW)
    book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*message)}, now=facts.NOW)


def test_a_slice_that_is_surely_worse_is_flagged_and_a_small_one_not_assessed(book: ledger.Ledger) -> None:
    release(book, "a", 100, 0, slices='{"language": "en"}')
    release(book, "b", 60, 30, slices='{"language": "de"}')
    release(book, "c", 5, 5, slices='{"language": null}')
    flags = breakdowns.flags(facts.judge(book), target=0.05, delta=0.05)
    by_name = {part.name: part for part in flags}
    assert ["answer: ham", "language: (none)", "language: de", "language: en"] == sorted(by_name)
    assert {"answer: ham", "language: de"} == {part.name for part in flags if part.flagged}
    worse = by_name["language: de"].error
    assert isinstance(worse, Estimate)
    assert (0.5, 60, 30) == (worse.value, worse.n, worse.errors)
    assert isinstance(by_name["language: (none)"].error, NotEnoughEvidence)
    assert [] == breakdowns.flags(facts.judge(book, epoch="e-2"), target=0.05, delta=0.05)


def test_values_that_differ_by_spelling_alone_are_one_slice_and_an_empty_one_is_none(book: ledger.Ledger) -> None:
    for prefix, count, value in (("a", 30, "en"), ("b", 20, "EN"), ("c", 10, " en "), ("d", 4, "en-US"), ("e", 3, "")):
        release(book, prefix, count, 0, slices=json.dumps({"language": value}))
    release(book, "f", 2, 0, slices='{"language": null}')
    flags = breakdowns.flags(facts.judge(book), target=0.05, delta=0.05)
    assert {"answer: ham": 69, "language: en": 60, "language: en-US": 4, "language: (none)": 5} == {
        part.name: part.error.n for part in flags
    }


def test_a_day_whose_confidences_lie_elsewhere_is_a_warning(book: ledger.Ledger) -> None:
    def arrive(prefix: str, count: int, confidence: float, day: str) -> None:
        rows: list[dict[str, facts.Value]] = [
            {"case_id": f"{prefix}-{n}", "confidence": confidence + n / 10_000, "produced_at": day}
            for n in range(count)
        ]
        book.append({"decision": facts.decisions(*rows)}, now=facts.NOW)

    arrive("a", 200, 0.9, MONDAY)
    assert breakdowns.shift(facts.judge(book)) is None
    arrive("b", 99, 0.5, TUESDAY)
    assert breakdowns.shift(facts.judge(book)) is None
    arrive("c", 1, 0.5, TUESDAY)
    moved = breakdowns.shift(facts.judge(book))
    assert moved is not None
    assert (1.0, True, 200, 100) == (moved.distance, moved.warn, moved.before, moved.after)
    arrive("d", 900, 0.9, TUESDAY)
    calmer = breakdowns.shift(facts.judge(book))
    assert calmer is not None
    assert calmer.distance < 0.9


def test_the_thresholds_within_a_part_count_what_a_look_at_every_case_counts(book: ledger.Ledger) -> None:
    thresholds = [0.97, 0.9, 0.9 - 1e-12, 0.55, 0.1]
    scores = [None, 0.05, 0.1, 0.3, 0.55, 0.7, 0.9 - 1e-12, 0.9, 0.95, 0.97, 1.0]
    cases: list[dict[str, facts.Value]] = [
        {"case_id": f"c-{n}", "confidence": score, "slices": json.dumps({"language": ["de", "en"][n % 2]})}
        for n, score in enumerate(scores * 3)
    ]
    book.append({"decision": facts.decisions(*cases)}, now=facts.NOW)
    release(book, "a", 20, 5, slices='{"language": "en"}')
    by_name = {part.name: part for part in breakdowns.curves(facts.judge(book), thresholds, delta=0.05)}
    assert sorted(by_name) == ["answer: ham", "language: de", "language: en"]
    english = [score for n, score in enumerate(scores * 3) if n % 2] + [0.9] * 20
    rows = by_name["language: en"].rows.filter(pl.col("threshold").is_not_null())
    assert by_name["language: en"].cases == len(english)
    for row in rows.iter_rows(named=True):
        above = sum(score is not None and score >= row["threshold"] for score in english)
        assert row["coverage"] == pytest.approx(above / len(english), rel=1e-5), row
    assert rows.filter(pl.col("threshold") == 0.9)["errors"].to_list() == [5]
    assert rows.filter(pl.col("threshold") == 0.97)["errors"].to_list() == [0]
    assert by_name["language: de"].rows["errors"].sum() == 0


def test_more_parts_than_a_page_holds_are_cut_to_the_largest(book: ledger.Ledger) -> None:
    cases: list[dict[str, facts.Value]] = [
        {"case_id": f"c-{n}", "slices": json.dumps({"shop": f"{min(n, 60):03d}"})} for n in range(90)
    ]
    book.append({"decision": facts.decisions(*cases)}, now=facts.NOW)
    curves = breakdowns.curves(facts.judge(book), [0.5], delta=0.05)
    assert len(curves) == breakdowns.MOST_CURVES
    assert "shop: 060" in {part.name for part in curves}
