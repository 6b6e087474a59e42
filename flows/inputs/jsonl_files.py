"""Rows of a JSON Lines file: one object per line, blank lines skipped.

What a path takes from within a row (`models.outputs.paths`) is a column like the others.

The columns the stream names are read as text, so that a column has one type in every block: numbers as numbers are
written, lists and objects as JSON. The whole line stays beside them for a row that turns out to be a fault.
"""

import io
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl

from flows.inputs import headers, text_blocks
from models.config import score_table
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import path_schema, paths, request, reserved

_LOOKED_AT = 1000  # rows; a key that stands in none of them is taken for a wrong name
# Polars reads half a surrogate pair as NUL without a word.
_HALF_PAIR = re.compile(
    r"\\u[dD](?:"  # one literal start for both halves: the search is ten times as quick
    r"[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|[c-fC-F](?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F]))"
)
_FEW = 1000  # rows that are searched one by one where their types differ from what a path says
_SLASHES = 1000  # backslashes in a row that are counted
_HUGE = re.compile(r"[eE]\+?\d{3}")

Batch = tuple[int, pl.DataFrame, pl.DataFrame]
_KIND = f"JSONL; none of its first {_LOOKED_AT} lines is a JSON object on one line"
Start = Callable[[Path], bytes]  # the first lines of a file
Blocks = Callable[[Path], Iterator[bytes]]  # its lines


def _start(path: Path) -> bytes:
    return text_blocks.first(path, "JSONL")


def check(path: Path, columns: list[str], stream: Stream, *, start: Start = _start, kind: str = _KIND) -> None:
    """Raises InputInvalid if the first 1000 rows hold no object, or none of them a key the stream cannot do without."""
    present = names(path, start=start, kind=kind)
    # A key may be left out where it is empty, so only what every stream of answers has must be there.
    table = stream.input
    optional = {*table.slices, table.cost, table.latency_ms, table.produced_at, *request.columns_of(stream)}
    optional |= {name for rule in table.failed or [] for name in (rule.when, rule.reason)}
    spare = [field for field in stream.field if not field.required]
    optional |= {name for field in spare for name in (field.column, field.score)}
    for other in stream.shadow:
        optional |= set(other.columns) - other.needed([field.name for field in spare])
    if len(table.payload) > 1:
        optional.update(table.payload)
    required = {*score_table.id_columns(table.id), table.prediction, table.confidence, table.model}
    required |= {*(table.probabilities or []), *([] if stream.score is None else stream.score.read)}
    needed = [column for column in columns if column in required or column not in optional]
    headers.check(path, sorted(present), needed, stream.shadow)


def names(path: Path, *, start: Start = _start, kind: str = _KIND) -> list[str]:
    """The keys of the first 1000 rows, in their order. Raises InputInvalid if none of them is an object."""
    present: dict[str, None] = {}
    objects = 0
    for line in start(path).splitlines()[:_LOOKED_AT]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            objects += 1
            present.update(dict.fromkeys(row))
    if not objects:
        raise InputInvalid(f"{path}: not {kind}; mend it, or move it away")
    return list(present)


def read(
    path: Path,
    columns: list[str],
    rows: int,
    derived: Sequence[paths.Path] = (),
    *,
    blocks: Blocks = text_blocks.read,
) -> Iterator[Batch]:
    """First line, rows, faults, at most `rows` rows at a time. Raises InputInvalid if a gzip breaks off.

    The rows have the columns and what the paths of `derived` take from within.
    """
    line = 1
    for block in blocks(path):
        lines = _lines(block, line)
        line += block.count(b"\n")
        cut = (pl.col("line") == line) & (not block.endswith(b"\n"))
        why = pl.when(cut).then(pl.lit(f"{text_blocks.UNENDED}: ") + pl.col("reason")).otherwise("reason")
        for piece in lines.iter_slices(rows):
            if len(piece):
                frame, faults = _parsed(piece, columns, derived)
                yield int(piece[0, reserved.LINE]), frame, faults.with_columns(why.alias("reason"))


def _lines(block: bytes, first: int) -> pl.DataFrame:
    """The lines that hold anything, with their numbers and, where they are no UTF-8, the bytes that are not shown."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        text = block.decode("utf-8", "backslashreplace")
        broken = _broken(block)
    else:
        broken = []
    lines = pl.DataFrame({reserved.RAW: pl.Series([text]).str.split("\n").explode()}).with_columns(
        pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias(reserved.LINE)
    )
    return lines.with_columns(
        pl.col(reserved.RAW).str.strip_suffix("\r"),
        (pl.col(reserved.LINE) - first).is_in(pl.Series(broken, dtype=pl.Int64).implode()).alias("broken"),
    ).filter(pl.col(reserved.RAW).str.strip_chars() != "")


def _broken(block: bytes) -> list[int]:
    """Which lines are no UTF-8."""
    positions = []
    for position, line in enumerate(block.split(b"\n")):
        try:
            line.decode()
        except UnicodeDecodeError:
            positions.append(position)
    return positions


def _parsed(
    lines: pl.DataFrame, columns: list[str], derived: Sequence[paths.Path]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows and faults of some lines. Only where a line does not parse, each is looked at by itself."""
    faults = lines.filter("broken").select(reserved.LINE, reserved.RAW, reason=pl.lit("not UTF-8"))
    lines = lines.filter(~pl.col("broken")).drop("broken")
    text = lines[reserved.RAW]
    rows = _decoded(text, columns, derived)
    if rows is None:
        checked = [_checked(line) for line in text]
        parsed = lines.with_columns(
            pl.Series("text", [checked_line for checked_line, _ in checked], dtype=pl.String),
            pl.Series("reason", [reason for _, reason in checked], dtype=pl.String),
        )
        bad = parsed.filter(pl.col("reason").is_not_null())
        lines = parsed.filter(pl.col("reason").is_null())
        rows, undecoded = _halved(lines["text"], columns, derived)
        bad = pl.concat([bad, lines.filter(undecoded).with_columns(reason=pl.lit("not JSON that can be read"))])
        lines = lines.filter(~undecoded).drop("text", "reason")
        faults = pl.concat([faults, bad.select(reserved.LINE, reserved.RAW, "reason")]).sort(reserved.LINE)
    kept = faults.select(
        pl.lit("").alias("source"),
        pl.col(reserved.LINE).alias("line"),
        "reason",
        pl.col(reserved.RAW).str.replace_all("\0", "\\x00", literal=True).alias("raw"),
    )
    return rows.hstack(lines.select(reserved.RAW, reserved.LINE)), kept


