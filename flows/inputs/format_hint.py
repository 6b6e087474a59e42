"""What to write where files are read by names that they do not have, and they are of a format that is known by name."""

from collections.abc import Callable
from pathlib import Path

from flows.inputs import samples
from flows.runtime import presets
from models.config.presets import Preset
from models.config.stream import Stream
from models.errors import ColumnMissing, InputInvalid
from models.outputs import format_guess, path_functions, reserved

_LINES = 200  # that are looked at

Hint = Callable[[InputInvalid, Path, Stream], InputInvalid]


def named(error: InputInvalid, source: Path, stream: Stream) -> InputInvalid:
    """The error, with the format that the files of `source` are of, where a column is missing and that is why."""
    taken = _taken(error, source)
    if taken is None or _is_read_so(presets.shipped(taken.name), stream):
        return error
    return InputInvalid(
        f"{error}; {_signs(taken, source)}: `second-reader guess {source}` writes a stream file that reads them, with "
        f'input.format = "{taken.name}"'
    )


def for_study(of: Preset | None) -> Hint:
    """The same for a history that `study` reads as `of`, or by names of columns alone: there the format is an option."""

    def hinted(error: InputInvalid, source: Path, _: Stream) -> InputInvalid:
        taken = _taken(error, source)
        if taken is None or (preset := presets.shipped(taken.name)) == of:
            return error
        truth = "" if preset.study is not None else ", and name the right answers with --truth"
        return InputInvalid(f"{error}; {_signs(taken, source)}: add --format {taken.name}{truth}")

    return hinted


def _taken(error: InputInvalid, source: Path) -> format_guess.Taken | None:
    """The format of the files; None: the error is another one, or they are of none."""
    if not isinstance(error, ColumnMissing):
        return None
    try:
        frame = samples.first(source, rows=_LINES)
    except InputInvalid:
        return None
    known = {one: presets.shipped(one) for one in presets.names()}
    if reserved.RAW in frame.columns:
        return format_guess.taken([path_functions.parsed(line) for line in frame[reserved.RAW].head(_LINES)], known)
    return format_guess.table(frame, known)


def _signs(taken: format_guess.Taken, source: Path) -> str:
    """How the format was known, and by which file: the error may speak of another one of the folder."""
    where = ""
    if source.is_dir():
        first, *others = [path.name for path in samples.files(source, rows=_LINES)]
        where = f" of {first}" + (f" and {len(others)} more" if others else "")
    title = presets.shipped(taken.name).about.title
    return f"{taken.rows} of the first {taken.of} rows{where} have {taken.sign!r}, as those of {title}"


def _is_read_so(preset: Preset, stream: Stream) -> bool:
    """Whether the stream has the keys of a format already."""
    return (preset.input.get("id", "id"), preset.input.get("prediction")) == (stream.input.id, stream.input.prediction)
