"""What makes a stream's answers and scores is its epoch: a change stops the flows until `init` opens another."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from flows.governance import epochs
from flows.inputs import files
from flows.runtime import runs, settings
from flows.scoring import decide
from models.config import stream
from models.errors import InputInvalid, Misuse, ModelInvalid
from review.ledger import ledger
from review.queries import policy_history, registered
from tests.integration import ledger_facts as facts

STREAM = """
name = "mail"
title = "Customer mail"
labels = ["ham", "spam"]
{answer}
[review]
kind = "text"
question = "Which?"
project = "mail"
[target]
error = 0.05
[costs]
error = 2.0
review_minute = 0.5
"""
INPUT = """[input]
source = "inbox"
prediction = "label"
confidence = "score"
payload = ["text"]
[model]
id = "m-1"
"""
OWN = """[input]
source = "inbox"
payload = ["text"]
[model]
id = "m-1"
file = "model.skops"
features = ["text"]
"""
ANN = "ann@example.org"


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a stream file and a model, and an open ledger."""

    folder: Path
    book: ledger.Ledger

    def describe(self, answer: str = INPUT) -> stream.Stream:
        (self.folder / "mail.toml").write_text(STREAM.format(answer=answer), encoding="utf-8")
        return settings.read_stream("mail", settings.read())

    def in_force(self) -> policy_history.PolicyInForce:
        policy_in_force = policy_history.policy_in_force(self.book, "mail")
        assert policy_in_force is not None
        return policy_in_force

    def model(self, data: bytes) -> None:
        (self.folder / "model.skops").write_bytes(data)


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("SECOND_READER_LEDGER", ledger_url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        yield Desk(tmp_path, book)


def test_another_meaning_of_the_confidence_stops_the_flows_until_an_epoch_of_it_begins(desk: Desk) -> None:
    epochs.begin_epoch(desk.book, desk.describe(), ANN)
    before = desk.in_force().epoch_id
    other = desk.describe(INPUT.replace('confidence = "score"', 'confidence = "p"'))
    text = "the file's input.confidence is 'p', that of the epoch in force 'score'"
    with pytest.raises(Misuse, match=f"stream 'mail': {text}; to start a new epoch .* run: second-reader init mail"):
        runs.policy_in_force(desk.book, other)
    assert epochs.begin_epoch(desk.book, other, ANN) is True
    assert desk.in_force().because.endswith(f"evidence starts at zero, for {text}")
    assert desk.in_force().epoch_id != before
    assert runs.policy_in_force(desk.book, other).policy.threshold is None
    assert epochs.begin_epoch(desk.book, other, ANN) is False


def test_a_scale_is_registered_as_the_calibrator_of_the_epoch(desk: Desk) -> None:
    for line, expected in [("", "identity"), ('scale = "logprob"\n', "logprob")]:
        epochs.begin_epoch(desk.book, desk.describe(INPUT.replace("[model]", f"{line}[model]")), ANN)
        result = desk.book.read("SELECT calibrator FROM epoch WHERE epoch_id = :epoch", epoch=desk.in_force().epoch_id)
        assert result["calibrator"].item() == expected


def test_other_bytes_of_the_model_file_are_another_epoch_wherever_the_file_lies(desk: Desk) -> None:
    desk.model(b"one")
    epochs.begin_epoch(desk.book, desk.describe(OWN), ANN)
    os.replace(desk.folder / "model.skops", desk.folder / "moved.skops")  # noqa: PTH105
    moved = desk.describe(OWN.replace("model.skops", "moved.skops"))
    assert runs.changed(desk.book, desk.in_force(), moved) is None
    desk.model(b"two")
    digests = r"the bytes of model\.file have SHA-256 3fc4ccfe7458, those of the epoch in force 7692c3ad3540"
    with pytest.raises(Misuse, match=digests):
        runs.policy_in_force(desk.book, desk.describe(OWN))
    assert epochs.begin_epoch(desk.book, desk.describe(OWN), ANN) is True
    assert runs.changed(desk.book, desk.in_force(), desk.describe(OWN)) is None


def test_a_model_file_written_anew_under_its_name_is_seen_in_the_middle_of_a_run(desk: Desk) -> None:
    desk.model(b"one")
    described = desk.describe(OWN)
    epochs.begin_epoch(desk.book, described, ANN)
    runs.policy_in_force(desk.book, described)
    desk.model(b"two, and longer")
    with pytest.raises(Misuse, match=r"the bytes of model\.file"):
        runs.policy_in_force(desk.book, described)


def test_a_model_file_is_read_once_in_a_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.model(b"read once")
    epochs.begin_epoch(desk.book, desk.describe(OWN), ANN)
    before = runs._hashed.cache_info()
    for _ in range(5):
        runs.policy_in_force(desk.book, desk.describe(OWN))
    after = runs._hashed.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (0, 5)


def test_without_its_model_file_an_epoch_cannot_begin_and_one_that_began_can_be_governed(desk: Desk) -> None:
    with pytest.raises(ModelInvalid, match=r"model\.skops: the model cannot be read.* put it there, or correct"):
        epochs.begin_epoch(desk.book, desk.describe(OWN), ANN)
    assert policy_history.policy_in_force(desk.book, "mail") is None
    desk.model(b"one")
    epochs.begin_epoch(desk.book, desk.describe(OWN), ANN)
    (desk.folder / "model.skops").unlink()
    in_force = runs.policy_in_force(desk.book, desk.describe(OWN))
    # As the watchdog does: a new epoch whatever has become of the file, on the bytes that were registered.
    epochs.open_epoch(desk.book, desk.describe(OWN), in_force, by="the watchdog", because="an alarm")
    now = registered.terms(desk.book, desk.in_force().epoch_id)
    assert now == registered.terms(desk.book, in_force.epoch_id)


def test_an_epoch_of_the_first_version_gives_way_to_one_that_registers_its_terms(desk: Desk) -> None:
    described = desk.describe()
    old = facts.epochs({"epoch_id": "e-1", "model_id": "m-1", "labels": '["ham", "spam"]'})
    desk.book.append({"epoch": old, "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW)
    with pytest.raises(Misuse, match="opened by an earlier version, whose certificates counted only settled days"):
        runs.policy_in_force(desk.book, described)
    assert epochs.begin_epoch(desk.book, described, ANN) is True
    assert runs.changed(desk.book, desk.in_force(), described) is None


def test_deadlines_and_the_depth_of_the_queue_change_no_epoch(desk: Desk) -> None:
    epochs.begin_epoch(desk.book, desk.describe(), ANN)
    patient = desk.describe().model_copy(
        update={"review": desk.describe().review.model_copy(update={"deadline_hours": 8760.0, "queue_depth": 5})}
    )
    assert runs.changed(desk.book, desk.in_force(), patient) is None


def test_terms_of_an_epoch_that_is_not_there_are_an_error(desk: Desk) -> None:
    with pytest.raises(LookupError, match="no epoch 'e-9'"):
        registered.terms(desk.book, "e-9")


def test_a_stream_knows_the_projects_it_ever_had(desk: Desk) -> None:
    assert registered.projects(desk.book, "mail") == set()
    rows = facts.projects({"project_id": 3}, {"project_id": 9, "config_hash": "b" * 64})
    desk.book.append({"project": rows}, now=facts.NOW)
    assert registered.projects(desk.book, "mail") == {3, 9}
    assert registered.projects(desk.book, "post") == set()


def test_a_file_of_another_scale_leaves_nothing_in_the_ledger_and_is_read_with_the_setting_it_names(desk: Desk) -> None:
    rows = {"id": ["a", "b", "c"], "label": ["ham"] * 3, "score": [97.5, 99.0, 12.0], "text": ["x", "x", "y"]}
    pl.DataFrame(rows).write_parquet(desk.folder / "a.parquet")

    def score(described: stream.Stream) -> None:
        epochs.begin_epoch(desk.book, described, ANN)
        for chunk in files.chunks(desk.folder / "a.parquet", described):
            decide.record.fn(described, "run", chunk)

    with pytest.raises(InputInvalid, match=r'a\.parquet, line 1: score 97\.5 .* input\.scale = "percent"'):
        score(desk.describe())
    assert desk.book.read("SELECT count(*) AS n FROM decision")["n"].item() == 0
    assert desk.book.read("SELECT count(*) AS n FROM fault")["n"].item() == 0
    score(desk.describe(INPUT.replace("[model]", 'scale = "percent"\n[model]')))
    result = desk.book.read("SELECT case_id, confidence, group_id FROM decision ORDER BY case_id")
    assert result["confidence"].to_list() == [0.975, 0.99, 0.12]
    first, second, third = result["group_id"]
    assert first == second != third
