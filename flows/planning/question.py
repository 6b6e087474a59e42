"""What `study` is asked: every option of the command, held against each other, and the answer in words and as JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.planning import study, study_formats, study_records
from flows.runtime import settings
from models.answers import same
from models.config.presets import Preset
from models.config.stream import Stream
from models.errors import Misuse
from models.outputs import score_columns
from models.planning import labelled, record_labels, record_study, simulation
from models.planning import study as figures
from review import private_files
from review.report import study_text

_PLAIN = labelled.Columns()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The options by their names. Raises Misuse where one is out of its range, or two do not go together."""

    file: Path
    target: float
    delta: float
    truth: str | None  # None: as it is by default, of a label or of the fields of a record
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
    stream: str | None
    days: int
    per_day: int | None
    audit_rate: float
    output: Path
    as_json: bool

    def __post_init__(self) -> None:
        for name, value in (("--target", self.target), ("--delta", self.delta), ("--audit-rate", self.audit_rate)):
            if not 0 < value < 1:
                raise Misuse(f"{name} {value:g}: give a share between 0 and 1, as in 0.02")

    @property
    def rehearsals(self) -> int:
        """How many days are rehearsed in all."""
        return self.days * simulation.RUNS

    def described(self) -> Stream | None:
        """The stream by whose rules the file is read; None: none was named.

        Raises StreamInvalid if there is none, Misuse if an option says otherwise what it says.
        """
        if self.stream is None:
            return None
        described = settings.read_stream(self.stream, settings.read())
        if described.field:
            self._check_fields(described.name)
        elif self.fold or self.right:
            other = "--fold" if self.fold else "--right"
            raise Misuse(f"--stream says how answers are compared with a truth; drop {other}, or --stream")
        return described

    def _check_fields(self, name: str) -> None:
        options = {
            "--format": self.of_format,
            "--prediction": self.prediction,
            "--right": self.right,
            "--confidence": self.confidence != _PLAIN.confidence,
            "--scale": self.scale,
            "--of": self.of,
            "--probabilities": self.probabilities,
            "--votes": self.votes,
            "--fold": self.fold,
        }
        if others := [option for option, chosen in options.items() if chosen]:
            raise Misuse(
                f"{', '.join(others)}: stream {name!r} has [[field]], which says how the records of a history are read; "
                f"drop {'it' if len(others) == 1 else 'them'}"
            )

    def columns(self, preset: Preset | None, rule: same.Rule | None = None) -> labelled.Columns:
        """What the file's columns are called; those of the format where an option was left out. `rule`: of a stream."""
        columns = labelled.Columns(
            truth=self.truth or _PLAIN.truth,
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
            rule=rule,
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
    described = asked.described()
    if described is not None and described.field:
        pattern = asked.truth or record_labels.PATTERN
        columns = labelled.Columns(group=asked.group, chance=asked.chance)
        return study_records.read(asked.file, described, pattern, columns, progress=progress)
    rule = None if described is None else described.rule
    return study.read(asked.file, asked.columns(preset, rule), preset=preset, progress=progress)


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
    by_field = None if history.records is None else record_study.of(history.records, history.fields, result)
    parts = (result, loop, agree, history.people, history.left_out, history.notes, by_field)
    rows = {"rows_without_truth": history.unlabelled, "rows_unreadable": history.unreadable, "group": history.group}
    whole = json.dumps(rows | study_text.as_json(*parts), indent=2)
    return Answer(text=study_text.lines(asked.file.name, *parts), whole=whole)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
