"""Which of some names a file or folder has, as columns or as paths into them, before it is read by them."""

import functools
import itertools
from collections.abc import Sequence
from pathlib import Path

from flows.inputs import files, one_file, path_check
from models.config.stream import Stream
from models.outputs import paths


def names(source: Path, wanted: Sequence[str], stream: Stream) -> list[str]:
    """Those of the names that one of the files has: a column, or a path that leads somewhere in its first rows.

    `stream` says what the files are and what they must have. Raises InputInvalid as `files.chunks`.
    """
    there: set[str] = set()
    for entry in files.listed(source, stream):
        kind = one_file.reader(entry.path, stream)
        columns = [*one_file.guarded(entry.path, functools.partial(kind.names, entry.path)), *dict(entry.keys)]
        flat = {*wanted} & {*columns}
        inside = [path for path in paths.plan(wanted, columns, stream).derived if {*path.roots} <= {*columns}]
        there |= flat
        if inside:
            looked_at = stream.input.model_copy(update={"slices": [path.name for path in inside]})
            asked = stream.model_copy(update={"input": looked_at})
            file = one_file.checked(entry, asked, lambda _: False, None)
            for _, frame, _ in itertools.islice(one_file.batches(file, path_check.ROWS, file.columns), 1):
                there |= {path.name for path in inside if path_check.leads(frame, path)}
    return [name for name in wanted if name in there]
