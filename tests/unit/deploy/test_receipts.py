"""The demo's receipts: made the same each time, read by rules whose scores mean what they say."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from deploy.demo import prepared, receipt_reader, receipt_text, receipts, record_fill
from flows.planning import study_records
from models.answers import record_text
from models.config import stream as streams
from models.config.stream import Stream
from models.outputs import contract
from models.planning.labelled import Columns
from review.label_studio import record_results

pytestmark = pytest.mark.xdist_group("receipts")  # what they share takes seconds to make

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def stream() -> Stream:
    path = ROOT / "deploy" / "streams" / "receipts.toml"
    return streams.parse(path.read_text(encoding="utf-8"), origin=path.name)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> prepared.Prepared:
    return receipts.prepare(tmp_path_factory.mktemp("home"), 2)


@pytest.fixture(scope="module")
def cases(ready: prepared.Prepared, stream: Stream) -> pl.DataFrame:
    frame = pl.concat([pl.read_ndjson(day) for day in ready.days])
    return contract.validate(frame, stream, source="days").cases


def test_the_same_seed_makes_the_same_receipts() -> None:
    one, two, other = (receipt_text.make(20, seed=seed, prefix="r") for seed in (1, 1, 2))
    assert one == two != other


def test_every_receipt_arrives_once_as_a_record_of_its_stream(cases: pl.DataFrame, ready: prepared.Prepared) -> None:
    assert len(cases) == receipts.CASES == len(ready.truth)
    assert set(cases["case_id"]) == set(ready.truth)


def test_the_rules_are_right_as_often_as_stated_and_far_from_always(
    cases: pl.DataFrame, ready: prepared.Prepared, stream: Stream
) -> None:
    def right(case: str, prediction: str | None) -> bool:
        truth = ready.truth[case]
        return record_results.read(stream, record_fill.result(stream, truth, "c-1"), "c-1", prediction) == prediction

    share = np.mean([right(*row) for row in cases.select("case_id", "prediction").iter_rows()])
    assert ready.accuracy == pytest.approx(share)
    assert 0.5 < share < 0.9


def test_a_study_of_the_receipts_is_as_right_and_as_sure_as_score_and_readers_are(
    cases: pl.DataFrame, ready: prepared.Prepared, stream: Stream, tmp_path: Path
) -> None:
    rows = [json.loads(line) for day in ready.days for line in day.read_text(encoding="utf-8").splitlines()]
    history = [row | {"truth": record_text.values(ready.truth[row["id"]])} for row in rows]
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(row) + "\n" for row in history), encoding="utf-8")
    studied = study_records.read(tmp_path / "history.jsonl", stream, "truth.{field}", Columns())
    assert studied.cases["confidence"].to_list() == cases["raw_score"].to_list()
    readers = [
        record_results.read(stream, record_fill.result(stream, ready.truth[case], case), case, prediction) == prediction
        for case, prediction in cases.select("case_id", "prediction").iter_rows()
    ]
    assert studied.cases["right"].to_list() == readers


def test_the_score_of_a_field_is_the_chance_that_it_is_right(ready: prepared.Prepared) -> None:
    rows = [json.loads(line) for day in ready.days for line in day.read_text(encoding="utf-8").splitlines()]
    for name in receipt_reader.FIELDS:
        right = np.array(
            [receipt_reader.same(name, row[name], record_text.values(ready.truth[row["id"]])[name]) for row in rows]
        )
        assert abs(right.mean() - np.mean([row[f"{name}_p"] for row in rows])) < 0.03, name


def test_what_a_replayed_reader_submits_is_read_as_what_they_answer(ready: prepared.Prepared, stream: Stream) -> None:
    for case in list(ready.truth)[:200]:
        answer = ready.answer(case, "ada@example.com")
        read = record_results.read(stream, record_fill.result(stream, answer, "c-1"), "c-1", None)
        assert record_text.values(read) == record_text.values(answer)
    slips = sum(ready.answer(case, "ada@example.com") != truth for case, truth in ready.truth.items())
    assert 0 < slips < 3 * receipts.SLIP * receipts.CASES


def shares_right(reader: receipt_reader.Reader, texts: list[receipt_text.Receipt]) -> tuple[float, float]:
    """How many of the records are right, and of the surer half."""
    read = reader.read_all([one.text for one in texts])
    scores = [min(score for _, score in fields.values()) for fields in read]
    right = np.array(
        [
            all(receipt_reader.same(name, value, one.truth[name]) for name, (value, _) in fields.items())
            for one, fields in zip(texts, read, strict=True)
        ]
    )
    return float(right.mean()), float(right[np.argsort(scores)[len(texts) // 2 :]].mean())


def test_the_reader_that_takes_over_reads_more_records_right_and_hardly_any_wrong_where_it_is_sure(
    ready: prepared.Prepared,
) -> None:
    """Else the labels of three days would be too few for it to take over without a cold start."""
    assert ready.successor is not None
    texts = receipt_text.make(600, seed=receipts.SEED + 2, prefix="more")
    learned_from = receipt_text.make(receipts.TRAINED_ON, seed=receipts.SEED + 1, prefix="learned")
    (first, _), (second, where_sure) = (
        shares_right(receipt_reader.learned(learned_from, mends=mends), texts) for mends in (False, True)
    )
    assert second > first + 0.03
    assert where_sure > 0.99
    (text,) = (one.text for one in texts[:1])
    assert ready.successor.answers(text).keys() == {
        part for name in receipt_reader.FIELDS for part in (name, f"{name}_p")
    }


def test_the_least_score_releases_more_at_the_target_than_equal_ranks_do(ready: prepared.Prepared) -> None:
    rows = [json.loads(line) for day in ready.days for line in day.read_text(encoding="utf-8").splitlines()]
    scores = np.array([[row[f"{name}_p"] for name in receipt_reader.FIELDS] for row in rows])
    wrong = np.array(
        [
            not all(
                receipt_reader.same(name, row[name], record_text.values(ready.truth[row["id"]])[name])
                for name in receipt_reader.FIELDS
            )
            for row in rows
        ]
    )
    ranks = np.column_stack([np.searchsorted(np.sort(one), one, side="right") for one in scores.T]) / len(rows)

    def released(knob: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        error = np.cumsum(wrong[np.argsort(-knob, kind="stable")]) / np.arange(1, len(rows) + 1)
        return float(np.flatnonzero(error <= 0.05)[-1] + 1) / len(rows)

    assert released(scores.min(axis=1)) > released(ranks.min(axis=1)) + 0.03
