"""A candidate: a model trained on people's answers, asked in shadow about the cases that are kept for measuring.

A name is trained once. Asked for again, the model in its file says what it says of the cases that have come since. Nothing of
Prefect is loaded here, and scikit-learn only where it trains.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Literal

import polars as pl

from flows.planning import learning, shadows
from flows.planning.candidate_kinds import KIND_OF, Kind
from flows.runtime import runs
from models.errors import Misuse
from review import private_files
from review.choices import learning_text
from review.queries import candidates, training_cases
from review.queries import shadows as shadow_queries

KindName = Literal["second-stage", "calibrator", "refit"]
FOLDER = "models"  # of the data folder


def retrain(stream_name: str, model_id: str, kind: str, *, curve: bool = True) -> runs.Counts:
    """Train a candidate, keep it in `models/NAME.skops` of the data folder, and record what it says in shadow.

    Args:
        stream_name: The stream.
        model_id: The candidate's name.
        kind: `second-stage`, `calibrator` or `refit`.
        curve: Whether it is also trained on parts of the labels, to say whether more of them would help.

    Returns:
        What was done: the file and its digest, how many labels it learned from, what they taught it, how many answers were
        recorded, and `says`, sentences on it.

    Raises:
        Misuse: The name or the kind is none, or the name is taken.
        NothingTrained: There are too few labels, or they speak against the candidate.
        ModelInvalid: The stream's own model cannot be read or fitted anew.
        Busy, Unavailable, LedgerInvalid: As every flow.
    """
    with runs.running(candidates.FLOW, stream_name) as run:
        how = _kind(run, model_id, kind)
        file = run.settings.data / FOLDER / f"{model_id}.skops"
        known = candidates.of(run.ledger, stream_name).get(model_id)
        if known is None:
            known = _new(run, file, model_id, kind, how, curve=curve)
        elif (known.kind, known.digest) != (kind, runs.file_digest(file)):
            raise Misuse(_taken(file, f"it was trained as {known.kind}, with SHA-256 {known.digest[:12]}"))
        recorded = _asked(run, file.read_bytes(), known, how)
        counts = {"model": known.name, "kind": known.kind, "file": f"{FOLDER}/{file.name}"} | candidates.counts(known)
        run.finish(counts | {"recorded": recorded})
    return counts | {"recorded": recorded, "says": learning_text.lines(known)}


def name_of_today(stream_name: str, kind: str) -> str:
    """A name for a candidate that nobody names: `mail-calibrator-20261201`."""
    return f"{stream_name}-{kind}-{runs.clock()[:10].replace('-', '')}"


def _kind(run: runs.Run, model_id: str, kind: str) -> Kind:
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


def _new(run: runs.Run, file: Path, model_id: str, kind: str, how: Kind, *, curve: bool) -> candidates.Candidate:
    """Train, and write the file unless the same one is there."""
    if model_id in shadow_queries.models(run.ledger, run.stream.name):
        raise Misuse(_taken(file, "a model of that name has answered before"))
    labels = training_cases.labels(run.ledger, run.stream.name, until=run.ledger.head()[0])
    material = how.material(run, labels)
    trained = how.train(run, material)
    digest = hashlib.sha256(trained.data).hexdigest()
    there = runs.file_digest(file)
    if there not in (None, digest):
        raise Misuse(_taken(file, "the file is there, and holds another model"))
    keeps = run.stream.model.id if how.keeps else None
    new = candidates.Candidate(
        name=model_id, kind=kind, keeps=keeps, digest=digest, labels=trained.labels, check=trained.check
    )
    if curve:
        new = learning.measured(run, new, material, how)
    if there is None:
        private_files.replace(file, trained.data)
    return new


def _taken(file: Path, why: str) -> str:
    return f"--model {file.stem}: the name is taken, {why}; give this one a name of its own"


def _asked(run: runs.Run, data: bytes, candidate: candidates.Candidate, how: Kind) -> int:
    """Record what the candidate says of the measuring cases that it has not answered."""
    wanted = shadow_queries.wanted(run.ledger, run.stream.name, candidate.name)
    if candidate.keeps is not None:
        same = candidates.answering_as(run.ledger, run.stream.name, candidate.keeps)
        wanted = wanted.filter(pl.col("model_id").is_in(same))
    if wanted.is_empty():
        return 0
    answers = how.answers(run, data, wanted).join(wanted.select("case_id", "content"), on="case_id")
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
