"""`init --from`: a first stream file, from what a file of the model's outputs holds."""

import os
import re
from pathlib import Path

from flows.inputs import files
from flows.runtime import settings
from models.config import stream as streams
from models.errors import Misuse, StreamInvalid
from models.outputs import first_stream

_ROWS = 100_000  # that are looked at
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


def write(name: str, data: Path, config: settings.Settings) -> list[str]:
    """Write the stream file of `name` (or the .toml file `name`), and say in sentences what was guessed, and what is not.

    Raises Misuse if there is such a file already, which stays as it is, or it cannot be written; InputInvalid of the data.
    """
    path = settings.stream_file(name, config)
    if not _NAME.fullmatch(path.stem):
        raise Misuse(f"{path.stem!r}: call a stream by small letters, digits and hyphens, a letter first, at most 40")
    if path.exists():
        raise Misuse(
            f"{path}: is there already, and is never overwritten; give the stream another name, or move the file"
        )
    guess = first_stream.guess(files.sample(data, rows=_ROWS), name=path.stem, source=_source(data, config.data))
    problems: list[str] = []
    try:
        streams.parse(guess.text, origin=str(path))
    except StreamInvalid as invalid:
        problems = str(invalid).splitlines()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(guess.text)
    except OSError as error:
        raise Misuse(f"{path}: cannot be written ({error.strerror}); give the right, or set another folder") from None
    said = [f"{path}: written from {data}. Look at what was guessed:", *(f"  {one}" for one in guess.found)]
    if guess.missing:
        said += ["What is missing, and `init` will ask for:", *(f"  {one}" for one in guess.missing)]
    elif problems:
        said += ["What `init` will ask for:", *(f"  {one}" for one in problems)]
    said += ["Fill in what no data can say:", *(f"  {one}" for one in guess.fill)]
    return [*said, f"Then run: second-reader init {name}"]


def _source(data: Path, folder: Path) -> str:
    """The data as `input.source` names it: below the data folder where it lies there."""
    whole, above = data.absolute(), folder.absolute()
    whole, above = Path(os.path.normpath(whole)), Path(os.path.normpath(above))
    return str(whole.relative_to(above) if whole.is_relative_to(above) else whole)
