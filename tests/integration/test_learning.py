"""What a calibrator is for, and what labels teach a candidate: recorded, said by the command and quoted to the owner."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows import measure
from flows.planning import candidates, other_models, promotion
from flows.runtime import runs
from models.errors import Misuse
from models.evaluation.learned import Curve
from review.choices import more_data
from review.integrity import verify
from review.queries import candidates as candidate_queries
from review.queries import training_cases
from tests.integration import desk as desks
from tests.integration.desk import ANN, WHY, Clock, Desk
from tests.integration.test_retrain import fill

SURE = "mail-sure-1"


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    with desks.opened(ledger_url, tmp_path, monkeypatch) as desk:
        yield desk


CALM = "mail-calm-1"


def test_a_calibrator_prices_answers_and_makes_classes_comparable(desk: Desk) -> None:
    """The model is equally sure of everything, so its class says all: one class is released, and how right both are is known."""
    fill(desk, ham=700)
    assert desk.look().threshold is None
    done = candidates.retrain("mail", CALM, "calibrator", curve=False)
    assert (done["kind"], done["keeps"], done["check"]["reorders"]) == ("calibrator", "m-1", True)
    assert 1 - done["check"]["after"] < 1 - done["check"]["before"]
    assert any("Answers of one class pass those of another" in text for text in done["says"])
    scores = desk.book.read(
        "SELECT s.score, d.prediction FROM shadow s JOIN decision d ON d.case_id = s.case_id WHERE s.model_id = :calm",
        calm=CALM,
    )
    mean = dict(scores.group_by("prediction").agg(pl.col("score").mean()).rows())
    assert mean["ham"] == pytest.approx(0.995, abs=0.02)
    assert mean["spam"] == pytest.approx(0.5, abs=0.17)
    (one,) = other_models.of(desk.run(), desk.in_force(), desk.cases())
    assert one.threshold is not None
    assert 0.7 < one.coverage < 0.86, "what is said to be ham"
    assert verify.ledger(desk.book) == []


def test_a_calibrator_is_put_in_force_by_the_same_key(desk: Desk) -> None:
    fill(desk, ham=700)
    desk.look()
    done = candidates.retrain("mail", CALM, "calibrator", curve=False)
    calm = replace(desk, model=CALM, rules=f'[score]\nsecond_stage = "{done["file"]}"\n')
    calm.describe()
    assert promotion.promote("mail", None, by=ANN, because=WHY).policy.releases
    calm.arrive("c", 100, 0.9)
    calm.arrive("d", 40, 0.9, label="spam")
    rows = desk.book.read(
        "SELECT prediction, raw_score, confidence, route FROM decision WHERE model_id = :calm", calm=CALM
    )
    assert set(rows["raw_score"]) == {0.9}
    assert rows.filter(pl.col("prediction") == "ham")["route"].unique().to_list() == ["AUTOMATE"]
    assert rows.filter(pl.col("prediction") == "spam")["route"].unique().to_list() == ["REVIEW"]
    assert candidate_queries.answering_as(desk.book, "mail", CALM) == ["m-1", CALM]
    (desk.folder / done["file"]).write_bytes(b"another")
    with pytest.raises(Misuse, match=r"the bytes of score\.second_stage have SHA-256"):
        runs.policy_in_force(desk.book, calm.describe())


def test_what_labels_teach_is_recorded_and_said_again_without_training(desk: Desk) -> None:
    fill(desk)
    done = candidates.retrain("mail", SURE, "second-stage")
    curve = candidate_queries.of(desk.book, "mail")[SURE].curve
    assert isinstance(curve, Curve)
    assert curve.measure == "order"
    assert curve.points[-1].verdicts.labels == pytest.approx(0.8 * done["labels"], abs=1)
    assert curve.points[-1].verdicts.time > curve.points[-1].first.time, "what was disputed took a second reading"
    assert done["says"][1].split()[:3] == ["hours", "of", "people"]
    assert candidate_queries.with_curve(desk.book, "mail") == candidate_queries.of(desk.book, "mail")[SURE]
    assert candidates.retrain("mail", SURE, "second-stage")["says"] == done["says"]
    plain = candidates.retrain("mail", "mail-sure-2", "second-stage", curve=False)
    assert (plain["curve"], len(plain["says"])) == (None, 1)
    newest = candidate_queries.with_curve(desk.book, "mail")
    assert newest is not None
    assert newest.name == SURE
    (choice,) = [one for one in measure.read("mail").choices if one.question == more_data.QUESTION]
    assert f"{SURE} (second-stage): " in choice.says
    assert choice.figures["curve_of"] == SURE


def test_a_label_knows_what_its_first_reader_said_and_what_all_its_readings_took(desk: Desk) -> None:
    desk.arrive("a", 60, 0.9, answer=False)
    for n in range(60):
        desk.answer(f"a-{n:04d}", n + 1, "spam" if n % 3 == 0 else "ham", runs.clock())
    disputed = [f"a-{n:04d}" for n in range(0, 60, 3)]
    desk.second(disputed, "ham", runs.clock())
    desk.third(disputed, "ham", runs.clock())
    rows = training_cases.labels(desk.book, "mail", until=desk.book.head()[0]).rows
    assert set(rows.select("first", "answer", "right", "first_seconds", "seconds", "readings").rows()) == {
        ("ham", "ham", True, 4.0, 4.0, 1),
        ("spam", "ham", True, 4.0, 12.0, 3),
    }
