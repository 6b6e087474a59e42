"""The columns of an input looked at before anything of it is recorded, in the first rows of its first files."""

from dataclasses import replace
from pathlib import Path

from flows.inputs import files
from models import columns
from models.config.stream import Stream
from models.errors import InputInvalid, printable
from models.outputs import column_notes, contract, pictures, unseen_box

ROWS = 10_000  # looked at, of each file
FILES = 100  # looked at, of an inbox


class Look:
    """What the columns of a stream's files look like; the same trouble is reported once, at the first file that has it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._reported: set[str] = set()
        self._files: set[str] = set()

    def at(self, chunk: files.Chunk, *, harmless: bool = True) -> list[str]:
        """A line for each trouble that is new; nothing where another chunk of the file was looked at.

        `harmless`: with what need not be mended (`column_notes.Note`). Raises InputInvalid where no row can be the answer: one
        model answers the items several times (`column_notes.several_answers`); or no reader would see what is asked about
        (`unseen_box.refusal`).
        """
        if chunk.source in self._files or len(self._files) == FILES or chunk.frame.is_empty():
            return []
        self._files.add(chunk.source)
        head = chunk.frame.head(ROWS)
        if refused := column_notes.several_answers(head, self._stream) or unseen_box.refusal(head, self._stream):
            raise InputInvalid(f"{chunk.source}: {refused}")
        place = chunk.source if len(chunk.frame) < ROWS else f"{chunk.source}, first {ROWS} rows"
        notes = [note for note in column_notes.of(head, self._stream) if note.about not in self._reported]
        self._reported.update(note.about for note in notes)
        return [f"{place}: {note.sentence}" for note in notes if harmless or not note.harmless]

    def at_piece(self, piece: files.Piece) -> list[str]:
        """The same for the files of a piece; of Parquet only the rows that are looked at are read."""
        sentences = []
        for part in piece:
            few = part if isinstance(part, files.Chunk) else replace(part, rows=min(part.rows, ROWS))
            if part.first_line == 1 or isinstance(part, files.Chunk):
                sentences += [line for chunk in files.read((few,)) for line in self.at(chunk)]
        return sentences


def sentences(inbox: Path, stream: Stream, *, harmless: bool = True) -> list[str]:
    """What `score` would say of the columns of the first file, or why it would take none; nothing of a folder without files.

    `harmless`: with what need not be mended, an inbox that is not there yet among it.
    """
    sentences: list[str] = []
    try:
        if inbox.exists():
            sentences += filter(None, [files.unread(inbox, stream)])
            first = next(files.chunks(inbox, stream, rows=ROWS, tell=False), None)
            if first is not None:
                _check(first, stream)
                sentences += Look(stream).at(first, harmless=harmless)
        elif harmless:
            sentences.append(f"{inbox}: there is no such file or folder yet; deliver to it, or correct input.source")
    except InputInvalid as refused:
        sentences.append(f"{refused}; until then score takes nothing")
    except OSError as error:
        sentences.append(f"{inbox}: cannot be read ({error.strerror}); give the right to read it")
    return sentences


def noted(inbox: Path, stream: Stream) -> list[str]:
    """What is to be mended of the columns of the newest file, for a report. What cannot be read is no matter of a report."""
    try:
        listed = files.listed(inbox, stream)
        newest = max(listed, key=lambda file: file.path.stat().st_mtime_ns, default=None)
        if newest is None:
            return []
        first = next(files.chunks(newest.path, stream, rows=ROWS, tell=False), None)
        return [printable(line) for line in Look(stream).at(first, harmless=False)] if first is not None else []
    except (InputInvalid, OSError):
        return []


def _check(chunk: files.Chunk, stream: Stream) -> None:
    """Raises InputInvalid where `score` would refuse the rows whole: another scale, lists for answers, paths for pictures."""
    if stream.model.file is None:
        contract.validate(chunk.frame, stream, source=chunk.source)
    else:
        pictures.faults(columns.plain(chunk.frame), stream, chunk.source)
