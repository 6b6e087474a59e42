"""A labelled history in a format by name: which of its columns `study` takes for what."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from flows.runtime import presets
from models.config.presets import Preset
from models.planning.labelled import Columns

_DEFAULT = {field.name: field.default for field in fields(Columns)}
_READ_BY = ("format", "files", "beside", "rows", "failed")  # keys of [input] that say how rows are read


def preset(name: str) -> Preset:
    """The format of this name, or of a preset's file, relative to the working folder. Raises StreamInvalid."""
    return presets.lookup(Path("study"))(name)


def columns(asked: Columns, of: Preset) -> Columns:
    """The columns with those of the format where the command line left the default."""
    known: dict[str, Any] = {name: of.input.get(name) for name in ("prediction", "confidence")}
    if of.study is not None:
        known |= {
            "truth": of.study.truth,
            "right": of.study.right,
            "votes": tuple(of.study.votes),
            "group": of.study.group,
        }
    if asked.right is not None:
        known.pop("truth", None)
        known.pop("votes", None)
    if asked.truth != _DEFAULT["truth"]:
        known.pop("right", None)
    taken = {name: value for name, value in known.items() if value and getattr(asked, name) == _DEFAULT[name]}
    if asked.probabilities:
        taken.pop("confidence", None)
    return replace(asked, **taken, truth_of_votes={"truth", "votes"} <= taken.keys())


def read_by(of: Preset | None) -> dict[str, Any]:
    """The keys of [input] that say how the rows of the format are read."""
    return {} if of is None else {key: value for key, value in of.input.items() if key in _READ_BY}
