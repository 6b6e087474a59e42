"""What to write where a stream reads files by names that they do not have, and they are of a format that is known by name."""

from pathlib import Path

from flows.inputs import samples
from flows.runtime import presets
from models.config.presets import Preset
from models.config.stream import Stream
from models.errors import ColumnMissing, InputInvalid
from models.outputs import format_guess, path_functions, reserved

_LINES = 200  # that are looked at


def named(error: InputInvalid, source: Path, stream: Stream) -> InputInvalid:
    """The error, with the format that the files of `source` are of, where a column is missing and that is why."""
    if not isinstance(error, ColumnMissing):
        return error
    try:
        frame = samples.first(source, rows=_LINES)
    except InputInvalid:
        return error
    known = {one: presets.shipped(one) for one in presets.names()}
    if reserved.RAW in frame.columns:
        taken = format_guess.taken([path_functions.parsed(line) for line in frame[reserved.RAW].head(_LINES)], known)
    else:
        taken = format_guess.table(frame, known)
    if taken is None or _is_read_so(known[taken.name], stream):
        return error
    return InputInvalid(
        f"{error}; {taken.rows} of the first {taken.of} rows have {taken.sign!r}, as those of {known[taken.name].about.title}: "
        f'`second-reader guess {source}` writes a stream file that reads them, with input.format = "{taken.name}"'
    )


def _is_read_so(preset: Preset, stream: Stream) -> bool:
    """Whether the stream has the keys of a format already."""
    return (preset.input.get("id", "id"), preset.input.get("prediction")) == (stream.input.id, stream.input.prediction)
