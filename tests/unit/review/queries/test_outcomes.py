"""Unsampled cases stay arrays, and their sums are what a look at every case gives."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.evaluation import risk
from models.evaluation.estimate import NotEnoughEvidence
from review.ledger import rollups
from review.queries import confidence_levels, outcomes
from review.queries.readings import Reviewed
from tests.integration import ledger_facts as facts

SCORES = [None, 0.0, 0.1, 0.5, 0.5, 0.7, 0.9, 0.9, 1.0]


def decided(count: int) -> pl.DataFrame:
    """Decisions of two days, two labels and two policies; one in four is sampled."""
    random = np.random.default_rng(5)
    scores = np.round(random.random(count), 6) if count > 100 else [SCORES[n % len(SCORES)] for n in range(count)]
    rows = facts.decisions({}).clear()
    number = pl.int_range(count, eager=True)
    template = facts.decisions({}).drop(
        "case_id", "confidence", "route", "blind", "prediction", "produced_at", "propensity"
    )
    built = pl.DataFrame(
        {"case_id": "c-" + number.cast(pl.String).str.zfill(9), "confidence": pl.Series(scores, dtype=pl.Float64)}
    )
    sure = pl.col("confidence").fill_null(0) >= 0.5
    built = built.join(template, how="cross").with_columns(
        route=pl.when(sure).then(pl.lit("AUTOMATE")).otherwise(pl.lit("REVIEW")),
        propensity=pl.when(sure).then(0.1).otherwise(0.3),
        blind=pl.Series(random.random(count) < 0.25),
        prediction=pl.when(number % 3 == 0).then(pl.lit("spam")).otherwise(pl.lit("ham")),
        produced_at=pl.when(number % 2 == 0).then(pl.lit("2026-02-01T09:00:00.000000Z")),
    )
    return built.select(rows.columns).cast(rows.schema)


def read(rows: pl.DataFrame) -> outcomes.Outcomes:
    """As the ledger gives it, written in two batches; each sampled case right or wrong by its number."""
    halves = [rollups.make(half) for half in (rows.head(len(rows) // 2), rows.tail(-(len(rows) // 2)))]
    cases = rollups.read([half.with_columns(seal=pl.lit(1, pl.Int64)) for half in halves])
    sampled = cases.sampled.with_columns(
        disputed=pl.lit(False),
        late=pl.lit(False),
        settled=pl.lit(True),
        outcome=pl.when(pl.col("case_id").str.ends_with("7")).then(pl.lit("wrong")).otherwise(pl.lit("right")),
    )
    nobody = Reviewed(live=pl.DataFrame(), readings=pl.DataFrame(), sent=pl.DataFrame())
    return outcomes.Outcomes(kinds=cases.kinds, unsampled=cases.unsampled, sampled=sampled, people=nobody)


def unsampled(result: outcomes.Outcomes) -> pl.DataFrame:
    """A row per case that was not sampled."""
    missing = [
        0 if blind else n - len(known)
        for blind, n, known in zip(result.kinds["blind"], result.kinds["n"], result.unsampled, strict=True)
    ]
    parts = [
        kind.join(
            pl.DataFrame({"confidence": [*known, *[None] * more]}, schema={"confidence": pl.Float64}), how="cross"
        )
        for kind, known, more in zip(result.kinds.iter_slices(1), result.unsampled, missing, strict=True)
    ]
    return pl.concat(parts)


def test_an_extract_gives_back_every_case_to_the_bit() -> None:
    rows = decided(90)
    result = read(rows)
    back = unsampled(result)
    columns = ["confidence", "route", "propensity", "prediction", "policy_id", "epoch_id", "slices"]
    assert sorted(map(str, rows.filter(~pl.col("blind")).select(columns).rows())) == sorted(
        map(str, back.select(columns).rows())
    )
    named = ["case_id", *columns]
    sampled = result.kinds.drop("n")[result.sampled["kind"]].hstack(result.sampled.drop("kind"))
    assert rows.filter("blind").select(named).sort("case_id").equals(sampled.select(named).sort("case_id"))


@pytest.mark.parametrize("by", [["prediction"], ["route", "propensity"], ["day", "slices"]])
def test_bins_count_every_case_once(by: list[str]) -> None:
    rows = decided(90).with_columns(day=pl.coalesce("produced_at", "decided_at").str.head(10))
    thresholds = [0.9, 0.5, 0.1]
    binned = outcomes.binned(read(rows), by, thresholds)
    assert binned["n"].sum() == len(rows)
    for place, threshold in enumerate(thresholds):
        reached = rows.filter(pl.col("confidence") >= threshold).group_by(by).len().sort(by)
        counted = binned.filter(pl.col("bin") <= place).group_by(by).agg(pl.col("n").sum()).sort(by)
        assert reached.rows() == counted.rows()


def test_few_cases_keep_every_confidence() -> None:
    rows = decided(90)
    counts = outcomes.counts(read(rows))
    wanted = rows.group_by("confidence", "route", "blind", "propensity").len()
    counted = counts.group_by("confidence", "route", "blind", "propensity").agg(pl.col("n").sum())
    order = ["confidence", "route", "blind"]
    assert wanted.sort(order).rows() == counted.sort(order).rows()


def test_of_many_cases_each_count_above_a_listed_confidence_is_exact_and_the_areas_hardly_move(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = decided(200_000)
    text = read(rows)
    # As where few are sampled: the unsampled ones have confidences of their own.
    text = replace(text, sampled=text.sampled.gather_every(500))
    point = 0.123456
    short = outcomes.counts(text, [point])
    monkeypatch.setattr(confidence_levels, "EXACT", len(rows))
    whole = outcomes.counts(text, [point])
    assert short["n"].sum() == whole["n"].sum()
    assert len(short) < 40_000 < 100_000 < len(whole)
    for level in [point, *short["confidence"].drop_nulls().sample(200, seed=1)]:
        at = pl.col("confidence") >= level
        assert short.filter(at)["n"].sum() == whole.filter(at)["n"].sum()
    for area in (risk.augrc, risk.aurc):
        one, other = area(short, 0.05), area(whole, 0.05)
        assert not isinstance(one, NotEnoughEvidence)
        assert not isinstance(other, NotEnoughEvidence)
        assert one.value == pytest.approx(other.value, abs=2e-4)
        assert one.high == pytest.approx(other.high, abs=2e-4)


def test_of_many_samples_without_an_answer_each_count_above_a_listed_confidence_is_exact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = decided(200_000)
    text = read(rows)
    answered = pl.int_range(pl.len()) % 500 == 0
    late = pl.int_range(pl.len()) % 3 == 0
    silent = text.sampled.with_columns(
        outcome=pl.when(answered).then("outcome").otherwise(pl.lit("waiting")), late=late & ~answered
    )
    text = replace(text, sampled=silent)
    short = outcomes.counts(text)
    monkeypatch.setattr(confidence_levels, "EXACT", len(rows))
    whole = outcomes.counts(text)
    reported = ["blind", "outcome", "late"]
    assert len(short) < 40_000 < 150_000 < len(whole)
    for level in [-1.0, *short["confidence"].drop_nulls().sample(200, seed=1)]:
        rows_of = [
            counts.filter(pl.col("confidence").fill_null(0) >= level)
            .group_by(reported)
            .agg(pl.col("n").sum())
            .sort(reported)
            for counts in (short, whole)
        ]
        assert rows_of[0].rows() == rows_of[1].rows()
    for worst in (False, True):
        one, other = (risk.error_among_automated(counts, 0.05, unanswered_wrong=worst) for counts in (short, whole))
        assert one == other
    curve = risk.curve(short, 0.05)
    assert curve.equals(risk.at(whole, curve["threshold"].to_list(), 0.05))


def test_epochs_days_and_labels_can_be_taken_alone() -> None:
    rows = decided(90)
    result = read(rows)
    assert outcomes.of(result, "e-1") is result
    assert outcomes.of(result, "e-2").kinds.is_empty()
    spam = outcomes.with_prediction(result, "spam")
    assert (
        len(rows.filter(pl.col("prediction") == "spam"))
        == spam.kinds["n"].sum()
        == len(spam.sampled) + len(unsampled(spam))
    )
    assert set(unsampled(spam)["prediction"]) == {"spam"}


def test_an_era_holds_what_was_appended_after_it_began_whatever_day_its_cases_are_of() -> None:
    rows = decided(90)
    halves = [
        rollups.make(half).with_columns(seal=pl.lit(seal, pl.Int64))
        for seal, half in ((7, rows.head(45)), (9, rows.tail(45)))
    ]
    cases = rollups.read(halves, {"e-1": [0, 8]})
    assert cases.kinds.group_by("era").agg(pl.col("n").sum()).sort("era").rows() == [(1, 45), (2, 45)]
    assert set(cases.sampled.filter(cases.kinds["era"].gather(cases.sampled["kind"]) == 2)["seal"]) == {9}


def test_of_a_group_only_as_many_cases_are_evidence_as_the_plan_speaks_of() -> None:
    rows = decided(90).with_columns(group_id=pl.lit("00000000000000aa"), blind=pl.lit(True))
    held = pl.when(pl.int_range(pl.len()) < 30).then(pl.lit("too many"))
    result = read(rows.with_columns(held=held))
    kept = outcomes.released_at_most(result, 5)
    assert (len(kept.sampled), kept.kinds["n"].sum()) == (5, 60)
    assert outcomes.released_at_most(read(decided(90)), 1).kinds["n"].sum() == 90
