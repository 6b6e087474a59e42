"""What a history of records says of each field: how right it is, how often it decides, what it alone could let out."""

from collections.abc import Sequence

import polars as pl
import pytest

from models.planning import record_study, study

NAMES = ("vendor", "total")


Record = tuple[float | None, float | None, bool, bool]


def history(rows: Sequence[Record], **more: Sequence[object]) -> pl.DataFrame:
    """Of each record the scores of two fields (None: it leaves the record to a person) and whether they are right."""
    scores = [[row[place] for row in rows] for place in (0, 1)]
    sure = [None if None in (one, other) else min(one, other) for one, other, *_ in rows]  # type: ignore[type-var]
    frame: dict[str, Sequence[object]] = {"confidence": [*sure], "right": [row[2] and row[3] for row in rows]}
    for place in (0, 1):
        frame |= {
            f"score {place}": [*scores[place]],
            f"why {place}": ["no score" if score is None else None for score in scores[place]],
            f"right {place}": [row[2 + place] for row in rows],
        }
    types = {"confidence": pl.Float64(), "why 0": pl.String(), "why 1": pl.String()}
    return pl.DataFrame(frame | more, schema_overrides=types | dict.fromkeys(["score 0", "score 1"], pl.Float64()))


def of(records: pl.DataFrame, target: float = 0.1) -> record_study.ByField:
    return record_study.of(records, NAMES, study.of(records, target=target, delta=0.05))


def test_the_field_with_the_least_score_decides_and_a_tie_is_shared() -> None:
    rows = of(history([(0.5, 0.9, True, True), (0.6, 0.6, True, True), (0.9, 0.7, True, True), (0.4, 0.5, True, True)]))
    assert [row.decides for row in rows.rows] == [0.625, 0.375]


def test_a_record_that_a_field_leaves_to_a_person_is_counted_there_and_decided_by_none() -> None:
    vendor, total = of(history([(None, 0.2, True, True), (0.9, 0.8, True, True), (0.9, None, True, True)])).rows
    assert (vendor.unscored, total.unscored) == (1, 1)
    assert (vendor.decides, total.decides) == (0.0, 1.0)


def test_each_field_is_right_by_itself_in_all_records_and_among_those_released() -> None:
    sure = [(0.95, 0.9, True, True)] * 180 + [(0.95, 0.9, True, False)] * 5
    unsure = [(0.95, 0.3, True, False)] * 40 + [(0.2, 0.9, False, True)] * 20
    by_field = of(history(sure + unsure))
    assert (by_field.threshold, by_field.certified) == (0.9, True)
    vendor, total = by_field.rows
    assert vendor.right is not None
    assert total.right is not None
    assert total.released is not None
    assert (vendor.right.errors, vendor.right.n, total.right.errors) == (20, 245, 45)
    assert (total.released.errors, total.released.n) == (5, 185)
    assert total.released.value == pytest.approx(180 / 185)
    assert total.released.low < 180 / 185 < total.released.high


def test_a_field_alone_is_released_by_its_own_score() -> None:
    sure = [(0.95, 0.9, True, True)] * 185
    unsure = [(0.95, 0.3, True, False)] * 40 + [(0.2, 0.9, False, True)] * 20
    vendor, total = of(history(sure + unsure)).rows
    assert vendor.alone is not None
    assert total.alone is not None
    assert (vendor.alone.oracle, vendor.alone.oracle_threshold) == (1.0, 0.2)  # 20 of 245 are wrong
    assert total.alone.oracle == pytest.approx(205 / 245)
    assert total.alone.oracle_threshold == 0.9


def test_where_nothing_is_certified_the_threshold_is_what_could_release_most() -> None:
    by_field = of(history([(0.9, 0.9, True, True)] * 5 + [(0.3, 0.9, False, True)] * 5))
    assert (by_field.threshold, by_field.certified) == (0.9, False)
    nothing = of(history([(0.9, 0.9, False, True)] * 5))
    assert (nothing.threshold, nothing.rows[1].released) == (None, None)


def test_of_a_field_without_right_values_nothing_is_known_but_how_often_it_decides() -> None:
    records = history([(0.9, 0.5, True, True)] * 4).with_columns(pl.lit(None, dtype=pl.Boolean).alias("right 1"))
    row = of(records).rows[1]
    assert (row.right, row.released, row.alone, row.decides) == (None, None, None, 1.0)


def test_labels_that_were_sampled_with_known_chances_are_weighted_and_others_are_none() -> None:
    rows = [(0.9, 0.9, True, True)] * 100 + [(0.5, 0.9, False, True)] * 40
    records = history(rows, chance=[0.1] * 100 + [1.0] * 40)
    sampled = pl.Series(
        [place % 10 == 0 or place >= 100 for place in range(140)]
    )  # what stands beside the others is no label
    row = of(records.with_columns(right=pl.when(sampled).then("right"))).rows[0]
    assert row.right is not None
    assert (row.right.n, row.right.errors) == (50, 40)
    assert row.right.value == pytest.approx(100 / 140)
