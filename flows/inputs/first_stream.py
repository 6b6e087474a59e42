"""A first stream file, from what files of the model's outputs hold: of which format they are, and where its keys stand."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.inputs import samples
from flows.runtime import presets, settings
from models.config import stream as streams
from models.config.presets import Preset
from models.errors import Misuse, StreamInvalid
from models.outputs import (
    first_stream,
    format_guess,
    inner_rows,
    known_format,
    path_functions,
    reserved,
    row_paths,
    stream_text,
)

_ROWS = 100_000  # of a table that are looked at
_LINES = 1000  # of JSON
_BARE = "sagemaker-csv"
_CHOSEN = ("id", "prediction", "confidence")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A stream file that was written: its name, what to say of it, and whether it can be used as it is."""

    name: str
    sentences: list[str]
    complete: bool


def write(
    name: str, data: Path, config: settings.Settings, known: known_format.Known = known_format.NOTHING_KNOWN
) -> Written:
    """Write the stream file of `name` (or the .toml file `name`), and say in sentences what was guessed, and what is not.

    Raises Misuse if there is such a file already, which stays as it is, or it cannot be written; InputInvalid of the data.
    """
    path = settings.stream_file(name, config)
    called = path.stem if name.endswith(".toml") else name
    if not _NAME.fullmatch(called):
        raise Misuse(f"{called!r}: call a stream by small letters, digits and hyphens, a letter first, at most 40")
    if path.exists():
        raise Misuse(
            f"{path}: is there already, and is never overwritten; give the stream another name, or move the file"
        )
    why, guess = _guessed(samples.first(data, rows=_ROWS), path.stem, _source(data, config.data), known)
    problems: list[str] = []
    try:
        streams.parse(guess.text, origin=str(path), lookup=presets.lookup(path))
    except StreamInvalid as invalid:
        problems = str(invalid).splitlines()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(guess.text)
    except OSError as error:
        raise Misuse(f"{path}: cannot be written ({error.strerror}); give the right, or set another folder") from None
    sentences = [
        f"{path}: written from {data}. Look at what was guessed:",
        f"  the file: {why}",
        *(f"  {one}" for one in guess.taken_for),
    ]
    if guess.missing:
        sentences += ["What is missing, and `init` will ask for:", *(f"  {one}" for one in guess.missing)]
    elif problems:
        sentences += ["What `init` will ask for:", *(f"  {one}" for one in problems)]
    sentences += ["Fill in what no data can say:", *(f"  {one}" for one in guess.fill)]
    return Written(name=name, sentences=[*sentences, f"Then run: second-reader init {name}"], complete=not problems)


def _guessed(frame: pl.DataFrame, name: str, source: str, known: known_format.Known) -> tuple[str, stream_text.Guess]:
    """Why the rows are taken for what, and the stream file."""
    if reserved.RAW not in frame.columns:
        if frame.columns == [f"column {place}" for place in range(1, frame.width + 1)]:
            preset = presets.shipped(_BARE)
            of = known_format.Format(name=_BARE, keys=preset.input)
            why = f"taken for {_BARE} ({preset.about.title}), for it is a .csv.out file of {frame.width} columns"
            return why, first_stream.guess(frame, name=name, source=source, known=known, of=of)
        return _of_table(frame, name, source, known)
    lines = frame[reserved.RAW].head(_LINES)
    rows = [path_functions.parsed(line) for line in lines]
    taken = format_guess.taken(rows, {one: presets.shipped(one) for one in presets.names()})
    if taken is not None:
        preset = presets.shipped(taken.name)
        if "rows" in preset.input:
            lines = _inner(lines, str(preset.input["rows"]))
            rows = [path_functions.parsed(line) for line in lines]
        return _taken_for(taken, preset), _of_format(lines, rows, preset, taken.name, name, source, known)
    nested = [path for path in format_guess.leaves(rows) if path not in frame.columns]
    if nested:
        flat = [column for column in frame.columns if not column.startswith(reserved.PREFIX)]
        tops = {path.partition(".")[0] for path in nested}
        table = row_paths.texts(lines, [*(column for column in flat if column not in tops), *nested])
        return f"taken for JSON of no format that is known by name, with {len(nested)} paths", first_stream.guess(
            table, name=name, source=source, known=known
        )
    table = frame.drop(column for column in frame.columns if column.startswith(reserved.PREFIX))
    return "taken for flat rows of JSON", first_stream.guess(table, name=name, source=source, known=known)


