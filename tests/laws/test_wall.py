"""The wall: whatever people answered, nothing that is kept for measuring reaches what trains."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.planning import candidate_kinds, learning
from flows.runtime import runs
from flows.runtime import settings as settings_
from models.classifiers import calibrator, second_stage, training
from models.config import stream
from models.errors import Misuse
from models.evaluation import paired_cost
from models.evaluation.estimate import NotEnoughEvidence
from models.routing import measuring
from review.ledger import ledger, rollups
from review.queries import training_cases
from review.queries.candidates import Candidate
from tests.integration import ledger_facts as facts
from tests.integration.desk import STREAM
from tests.integration.ledger_facts import NOW

SOME = settings(max_examples=25, deadline=None)
LABEL = st.sampled_from(["ham", "spam"])
CASE = st.fixed_dictionaries(
    {
        "group": st.none() | st.integers(0, 9),
        "prediction": LABEL,
        "answer": LABEL,
        "blind": st.booleans(),
        "propensity": st.sampled_from([0.05, 0.3, 1.0]),
        "raw_score": st.none() | st.floats(0, 1),
    }
)
CASES = st.lists(CASE, max_size=40)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed ledger with a policy in force and no decision: to copy it is much cheaper than to make it."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    ledger.migrate(f"sqlite:///{path}")
    with ledger.open(f"sqlite:///{path}") as book:
        book.append({"epoch": facts.epochs(), "policy": facts.policies(), "adoption": facts.adoptions()}, now=NOW)
    return path


@contextmanager
def answered(empty: Path, cases: Sequence[dict[str, Any]]) -> Iterator[runs.Run]:
    """A run on a ledger in which people have answered these cases."""
    rows: list[dict[str, Any]] = [
        {"case_id": f"c-{number}", "line": number + 1} | case for number, case in enumerate(cases)
    ]
    decisions = [
        {name: value for name, value in row.items() if name not in ("group", "answer")}
        | {"group_id": None if row["group"] is None else f"{row['group']:016x}", "confidence": row["raw_score"]}
        | {"doubt": "no confidence" if row["raw_score"] is None else None}
        for row in rows
    ]
    tasks = [
        {"case_id": row["case_id"], "task_id": row["line"], "task_key": row["case_id"], "blind": row["blind"]}
        for row in rows
    ]
    reviews = [
        {"case_id": row["case_id"], "task_id": row["line"], "annotation_id": row["line"], "blind": row["blind"]}
        | {"answer": row["answer"]}
        for row in rows
    ]
    with tempfile.TemporaryDirectory() as folder, ledger.open(f"sqlite:///{shutil.copy(empty, folder)}") as book:
        if rows:
            book.append({"decision": facts.decisions(*decisions)}, now=NOW)
            book.append({"dispatch": facts.dispatches(*tasks), "review": facts.reviews(*reviews)}, now=NOW)
        described = stream.parse(STREAM.format(model="m-1", target=0.05, per_class="no", at=""), origin="mail.toml")
        yield runs.Run(
            run_id="r-2", flow="retrain", started_at=NOW, stream=described, settings=settings_.read(), ledger=book
        )


def trained_on(run: runs.Run) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """The frames that reach what fits, of each kind of candidate: what is handed to them, whoever put it together.

    Those that the candidate itself is fitted on, and those that its learning curve is, by which it is also measured.
    """
    seen: list[pl.DataFrame] = []
    nothing = NotEnoughEvidence(reason="the spy saw them", n=0, errors=0)

    def spy(*frames: Any, **_: Any) -> NotEnoughEvidence:
        seen.append(next(frame for frame in reversed(frames) if isinstance(frame, pl.DataFrame)))
        return nothing

    def asked(_: object, cases: pl.DataFrame, __: object) -> pl.Series:
        seen.append(cases)
        return pl.Series([0.5] * len(cases), dtype=pl.Float64)

    fits, curves = [], []
    with pytest.MonkeyPatch.context() as patch:
        for module in (second_stage, calibrator):
            patch.setattr(module, "fit", spy)
            patch.setattr(module, "trained", spy)
            patch.setattr(module, "scores", asked)
        patch.setattr(candidate_kinds, "FEWEST", 0)
        patch.setattr(candidate_kinds, "FEWEST_OF_EACH", 0)
        patch.setattr(paired_cost, "FEWEST", 2)
        patch.setattr(training, "refit", spy)
        patch.setattr("flows.scoring.reread.rows", lambda cases, *_: cases)
        patch.setattr("flows.scoring.reread.columns", lambda cases, *_: cases)
        patch.setattr("models.classifiers.inference.load", lambda _: None)
        patch.setattr(Path, "read_bytes", lambda _: b"")
        labels = training_cases.labels(run.ledger, "mail", until=run.ledger.head()[0])
        for kind in candidate_kinds.KIND_OF.values():
            material = kind.material(run, labels)
            with pytest.raises(Misuse, match="the spy saw them"):
                kind.train(run, material)
            fits.append(seen.pop())
            one = Candidate(name="m-2", kind="", keeps=None, digest="", labels=0)
            learning.measured(run, one, material, kind)
            curves += seen
            seen.clear()
    return fits, curves


def check(run: runs.Run, frames: Sequence[pl.DataFrame]) -> None:
    """No case of a measuring group is among them: by the ledger's own groups, whatever the frames say of theirs."""
    groups = run.ledger.read("SELECT case_id, group_id FROM decision")
    apart = dict(zip(groups["case_id"], _apart(run, groups), strict=True))
    for frame in frames:
        assert [case for case in frame["case_id"] if apart[case]] == []


def _apart(run: runs.Run, groups: pl.DataFrame) -> list[bool]:
    if groups.is_empty():
        return []
    return measuring.measuring(run.ledger.identity, rollups.members(groups.cast({"group_id": pl.String}))).to_list()


@SOME
@given(cases=CASES)
def test_no_label_that_is_for_measuring_reaches_what_trains(empty: Path, cases: list[dict[str, Any]]) -> None:
    with answered(empty, cases) as run:
        frames, of_curves = trained_on(run)
        check(run, [*frames, *of_curves])
        groups = run.ledger.read("SELECT case_id, group_id, blind, raw_score FROM decision")
        ours = groups.filter(~pl.Series("apart", _apart(run, groups), dtype=pl.Boolean))
        of_answers = ours.filter(pl.col("blind").cast(pl.Boolean) & pl.col("raw_score").is_not_null())
        disputed = {f"c-{n}" for n, case in enumerate(cases) if case["blind"] and case["answer"] != case["prediction"]}
        assert [set(frame["case_id"]) | disputed for frame in frames] == [
            set(of_answers["case_id"]) | disputed,
            set(of_answers["case_id"]) | disputed,
            set(ours["case_id"]) | disputed,
        ], "and every other label does, unless it is disputed"


def test_training_that_looks_over_the_wall_is_caught(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = {"group": None, "prediction": "ham", "answer": "ham", "blind": True, "propensity": 1.0, "raw_score": 0.9}
    with answered(empty, [case] * 20) as run:
        frames, of_curves = trained_on(run)
        check(run, [*frames, *of_curves])
        with monkeypatch.context() as leak:
            leak.setattr(
                "review.queries.training_labels.measuring.measuring",
                lambda _, groups: pl.repeat(False, len(groups), eager=True),
            )
            frames, of_curves = trained_on(run)
        assert [len(frame) for frame in frames] == [20, 20, 20]
        assert of_curves
        for seen in (frames, of_curves):
            with pytest.raises(AssertionError):
                check(run, seen)
