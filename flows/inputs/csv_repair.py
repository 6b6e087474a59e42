"""CSV record by record, for the blocks where a quote is not sound or a text is not UTF-8.

What does not read as a record is a fault up to the end of its line, and reading goes on with the next line: a quote
that is never closed costs its own row only.
"""

import re
from dataclasses import dataclass

import polars as pl

from flows.inputs import text_blocks
from models.outputs import contract, reserved

# A field in quotes, else anything without a quote at its start: 5" is a text, not an opening.
_PLAIN = rb"(?:[^,\r\n]|\r(?!\n|\Z))"
_FIELD = rb'(?:"(?:[^"]|"")*+"|(?!")%b*+)' % _PLAIN
_END = rb"(?:\r?\n|\r?\Z)"
RECORD = re.compile(rb"%b(?:,%b)*+%b" % (_FIELD, _FIELD, _END))
_FIELDS = re.compile(rb'(?:^|,)(?:"((?:[^"]|"")*+)"|(%b*+))' % _PLAIN)
_OPEN = re.compile(rb'%b(?:,%b)*?,?"(?:[^"]|"")*+\Z' % (_FIELD, _FIELD))
UNENDED = f"{text_blocks.UNENDED}, or so it seems: it has no line end; end the last line too"
OPEN = f"{text_blocks.UNENDED}, or so it seems: a quote is opened and not closed"
_LINE = re.compile(rb"[^\n]*\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A record that cannot be read: the line it starts at, why, and its bytes."""

    line: int
    reason: str
    raw: bytes


def parsed(
    block: bytes, names: list[str], line: int, *, final: bool, max_open: int
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Rows, faults, and how many bytes are used up: an unfinished record at the end stays for the next block."""
    rows: list[list[str | None]] = []
    lines: list[int] = []
    bad: list[Fault] = []
    place, open_to_the_end = 0, False
    while place < len(block):
        match = RECORD.match(block, place)
        if match is None:
            if not final and len(block) - place <= max_open and _OPEN.match(block, place):
                break
            rest_is_open = final and not open_to_the_end and len(block) - place <= max_open
            open_to_the_end = open_to_the_end or bool(rest_is_open and _OPEN.match(block, place))
            reason = OPEN if rest_is_open and open_to_the_end else "a quote is opened and not closed"
            match = _LINE.match(block, place)
        else:
            values, reason = _values(match, len(names))
            if not match.group().endswith(b"\n") and (values is not None or reason):
                values, reason = None, UNENDED
            if values is not None:
                rows.append(values)
                lines.append(line)
        if match is None:
            break
        if reason:
            bad.append(Fault(line=line, reason=reason, raw=match.group()))
        place = match.end()
        line += match.group().count(b"\n")
    return frame(rows, names, lines), kept(bad), place


def fields(record: re.Match[bytes]) -> list[str]:
    """The texts of a record. Raises UnicodeDecodeError."""
    return [
        (plain if quoted is None else quoted.replace(b'""', b'"')).decode()
        for quoted, plain in (field.groups() for field in _FIELDS.finditer(record.group().rstrip(b"\r\n")))
    ]


def _values(record: re.Match[bytes], width: int) -> tuple[list[str | None] | None, str]:
    """The texts of a record and no reason, or None and a reason; for an empty line neither."""
    if not record.group().strip(b"\r\n"):
        return None, ""
    try:
        texts = fields(record)
    except UnicodeDecodeError:
        return None, "not UTF-8"
    if len(texts) != width:
        return None, wrong_width(len(texts), width)
    return [text or None for text in texts], ""


def wrong_width(count: int, width: int) -> str:
    """Why a record of `count` fields is no row of a table of `width` columns."""
    return f"{count} {'field' if count == 1 else 'fields'} where the header has {width}"


def frame(rows: list[list[str | None]], names: list[str], lines: list[int]) -> pl.DataFrame:
    """Rows of text with their lines."""
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()), orient="row").with_columns(
        pl.Series(reserved.LINE, lines, dtype=pl.Int64)
    )


def kept(faults: list[Fault]) -> pl.DataFrame:
    """Faults with their bytes as text: what is not UTF-8 as \\xff, and no NUL, which PostgreSQL cannot hold."""
    return pl.DataFrame(
        {
            "source": [""] * len(faults),
            "line": [fault.line for fault in faults],
            "reason": [fault.reason for fault in faults],
            "raw": [readable(fault.raw) for fault in faults],
        },
        schema=contract.FAULT_SCHEMA,
    )


def readable(raw: bytes) -> str:
    """The bytes of a line as text, without its end."""
    return raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace").replace("\0", "\\x00")
