"""A candidate: a model trained on people's answers, asked in shadow about the cases that are kept for measuring.

A name is trained once. Asked for again, the model in its file says what it says of the cases that have come since. Nothing of
Prefect is loaded here, and scikit-learn only where it trains.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

import polars as pl

from flows.planning import shadows
from flows.runtime import runs
from flows.scoring import reread
from models.config.stream import Stream
from models.errors import Misuse, ModelInvalid
from models.evaluation.estimate import NotEnoughEvidence
from models.outputs import predictions
from review import formats, private_files
from review.queries import candidates, training_cases
from review.queries import shadows as shadow_queries

Kind = Literal["second-stage", "refit"]
FOLDER = "models"  # of the data folder

T = TypeVar("T")
Trained = tuple[bytes, int, int]  # the file, labels learned from, of these with a wrong answer of the model


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """How a kind of candidate comes to be. `train`: raises Misuse where there is too little to learn from. `answers`: what the
    model in a file says of measuring cases, as `shadows.append` takes it, but for what a request says and costs."""

    train: Callable[[runs.Run, training_cases.TrainingCases], Trained]
    answers: Callable[[runs.Run, bytes, pl.DataFrame], pl.DataFrame]
    keeps: bool  # whether it keeps the answers of the model that is in force


def retrain(stream_name: str, model_id: str, kind: str) -> runs.Counts:
    """Train a candidate, keep it in `models/NAME.skops` of the data folder, and record what it says in shadow.

    Args:
        stream_name: The stream.
        model_id: The candidate's name.
        kind: `second-stage` or `refit`.

    Returns:
        What was done: the file and its digest, how many labels it learned from, how many answers were recorded.

    Raises:
        Misuse: The name or the kind is none, the name is taken, or there are too few labels.
        ModelInvalid: The stream's own model cannot be read or fitted anew.
        Busy, Unavailable, LedgerInvalid: As every flow.
    """
    with runs.running(candidates.FLOW, stream_name) as run:
        maker = _maker(run, model_id, kind)
        file = run.settings.data / FOLDER / f"{model_id}.skops"
        known = candidates.of(run.ledger, stream_name).get(model_id)
        if known is None:
            known = _new(run, file, model_id, kind, maker)
        elif (known.kind, known.digest) != (kind, runs.file_digest(file)):
            raise Misuse(_taken(file, f"it was trained as {known.kind}, with SHA-256 {known.digest[:12]}"))
        recorded = _asked(run, file.read_bytes(), known, maker)
        counts = {
            "model": model_id,
            "kind": kind,
            "file": f"{FOLDER}/{file.name}",
            "sha256": known.digest,
            "labels": known.labels,
            "recorded": recorded,
            "keeps": known.keeps,
        }
        run.finish(counts)
    return counts


def _maker(run: runs.Run, model_id: str, kind: str) -> Maker:
    shadows.check(run, model_id)
    stream = run.stream
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", model_id):
        raise Misuse(
            f"--model {model_id}: it names a file, so give letters, digits, points, hyphens and underscores, at most 80"
        )
    if kind not in KIND_OF:
        raise Misuse(f"--kind {kind}: one of {', '.join(KIND_OF)}")
    if kind == "refit" and stream.model.file is None:
        raise Misuse(
            f"--kind refit: stream {stream.name!r} has no classifier of its own (model.file) to fit anew; train a second-stage"
        )
    return KIND_OF[kind]


def _new(run: runs.Run, file: Path, model_id: str, kind: str, maker: Maker) -> candidates.Candidate:
    """Train, and write the file unless the same one is there."""
    if model_id in shadow_queries.models(run.ledger, run.stream.name):
        raise Misuse(_taken(file, "a model of that name has answered before"))
    labels = training_cases.labels(run.ledger, run.stream.name, until=run.ledger.head()[0])
    data, n, _ = maker.train(run, labels)
    digest = hashlib.sha256(data).hexdigest()
    there = runs.file_digest(file)
    if there not in (None, digest):
        raise Misuse(_taken(file, "the file is there, and holds another model"))
    if there is None:
        private_files.replace(file, data)
    keeps = run.stream.model.id if maker.keeps else None
    return candidates.Candidate(name=model_id, kind=kind, keeps=keeps, digest=digest, labels=n)


def _taken(file: Path, why: str) -> str:
    return f"--model {file.stem}: the name is taken, {why}; give this one a name of its own"


def _asked(run: runs.Run, data: bytes, candidate: candidates.Candidate, maker: Maker) -> int:
    """Record what the candidate says of the measuring cases that it has not answered."""
    wanted = shadow_queries.wanted(run.ledger, run.stream.name, candidate.name)
    if candidate.keeps is not None:
        same = candidates.answering_as(run.ledger, run.stream.name, candidate.keeps)
        wanted = wanted.filter(pl.col("model_id").is_in(same))
    if wanted.is_empty():
        return 0
    answers = maker.answers(run, data, wanted).join(wanted.select("case_id", "content"), on="case_id")
    contents = [_content(candidate.digest, content) for content in answers["content"]]
    rows = answers.with_columns(
        model_id=pl.lit(candidate.name),
        content=pl.Series(contents, dtype=pl.String),
        cost=pl.lit(None, pl.Float64),
        latency_ms=pl.lit(None, pl.Float64),
        request=pl.lit(None, pl.String),
    )
    return len(shadows.append(run, rows, runs.clock()).written["shadow"])


def _content(digest: str, content: str) -> str:
    return hashlib.sha256(json.dumps([digest, content]).encode()).hexdigest()


def _second_stage(run: runs.Run, labels: training_cases.TrainingCases) -> Trained:
    from models.classifiers import second_stage  # scikit-learn takes seconds to import

    same = candidates.answering_as(run.ledger, run.stream.name, run.stream.model.id)
    cases = training_cases.of_answers(labels, same)
    fitted = _enough(run.stream, second_stage.fit(cases, run.stream), labels.kept_back)
    runs.log.info(
        "retrain %s: right answers above wrong ones: %.3f, the model's own score %.3f (groups it did not learn from)",
        *(run.stream.name, fitted.auroc, fitted.auroc_before),
    )
    return second_stage.written(fitted.stage), fitted.labels, fitted.errors


def _ranked(run: runs.Run, data: bytes, wanted: pl.DataFrame) -> pl.DataFrame:
    """The answers that were given, with the scores of a second stage."""
    from models.classifiers import second_stage  # as above

    scores = second_stage.scores(second_stage.read(data), wanted, run.stream)
    return wanted.select("case_id", "prediction", ours="prediction", raw_score=pl.lit(scores), doubt="doubt")


def _refit(run: runs.Run, labels: training_cases.TrainingCases) -> Trained:
    from models.classifiers import inference, skops_file, training  # as above

    path = run.settings.data / str(run.stream.model.file)
    try:
        model = inference.load(path.read_bytes())
    except OSError as error:
        raise ModelInvalid(f"{path}: the model cannot be read ({error.strerror}); check model.file") from None
    except ModelInvalid as error:
        raise ModelInvalid(f"{path}: {error}") from None
    known = reread.rows(labels.rows, run.stream, run.settings.data / run.stream.input.source)
    fitted = training.refit(model, reread.columns(known, run.stream), known, run.stream)
    fitted = _enough(run.stream, fitted, labels.kept_back)
    return skops_file.written(fitted.model), fitted.labels, fitted.errors


def _answered(run: runs.Run, data: bytes, wanted: pl.DataFrame) -> pl.DataFrame:
    """The answers of a refitted classifier to the cases whose rows are still there."""
    from models.classifiers import inference  # as above

    stream = run.stream.model_copy(update={"input": run.stream.input.model_copy(update={"model": None})})
    known = reread.rows(wanted, stream, run.settings.data / stream.input.source)
    answers = predictions.read(inference.apply(inference.load(data), reread.columns(known, stream), stream), stream)
    return known.select("case_id", ours="prediction").hstack(answers.select("prediction", "raw_score", "doubt"))


def _enough(stream: Stream, fitted: T | NotEnoughEvidence, kept_back: int) -> T:
    """What was fitted. Raises Misuse where it was not."""
    if isinstance(fitted, NotEnoughEvidence):
        kept = formats.plain(formats.count(kept_back, "label"))
        raise Misuse(f"stream {stream.name!r}: nothing was trained: {fitted.reason} ({kept} are kept for measuring)")
    return fitted


KIND_OF: Mapping[str, Maker] = MappingProxyType(
    {
        "second-stage": Maker(train=_second_stage, answers=_ranked, keeps=True),
        "refit": Maker(train=_refit, answers=_answered, keeps=False),
    }
)
