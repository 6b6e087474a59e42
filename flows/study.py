"""A labelled history from a file: read, compared with the truth, studied. No server, no ledger, no stream file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import ValidationError

from flows import files, headers
from models import agreement, answers, canonical, rehearsal, study
from models.errors import InputInvalid, Misuse
from models.stream import Stream

FEWEST_PEOPLE = 3
LABELS = 200  # as a stream may have


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What the file's columns are called. `probabilities` (one column per label) instead of `confidence`, if given."""

    truth: str = "truth"
    prediction: str | None = "prediction"
    confidence: str | None = "confidence"
    probabilities: tuple[str, ...] = ()
    votes: tuple[str, ...] = ()  # answers of single people, to be compared with the truth


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`cases` as `models.study` takes them. `unlabelled` rows had no truth, `unreadable` none that could be read.

    `doubt`: why the first of the cases without a confidence has none; None if each has one.

    `votes`, `votes_right`: answers of single people, and how many of them agree with the truth. `people`: the share each
    is right in, judged by the others only (Dawid and Skene); empty with fewer than three, who cannot be told apart.
    """

    cases: pl.DataFrame
    doubt: str | None
    unlabelled: int
    unreadable: int
    votes: int
    votes_right: int
    people: dict[str, float]


def read(path: Path, columns: Columns, *, progress: Callable[[int], None] = lambda _: None) -> History:
    """Read a file or folder of labelled outputs; `progress` is told the rows read so far.

    Raises InputInvalid if a file is not what it says, a column is missing or nothing is labelled; Misuse if the names of
    the columns cannot be.
    """
    asked = _stream(columns)
    kept, faults, rows = [], 0, 0
    for chunk in files.chunks(path, asked):
        frame = canonical.plain(chunk.frame)
        faults += len(chunk.faults)
        rows += len(frame) + len(chunk.faults)
        kept.append(_text(frame, columns))
        progress(rows)
    if not kept:
        raise InputInvalid(f"{path}: no row in it")
    whole = pl.concat(kept, how="vertical_relaxed")
    labelled = whole.filter(pl.col(columns.truth).is_not_null())
    if labelled.is_empty():
        raise InputInvalid(f"{path}: no row has a value in column {columns.truth!r}; name the truth with --truth")
    answered = answers.read(labelled, asked.model_copy(update={"labels": _labels(labelled, columns, path)}))
    doubts = answered["doubt"].drop_nulls()
    if len(doubts) == len(labelled):
        raise InputInvalid(
            f"{path}: no row can be scored (the first: {doubts[0]}); name the columns with --prediction and --confidence, "
            "or --probabilities, or mend them"
        )
    truths, said = (set(column.drop_nulls()) for column in (labelled[columns.truth], answered["prediction"]))
    if not truths & said:
        raise InputInvalid(
            f"{path}: no predicted label ({headers.quoted(sorted(said))}) is ever the truth ({headers.quoted(sorted(truths))}); "
            "answers and truth, and the columns of --probabilities, must be called alike"
        )
    agrees = answered["prediction"].eq_missing(labelled[columns.truth])
    votes = [labelled.select(vote, columns.truth).drop_nulls() for vote in columns.votes]
    return History(
        cases=pl.DataFrame({"confidence": answered["raw_score"], "right": agrees}),
        doubt=None if doubts.is_empty() else doubts[0],
        unlabelled=len(whole) - len(labelled),
        unreadable=faults,
        votes=sum(len(given) for given in votes),
        people=_people(labelled.select(columns.votes)),
        votes_right=sum(int((given.to_series(0) == given.to_series(1)).sum()) for given in votes),
    )


def _people(votes: pl.DataFrame) -> dict[str, float]:
    """The accuracy of each person, from what they say of the same cases; nobody's word is the truth."""
    if len(votes.columns) < FEWEST_PEOPLE:
        return {}
    patterns = votes.filter(pl.any_horizontal(pl.all().is_not_null())).group_by(votes.columns).agg(n=pl.len())
    if patterns.is_empty():
        return {}
    names = sorted(set(pl.concat([patterns[name].rename("label") for name in votes.columns]).drop_nulls()))
    counts = np.stack(
        [
            np.stack([(patterns[person] == name).fill_null(False).to_numpy() for name in names], 1)
            for person in votes.columns
        ],
        axis=1,
    )
    found = agreement.dawid_skene(counts, patterns["n"].to_numpy())
    return dict(zip(votes.columns, found.accuracy.tolist(), strict=True))


def made(
    history: History, setting: rehearsal.Setting, *, tick: Callable[[], None] = lambda: None
) -> tuple[study.Study, rehearsal.Rehearsal]:
    """The study, and the rehearsal of the loop."""
    found = study.of(history.cases, target=setting.target, delta=setting.delta)
    return found, rehearsal.rehearse(history.cases, setting, tick=tick)


def _stream(columns: Columns) -> Stream:
    """The file as a stream would describe it, so that it is read by the rules of every input.

    A history needs no id; its truth and votes stand where a stream has its payload and slices.
    """
    scores = (
        {"probabilities": [*columns.probabilities]} if columns.probabilities else {"confidence": columns.confidence}
    )
    answers_given = {columns.truth, columns.prediction, *columns.votes}
    if twice := answers_given & {*columns.probabilities, columns.confidence} - {None}:
        raise Misuse(f"column {min(map(str, twice))!r} cannot be an answer and a number at once; name another")
    if columns.truth in (columns.prediction, *columns.votes):
        raise Misuse(f"column {columns.truth!r} cannot be the truth and an answer at once: it would always be right")
    columns_read = {"id": columns.truth, "payload": [columns.truth], "slices": [*columns.votes]}
    try:
        return Stream.model_validate(
            {
                "name": "study",
                "title": "study",
                "labels": [*columns.probabilities] or ["right", "wrong"],
                "input": {"source": "history", "prediction": columns.prediction} | columns_read | scores,
                "model": {"id": "study"},
                "review": {"kind": "text", "question": "study", "project": "study"},
                "target": {"error": 0.5},
                "costs": {"error": 0.0, "review_minute": 0.0},
            }
        )
    except ValidationError as invalid:
        reasons = "; ".join(f"{'.'.join(map(str, error['loc']))} {error['msg']}" for error in invalid.errors())
        raise Misuse(f"the names of the columns cannot be: {reasons}") from None


def _text(frame: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """The columns of the study: answers as text, empty as null, numbers as they came."""
    answers_given = list(dict.fromkeys([columns.truth, *columns.votes, *filter(None, [columns.prediction])]))
    texts = canonical.text(frame.select(answers_given)).with_columns(
        pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)).alias(name) for name in answers_given
    )
    numbers = columns.probabilities or tuple(filter(None, [columns.confidence]))
    return texts.hstack(frame.select(numbers).get_columns())


def _labels(labelled: pl.DataFrame, columns: Columns, path: Path) -> list[str]:
    if columns.probabilities:
        return list(columns.probabilities)
    names = [name for name in (columns.truth, columns.prediction) if name is not None]
    found = sorted(set(pl.concat([labelled[name].rename("label") for name in names]).drop_nulls().unique()))
    if len(found) > LABELS:
        raise InputInvalid(
            f"{path}: {len(found)} different values in {' and '.join(names)}; a study takes answers from at most {LABELS} labels"
        )
    # A stream has two labels at least; where only one ever occurs, the other is one nobody gave.
    return found if len(found) > 1 else [*found, f"not {found[0]}"]
