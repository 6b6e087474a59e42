"""A candidate is trained on the answers of the queue, answers in shadow, and the report says what it would release."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import skops.io as skops_io
from prefect.client.schemas.objects import State
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from typer.testing import CliRunner

from flows import measure, retrain
from flows.commands import main
from flows.governance import epochs, evidence
from flows.inputs import files
from flows.planning import candidate_kinds, candidates, other_models, promotion, shadows
from flows.runtime import runs, settings
from flows.scoring import decide
from models.errors import Misuse, ModelInvalid
from review import formats
from review.adoption.other_models import OtherModel
from review.integrity import verify
from review.queries import candidates as candidate_queries
from review.queries import training_cases
from review.report import as_json, report
from tests.integration import desk as desks
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Clock, Desk

SURE = "mail-sure-1"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    with desks.opened(f"sqlite:///{tmp_path / 'ledger.sqlite'}", tmp_path, monkeypatch) as desk:
        yield desk


def fill(desk: Desk, ham: int = 400, spam: int = 200) -> None:
    """The model is equally sure of everything: of ham it is right, of spam it is wrong in half of the cases."""
    desk.arrive("b", spam, 0.9, wrong=spam // 2, label="spam")
    desk.arrive("a", ham, 0.9, wrong=2)


def others(desk: Desk) -> tuple[OtherModel, ...]:
    return other_models.of(desk.run(), desk.in_force(), desk.cases())


def test_a_second_stage_is_trained_from_answers_and_the_report_says_what_it_would_release(desk: Desk) -> None:
    fill(desk)
    assert desk.look().threshold is None, "by the model's own score nothing can be released"
    done = candidates.retrain("mail", SURE, "second-stage", curve=False)
    assert (done["labels"] + done["recorded"], done["recorded"] > 200) == (600, True), "half of the groups each"
    file = desk.folder / "models" / f"{SURE}.skops"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == done["sha256"]
    assert file.stat().st_mode & 0o777 == 0o600
    (one,) = others(desk)
    assert one.threshold is not None
    assert 0.77 < one.coverage < 0.9, "all but the wrong ones, which are answers to short texts"
    progress = evidence.look(desk.run(), desk.in_force(), desk.cases(), runs.clock())
    labels = evidence.labels(desk.describe(), desk.in_force(), desk.cases(), runs.clock())
    new_report = measure.gather(desk.run(), desk.in_force(), desk.cases(), progress, labels, runs.clock())
    page = formats.plain(report.page(new_report))
    assert f"By a certificate of its own it could release {formats.plain(formats.share(one.coverage))} of cases" in page
    assert "neither is right where the other is wrong" in page
    assert as_json.whole(new_report)["others"][0]["threshold"] == one.threshold
    assert verify.ledger(desk.book) == []


def test_training_twice_records_nothing_new_and_later_cases_are_answered_by_the_same_file(desk: Desk) -> None:
    fill(desk)
    done = candidates.retrain("mail", SURE, "second-stage", curve=False)
    data = (desk.folder / "models" / f"{SURE}.skops").read_bytes()
    before = len(desk.book.read("SELECT case_id FROM shadow"))
    assert candidates.retrain("mail", SURE, "second-stage", curve=False) == done | {"recorded": 0}
    desk.arrive("c", 50, 0.9, wrong=20)
    later = candidates.retrain("mail", SURE, "second-stage", curve=False)
    assert later == done | {"recorded": len(desk.book.read("SELECT case_id FROM shadow")) - before}
    assert later["recorded"] > 10
    assert (desk.folder / "models" / f"{SURE}.skops").read_bytes() == data


def test_the_same_labels_make_the_same_file(desk: Desk) -> None:
    fill(desk)
    known = training_cases.labels(desk.book, "mail", until=desk.book.head()[0])
    run = desk.run()
    kind = candidate_kinds.KIND_OF["second-stage"]
    first, again = (kind.train(run, kind.material(run, known)) for _ in range(2))
    assert first == again


def test_a_name_is_one_model(desk: Desk) -> None:
    fill(desk)
    file = desk.folder / "models" / f"{SURE}.skops"
    file.parent.mkdir()
    file.write_bytes(b"another")
    with pytest.raises(Misuse, match="the name is taken, the file is there, and holds another model"):
        candidates.retrain("mail", SURE, "second-stage", curve=False)
    file.unlink()
    candidates.retrain("mail", SURE, "second-stage", curve=False)
    file.write_bytes(b"another")
    with pytest.raises(Misuse, match="it was trained as second-stage, with SHA-256 "):
        candidates.retrain("mail", SURE, "second-stage", curve=False)
    (desk.folder / "m-2.jsonl").write_text('{"case_id": "a-0001", "label": "ham", "score": 0.9}\n', encoding="utf-8")
    shadows.record("mail", desk.folder / "m-2.jsonl", "m-2")
    with pytest.raises(Misuse, match="a model of that name has answered before"):
        candidates.retrain("mail", "m-2", "second-stage", curve=False)


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("m-1", "second-stage", "that is the model whose answers go out"),
        ("../m", "second-stage", "it names a file"),
        ("m-2", "third-stage", "--kind third-stage: one of second-stage, calibrator, refit"),
        ("m-2", "refit", "has no classifier of its own"),
        ("m-2", "second-stage", "nothing was trained: .* labels to learn from, and it takes 100"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(desk: Desk, name: str, kind: str, text: str) -> None:
    desk.arrive("a", 60, 0.9)
    with pytest.raises(Misuse, match=text):
        candidates.retrain("mail", name, kind, curve=False)
    assert not (desk.folder / "models").exists()
    assert desk.book.read("SELECT run_id FROM run WHERE flow = 'retrain'").is_empty()


def test_cases_of_an_earlier_model_are_none_of_a_second_stage(desk: Desk) -> None:
    desk.arrive("d", 50, 0.9, wrong=25)
    moved = replace(desk, model="m-2")
    epochs.begin_epoch(desk.book, moved.describe(), ANN)
    fill(moved)
    candidates.retrain("mail", SURE, "second-stage", curve=False)
    assert candidate_queries.of(desk.book, "mail")[SURE].keeps == "m-2"
    (one,) = others(moved)
    assert one.threshold is not None, "what m-1 answered counts neither for it nor against it"


def test_a_second_stage_takes_over_and_ranks_what_comes(desk: Desk) -> None:
    fill(desk)
    desk.look()
    done = candidates.retrain("mail", SURE, "second-stage", curve=False)
    named = replace(desk, model=SURE)
    named.describe()
    with pytest.raises(Misuse, match=f"name the file whose SHA-256 begins with {done['sha256'][:12]}"):
        promotion.promote("mail", None, by=ANN, because=WHY)
    sure = replace(named, rules=f'[score]\nsecond_stage = "{done["file"]}"\n')
    sure.describe()
    in_force = promotion.promote("mail", None, by=ANN, because=WHY)
    assert in_force.policy.releases
    sure.arrive("c", 300, 0.9)
    sure.arrive("d", 40, 0.9, label="spam")
    rows = desk.book.read(
        "SELECT prediction, raw_score, confidence, route FROM decision WHERE model_id = :sure", sure=SURE
    )
    assert set(rows["raw_score"]) == {0.9}, "the model's own score is kept"
    assert rows.filter(pl.col("prediction") == "ham")["route"].unique().to_list() == ["AUTOMATE"]
    assert rows.filter(pl.col("prediction") == "spam")["route"].unique().to_list() == ["REVIEW"]
    known = training_cases.labels(desk.book, "mail", until=desk.book.head()[0])
    same = candidate_queries.answering_as(desk.book, "mail", SURE)
    assert same == ["m-1", SURE]
    assert set(training_cases.of_answers(known, same)["model_id"]) == {"m-1", SURE}, "the next one learns from both"
    (desk.folder / done["file"]).write_bytes(b"another")
    with pytest.raises(Misuse, match=r"the bytes of score\.second_stage have SHA-256"):
        runs.policy_in_force(desk.book, sure.describe())


def test_a_file_that_is_none_is_one_line(desk: Desk) -> None:
    staged = replace(desk, rules='[score]\nsecond_stage = "models/none.skops"\n')
    with pytest.raises(
        ModelInvalid, match=r"none\.skops: the model cannot be read, and an epoch is opened with its bytes"
    ):
        epochs.begin_epoch(desk.book, staged.describe(), ANN)
    (desk.folder / "models").mkdir()
    (desk.folder / "models" / "none.skops").write_bytes(skops_io.dumps({"kind": "another"}))
    epochs.begin_epoch(desk.book, staged.describe(), ANN)
    with pytest.raises(ModelInvalid, match=r"none\.skops: the file holds no second stage of this version"):
        staged.arrive("a", 3, 0.9)


def test_the_command_says_what_was_done(desk: Desk) -> None:
    fill(desk)
    done = CliRunner().invoke(main.app, ["retrain", "mail", "--model", SURE])
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"retrain: model {SURE}, kind second-stage, file models/{SURE}.skops, sha256 ")


def test_the_flow_ends_with_what_was_done(desk: Desk) -> None:
    desk.arrive("c", 60, 0.9)
    ended = retrain.retrain.fn("mail", SURE, curve=False)
    assert isinstance(ended, State)
    assert ended.is_failed()
    assert "nothing was trained" in str(ended.message)
    fill(desk, ham=300)
    ended = retrain.retrain.fn("mail", SURE, curve=False)
    assert isinstance(ended, State)
    assert ended.is_completed()
    assert f"model {SURE}, kind second-stage" in str(ended.message)


def test_on_a_schedule_the_day_names_the_candidate_and_too_few_labels_are_no_failure(desk: Desk) -> None:
    desk.arrive("few", 20, 0.9)
    ended = retrain.retrain.fn("mail", curve=False)
    assert isinstance(ended, State)
    assert (ended.is_completed(), "nothing was trained" in str(ended.message)) == (True, True)
    by_hand = retrain.retrain.fn("mail", SURE, curve=False)
    assert isinstance(by_hand, State)
    assert by_hand.is_failed()
    fill(desk, ham=300)
    assert isinstance(ended := retrain.retrain.fn("mail", curve=False), State)
    assert f"model mail-second-stage-{runs.clock()[:10].replace('-', '')}" in str(ended.message)


OWN = """
name = "own"
title = "Mail"
labels = ["ham", "spam"]
[input]
source = "inbox/own"
format = "jsonl"
payload = ["text"]
[model]
id = "own-1"
file = "models/own.skops"
features = ["text"]
[review]
kind = "text"
question = "Which?"
project = "own"
overlap = 0.0
[target]
error = 0.05
[costs]
error = 2.0
review_minute = 0.5
"""


def test_the_streams_own_model_is_fitted_anew_and_answers_by_itself(desk: Desk) -> None:
    """What it knew was the wrong way round; what people answered is not."""
    (desk.folder / "own.toml").write_text(OWN, encoding="utf-8")
    (desk.folder / "models").mkdir()
    (desk.folder / "inbox" / "own").mkdir(parents=True)
    wrong = make_pipeline(CountVectorizer(), LogisticRegression()).fit(
        ["offer now", "hello you"] * 5, ["ham", "spam"] * 5
    )
    (desk.folder / "models" / "own.skops").write_bytes(skops_io.dumps(wrong))
    texts = [f"{'offer now' if n % 2 else 'hello you'} number {n}" for n in range(400)]
    inbox = desk.folder / "inbox" / "own" / "a.jsonl"
    inbox.write_text("".join(json.dumps({"id": f"c-{n}", "text": text}) + "\n" for n, text in enumerate(texts)))
    described = settings.read_stream("own", settings.read())
    epochs.begin_epoch(desk.book, described, ANN)
    for chunk in files.chunks(inbox.parent, described):
        decide.record.fn(described, "run", chunk)
    assert set(desk.book.read("SELECT prediction FROM decision WHERE case_id = 'c-1'")["prediction"]) == {"ham"}
    cases = desk.book.read("SELECT case_id, line FROM decision").rows()
    task: dict[str, facts.Value] = {"stream": "own", "blind": True}
    twice = [(case, line, slot) for case, line in cases for slot in (0, 1)]
    desk.book.append(
        {
            "dispatch": facts.dispatches(
                *(
                    task | {"case_id": case, "slot": n, "task_id": line + 1000 * n, "task_key": f"{case} {n}"}
                    for case, line, n in twice
                )
            ),
            "review": facts.reviews(
                *(
                    task
                    | {"case_id": case, "slot": n, "task_id": line + 1000 * n, "annotation_id": line + 1000 * n}
                    | {"reviewer": f"r{n}@example.org", "answer": "spam" if int(case[2:]) % 2 else "ham"}
                    for case, line, n in twice
                )
            ),
        },
        now=runs.clock(),
    )
    done = candidates.retrain("own", "own-2", "refit")
    assert done["labels"] + done["recorded"] == 400
    says = desk.book.read("SELECT case_id, answer, score FROM shadow WHERE model_id = 'own-2'")
    right = [("spam" if int(case[2:]) % 2 else "ham") == answer for case, answer, _ in says.rows()]
    assert np.mean(right) == 1.0
    assert says["score"].min() > 0.5  # type: ignore[operator]
    assert (done["curve"]["measure"], done["curve"]["points"][-1]["verdicts"]["value"]) == ("right", 1.0)
    assert candidates.retrain("own", "own-2", "refit") == done | {"recorded": 0}
    inbox.write_text("")
    with pytest.raises(Misuse, match="nothing was trained: 0 labels"):
        candidates.retrain("own", "own-3", "refit")