def _of_table(frame: pl.DataFrame, name: str, source: str, known: known_format.Known) -> tuple[str, stream_text.Guess]:
    taken = format_guess.table(frame.head(_LINES), {one: presets.shipped(one) for one in presets.names()})
    preset = None if taken is None else presets.shipped(taken.name)
    chosen = {key: str(preset.input[key]) for key in _CHOSEN if preset is not None and key in preset.input}
    if taken is None or preset is None or not set(chosen.values()) <= set(frame.columns):
        guess = first_stream.guess(frame, name=name, source=source, known=known)
        return f"taken for a table of {frame.width} columns", guess
    shown = format_guess.named(frame, preset.about.shown)
    of = known_format.Format(name=taken.name, keys=preset.input, kind=preset.kind)
    texts = frame.select(list(dict.fromkeys([*chosen.values(), *shown])))
    guess = first_stream.of_format(texts, name=name, source=source, of=of, chosen=chosen, shown=shown, known=known)
    return _taken_for(taken, preset), guess


def _taken_for(taken: format_guess.Taken, preset: Preset) -> str:
    return f"taken for {taken.name} ({preset.about.title}), for {taken.rows} of its first {taken.of} rows have {taken.sign!r}"


def _of_format(
    lines: pl.Series, rows: list[Any], preset: Preset, of: str, name: str, source: str, known: known_format.Known
) -> stream_text.Guess:
    keys: Mapping[str, object] = preset.input
    chosen = {key: str(keys[key]) for key in _CHOSEN if key in keys}
    chosen = {key: path if key == "id" else format_guess.narrowed(path, rows) for key, path in chosen.items()}
    if "prediction" in chosen:
        answers = row_paths.texts(lines, [chosen["prediction"]]).to_series().to_list()
        chosen |= format_guess.inside(chosen["prediction"], answers)
    usage = preset.about.usage.model_dump(exclude_none=True).items()
    there = [(key, path) for key, path in usage if any(row_paths.there(row, path) for row in rows)]
    chosen |= {key: format_guess.narrowed(path, rows) for key, path in there}
    payload = format_guess.shown(preset.about.shown, rows) or preset.input.get("payload", [])
    frame = row_paths.texts(lines, list(dict.fromkeys([*chosen.values(), *payload])))
    tokens = preset.about.tokens
    if tokens is not None and not any(row_paths.there(row, tokens) for row in rows):
        tokens = None
    format_ = known_format.Format(
        name=of, keys=preset.input, kind=preset.kind, request=preset.about.request, tokens=tokens
    )
    return first_stream.of_format(
        frame, name=name, source=source, of=format_, chosen=chosen, shown=payload, known=known
    )


def _inner(lines: pl.Series, path: str) -> pl.Series:
    """The lines of the rows within the lines."""
    inner = b"".join(inner_rows.of_list(line.encode() + b"\n", path) for line in lines).decode()
    return pl.Series(inner.split("\n")[:-1], dtype=pl.String).head(_LINES)


def _source(data: Path, folder: Path) -> str:
    """The data as `input.source` names it: below the data folder where it lies there."""
    whole, above = data.absolute(), folder.absolute()
    whole, above = Path(os.path.normpath(whole)), Path(os.path.normpath(above))
    return str(whole.relative_to(above) if whole.is_relative_to(above) else whole)
