"""A labelled history from a file: read, compared with the truth, studied. No server, no ledger, no stream file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import ValidationError

from flows.inputs import format_hint
from flows.planning import study_formats, study_outcomes, study_rows
from models.config import stream
from models.config.presets import Preset
from models.config.stream import Stream
from models.errors import InputInvalid, Misuse
from models.outputs import column_notes, predictions
from models.planning import labelled, simulation, study
from models.planning.labelled import Columns, LeftOut
from models.reviewers import dawid_skene

FEWEST_PEOPLE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`cases` as `models.planning.study` takes them; `left_out` counts what is not assessed. `notes`: sentences to say of them.

    `votes`, `votes_right`: answers of single people that are not themselves the truth, and how many agree with it.
    `people`: the share each is right in, measured by the others only (Dawid and Skene); empty with fewer than three, who cannot
    be distinguished.
    `group`: the column that was taken to say what belongs together. `records`: of a history of records, the cases as
    `models.planning.record_study` takes them, and `fields`, their names; else None.
    """

    cases: pl.DataFrame
    left_out: LeftOut
    notes: tuple[str, ...]
    group: str | None
    votes: int
    votes_right: int
    people: dict[str, float]
    records: pl.DataFrame | None = None
    fields: tuple[str, ...] = ()

    @property
    def unscored(self) -> str | None:
        """Why the first of the cases without a confidence has none; None if each has one."""
        return self.left_out.first_reason

    @property
    def unlabelled(self) -> int:
        """Rows that had no truth."""
        return self.left_out.unlabelled

    @property
    def unreadable(self) -> int:
        """Rows that could not be read."""
        return self.left_out.unreadable


def read(
    path: Path,
    columns: Columns,
    *,
    preset: Preset | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> History:
    """Read a file or folder of labelled outputs, of the format `preset`; `progress` receives the rows read so far.

    Raises InputInvalid if a file is not what it says, a column is missing, runs on another scale, or nothing is labelled or
    can be scored; Misuse if the names of the columns cannot be.
    """
    asked = _stream(columns, preset)
    whole, faults = study_rows.gathered(path, asked, progress, hint=format_hint.for_study(preset))
    whole, placeholders = study_outcomes.placed(study_outcomes.read_by_rule(whole, columns), columns)
    unlabelled = int(whole[columns.labelled_by].null_count())
    if unlabelled == len(whole):
        raise InputInvalid(
            f"{path}: no row has a value in column {columns.labelled_by!r}; name the truth with --truth (or a verdict, "
            "accept or reject, with --right)"
        )
    whole = study_outcomes.scaled(whole, columns, path)
    answered = predictions.read(whole, asked.model_copy(update={"labels": _labels(whole, asked)}))
    rows = whole.rename(study_outcomes.theirs).with_columns(
        confidence=answered["raw_score"],
        unscored=answered["doubt"],
        answer=answered["prediction"],
        truth=whole[columns.labelled_by],
    )
    rows, undecided = study_outcomes.right_or_wrong(rows, columns, path)
    seen = [note.sentence[:1].upper() + note.sentence[1:] for note in column_notes.of_probabilities(whole, asked)]
    notes = [*seen, *study_outcomes.notes(rows, columns)]
    rows, group, repeats, of_items = study_outcomes.grouped(rows, columns, path)
    known = rows.filter(pl.col("truth").is_not_null())
    cases, without, of_chances = study_outcomes.sampled(rows, columns, path)
    reasons = known["unscored"].drop_nulls()
    votes, agree = study_outcomes.agreeing(known, columns)
    return History(
        cases=cases,
        left_out=LeftOut(
            unlabelled=unlabelled,
            placeholders=placeholders,
            unreadable=faults,
            unscored=len(reasons) - int(known["written"].is_not_null().sum()),
            first_reason=None if reasons.is_empty() else reasons[0],
            written=labelled.counted(known["written"]),
            undecided=undecided,
            repeats=repeats,
            without_chance=without,
        ),
        notes=tuple(text for text in (*notes, of_items, of_chances) if text),
        group=group,
        votes=votes,
        votes_right=agree,
        people=_people(known.select(study_outcomes.theirs(vote) for vote in columns.votes), columns.votes),
    )


def studied(
    history: History, setting: simulation.Setting, *, tick: Callable[[], None] = lambda: None
) -> tuple[study.Study, simulation.Rehearsal]:
    """The study, and the rehearsal of the loop."""
    result = study.of(history.cases, target=setting.target, delta=setting.delta)
    return result, simulation.rehearse(history.cases, setting, tick=tick)


def _stream(columns: Columns, preset: Preset | None) -> Stream:
    """The file as a stream would describe it, so that it is read by the rules of every input.

    A history needs no id; its truth, votes, group and chance stand where a stream has its payload and slices.
    """
    scores = (
        {"probabilities": [*columns.probabilities]} if columns.probabilities else {"confidence": columns.confidence}
    )
    labelled_by = columns.labelled_by
    answers_given = {labelled_by, columns.prediction, *columns.votes}
    numbers = {*columns.probabilities, columns.confidence, columns.chance} - {None}
    if twice := answers_given & numbers:
        raise Misuse(f"column {min(map(str, twice))!r} cannot be an answer and a number at once; name another")
    if labelled_by in (columns.prediction, *columns.votes):
        raise Misuse(f"column {labelled_by!r} cannot be the truth and an answer at once: it would always be right")
    if columns.right is not None and columns.votes:
        raise Misuse("--votes are compared with a truth: name it with --truth, in place of --right")
    # A verdict alone says nothing of labels: it stands for the answer too.
    prediction = columns.prediction or (labelled_by if columns.right and not columns.probabilities else None)
    others = dict.fromkeys([*columns.votes, *filter(None, [columns.group, columns.chance])])
    columns_read = {"id": labelled_by, "payload": [labelled_by], "slices": [*others]}
    try:
        return Stream.model_validate(
            {
                "name": "study",
                "title": "study",
                "labels": [*columns.probabilities] or ["right", "wrong"],
                "input": {"source": "history", "prediction": prediction}
                | study_formats.read_by(preset)
                | columns_read
                | scores,
                "model": {"id": "study"},
                "review": {"kind": "text", "question": "study", "project": "study"},
                "target": {"error": 0.5},
                "costs": {"error": 0.0, "review_minute": 0.0},
            },
            context=stream.HISTORY,
        )
    except ValidationError as invalid:
        reasons = "; ".join(f"{'.'.join(map(str, error['loc']))} {error['msg']}" for error in invalid.errors())
        raise Misuse(f"the names of the columns cannot be: {reasons}") from None


def _labels(whole: pl.DataFrame, asked: Stream) -> list[str]:
    """Every answer that occurs, as many as there are: a study needs right and wrong only."""
    if asked.input.probabilities:
        return asked.labels
    names = {asked.input.id, asked.input.prediction} - {None}
    return sorted(set(pl.concat([whole[str(name)].rename("label") for name in names]).drop_nulls().unique()))


def _people(votes: pl.DataFrame, people: Sequence[str]) -> dict[str, float]:
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
    estimated = dawid_skene.dawid_skene(counts, patterns["n"].to_numpy())
    return dict(zip(people, estimated.accuracy.tolist(), strict=True))