def _decoded(text: pl.Series, columns: list[str], derived: Sequence[paths.Path] = ()) -> pl.DataFrame | None:
    """The named columns of the lines as text, and the paths; None if a line is no JSON object, or holds half a surrogate pair."""
    if not len(text):
        return _no_rows(columns, derived)
    joined = text.str.join("\n").item()
    if "\\u" in joined and _half_pair(joined):
        return None
    nested = path_schema.schema(derived, columns)
    rows = _columns(joined, dict.fromkeys(columns, pl.String()) | nested, len(text))
    plain = [path for path in derived if path.steps is not None and path.roots[0] in nested]
    if rows is None and plain:
        return _by_pieces(text, columns, derived)
    if rows is None:
        return None
    rows, others = paths.columnar(rows, plain)
    others += [path for path in derived if path not in plain]
    kept = rows.select(*columns, *(path.name for path in plain if path not in others))
    return _with(kept, paths.searched([_object(line) for line in text], others) if others else [])


def _with(rows: pl.DataFrame, more: Sequence[pl.Series]) -> pl.DataFrame:
    """The rows with more columns; a frame without a column has no rows to add them to."""
    return rows.hstack(list(more)) if rows.width else pl.DataFrame(list(more))


def _no_rows(columns: list[str], derived: Sequence[paths.Path]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(columns, pl.String()) | {path.name: path.kind for path in derived})


def _by_pieces(text: pl.Series, columns: list[str], derived: Sequence[paths.Path]) -> pl.DataFrame | None:
    """As `_decoded`, where a value is of another type than a path says: the few rows around it are searched one by one."""
    if len(text) > _FEW:
        middle = len(text) // 2
        pieces = [_decoded(piece, columns, derived) for piece in (text[:middle], text[middle:])]
        whole = [piece for piece in pieces if piece is not None]
        return pl.concat(whole) if len(whole) == len(pieces) else None
    rows = _columns(text.str.join("\n").item(), dict.fromkeys(columns, pl.String()), len(text))
    if rows is None:
        return None
    return _with(rows.select(columns), paths.searched([_object(line) for line in text], derived))


def _columns(joined: str, schema: dict[str, pl.DataType], count: int) -> pl.DataFrame | None:
    # Of no column at all there would be no row.
    try:
        rows = pl.read_ndjson(io.BytesIO(joined.encode()), schema=schema or {reserved.RAW: pl.String()})
    except pl.exceptions.PolarsError:
        return None
    return rows if len(rows) == count else None


def _object(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _halved(text: pl.Series, columns: list[str], derived: Sequence[paths.Path]) -> tuple[pl.DataFrame, pl.Series]:
    """The rows, and which lines Polars cannot read though Python can (a nesting too deep, say): found by halving."""
    rows = _decoded(text, columns, derived)
    if rows is not None:
        return rows, pl.repeat(False, len(text), dtype=pl.Boolean, eager=True)
    if len(text) == 1:
        return _no_rows(columns, derived), pl.Series([True])
    middle = len(text) // 2
    upper, lower = _halved(text[:middle], columns, derived), _halved(text[middle:], columns, derived)
    return pl.concat([upper[0], lower[0]]), pl.concat([upper[1], lower[1]])


def _half_pair(text: str) -> bool:
    """Whether a text of JSON escapes half a surrogate pair; not where the escape is itself escaped, as in JSON within JSON."""
    for match in _HALF_PAIR.finditer(text):
        before = text[max(0, match.start() - _SLASHES) : match.start()]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return True
    return False


def _checked(line: str) -> tuple[str | None, str | None]:
    """The line, mended where what it says is clear, and no reason; or None and a reason.

    Mended: NaN and Infinity, which Python and pandas write though JSON has none, and numbers beyond a float, become
    text; half a surrogate pair, left where a text was cut inside an emoji, becomes the replacement character.
    """
    mended = _half_pair(line)

    def named(constant: str) -> str:
        nonlocal mended
        mended = True
        return constant

    def real(digits: str) -> float | str:
        return named(digits) if float(digits) in (math.inf, -math.inf) else float(digits)

    try:
        # A hook for every number is slow, so it is there only for a line that may need it.
        row = json.loads(line, parse_constant=named, parse_float=real if _HUGE.search(line) else None)
    except (ValueError, RecursionError) as error:
        return None, f"not JSON: {error}"
    if not isinstance(row, dict):
        return None, "JSON, but not an object"
    if not mended:
        return line, None
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode(), None
