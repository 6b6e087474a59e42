"""What `study` is asked: every option of the command, held against each other, and the answer in words and as JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.planning import study, study_formats
from flows.runtime import settings
from models.config.presets import Preset
from models.errors import Misuse
from models.outputs import score_columns
from models.planning import labelled, simulation
from models.planning import study as figures
from review import private_files
from review.report import study_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The options by their names. Raises Misuse where one is out of its range, or two do not go together."""

    file: Path
    target: float
    delta: float
    truth: str
    of_format: str | None
    prediction: str | None
    right: str | None
    confidence: str
    scale: score_columns.Scale | None
    of: str | None
    probabilities: str  # names with commas between them, as are `votes`
    votes: str
    group: str | None
    chance: str | None
    fold: bool
    labels: str | None
    days: int
    per_day: int | None
    audit_rate: float
    output: Path
    as_json: bool

    def __post_init__(self) -> None:
        for name, value in (("--target", self.target), ("--delta", self.delta), ("--audit-rate", self.audit_rate)):
            if not 0 < value < 1:
                raise Misuse(f"{name} {value:g}: give a share between 0 and 1, as in 0.02")
        if self.labels is not None and (self.fold or self.right):
            other = "--fold" if self.fold else "--right"
            raise Misuse(f"--labels says how answers are compared with a truth; drop {other}, or --labels")

    @property
    def rehearsals(self) -> int:
        """How many days are rehearsed in all."""
        return self.days * simulation.RUNS

    def columns(self, preset: Preset | None) -> labelled.Columns:
        """What the file's columns are called; those of the format where an option was left out."""
        columns = labelled.Columns(
            truth=self.truth,
            prediction=self.prediction or (None if self.probabilities or self.right else "prediction"),
            confidence=None if self.probabilities else self.confidence,
            probabilities=_names(self.probabilities),
            votes=_names(self.votes),
            right=self.right,
            group=self.group,
            chance=self.chance,
            scale=self.scale,
            of=self.of,
            fold=self.fold,
            rule=None if self.labels is None else settings.read_stream(self.labels, settings.read()).rule,
        )
        return columns if preset is None else study_formats.columns(columns, preset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A study in words, and every figure of it as JSON."""

    text: str
    whole: str

    def write(self, folder: Path) -> list[Path]:
        """Write both; each file appears whole or not at all. Raises Misuse if they cannot be written."""
        files = {folder / "study.txt": self.text + "\n", folder / "study.json": self.whole + "\n"}
        try:
            for file, text in files.items():
                private_files.replace(file, text)
        except OSError as error:
            raise Misuse(f"--output {folder}: cannot be written ({error.strerror}); name another folder") from None
        return list(files)


def read(asked: Question, *, progress: Callable[[int], None]) -> study.History:
    """The labelled history. `progress` is called with the rows read so far."""
    preset = None if asked.of_format is None else study_formats.preset(asked.of_format)
    return study.read(asked.file, asked.columns(preset), preset=preset, progress=progress)


def answer(asked: Question, history: study.History, *, tick: Callable[[], None]) -> Answer:
    """Study a history. `tick` is called once for each day that is rehearsed."""
    setting = simulation.Setting(
        target=asked.target,
        delta=asked.delta,
        days=asked.days,
        per_day=asked.per_day or max(1, len(history.cases) // asked.days),
        audit_rate=asked.audit_rate,
    )
    result, loop = study.studied(history, setting, tick=tick)
    agree = figures.proportion(history.votes_right, history.votes, asked.delta) if history.votes else None
    parts = (result, loop, agree, history.people, history.left_out, history.notes)
    rows = {"rows_without_truth": history.unlabelled, "rows_unreadable": history.unreadable, "group": history.group}
    whole = json.dumps(rows | study_text.as_json(*parts), indent=2)
    return Answer(text=study_text.lines(asked.file.name, *parts), whole=whole)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
