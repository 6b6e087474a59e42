"""A labelled history of records from a file: each field by the rules of a stream, with its score and its right value."""

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from flows.inputs import headers, present, readers
from flows.planning import study_outcomes, study_rows
from flows.planning.study import History
from models.config.stream import Stream
from models.errors import InputInvalid, Misuse
from models.outputs import predictions, request, reserved
from models.planning import labelled, record_labels
from models.planning.labelled import Columns, LeftOut


def read(
    path: Path,
    described: Stream,
    pattern: str,
    columns: Columns,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> History:
    """Read a file or folder of records with right values.

    Args:
        path: Read as the stream's input is, or as its name says.
        described: The stream, whose fields say how values, scores and right values are read.
        pattern: The columns or paths of the right values, `{field}` for the name of a field.
        columns: Of these `group` and `chance`; without a `group` the stream's own, where the file has it.
        progress: Receives the rows read so far.

    Raises:
        InputInvalid: A file is not what it says, a column is missing or of another scale, nothing is labelled or can be scored.
        Misuse: The pattern names no columns of right values.
    """
    try:
        wanted = record_labels.truths(described, pattern)
    except ValueError as error:
        raise Misuse(f"--truth {error}") from None
    asked, there = _looked_at(path, described, [*wanted.values()])
    truths = {name: column for name, column in wanted.items() if column in there}
    if not truths:
        raise InputInvalid(
            f"{path}: no field of stream {described.name!r} has a right value, for there is no column "
            f"{headers.quoted([*wanted.values()])}; name them with --truth, as in --truth 'right_{record_labels.FIELD}'"
        )
    own = described.input.group if described.input.group in there else None
    group = own if columns.group is None else columns.group
    item = described.input.id if described.input.id in there else None
    columns = replace(columns, prediction=None, confidence=None, group=group, item=item)
    read_too = [*truths.values(), *_others(columns)]
    asked = _with(asked, slices=list(dict.fromkeys(read_too)))
    taken = functools.partial(_taken, asked=asked, truths=truths, columns=columns)
    whole, faults = study_rows.gathered(path, asked, progress, taken)
    known = whole.filter(pl.col("truth").is_not_null())
    unread = whole["unread"].drop_nulls()
    if known.is_empty():
        why = f" that can be read (the first: {unread[0]})" if len(unread) else ""
        raise InputInvalid(
            f"{path}: no row has a right value{why} in {headers.quoted([*truths.values()])}; name the columns with --truth"
        )
    reasons = known["unscored"].drop_nulls()
    if len(reasons) == len(known):
        raise InputInvalid(f"{path}: no record can be scored (the first: {reasons[0]}); mend it, or the stream file")
    moved = labelled.shift_note(whole.select("confidence", labelled=pl.col("truth").is_not_null()))
    rows, group, repeats, of_items = study_outcomes.grouped(whole, columns, path)
    ours = [name for name in rows.columns if name.partition(" ")[0] in ("score", "right", "why") and " " in name]
    cases, without, of_chances = study_outcomes.sampled(rows, columns, path, ours)
    notes = [_unknown(described, truths), moved if columns.chance is None else None, of_items, of_chances]
    return History(
        cases=cases.drop(ours),
        left_out=LeftOut(
            unlabelled=len(whole) - len(known) - len(unread),
            unreadable=faults,
            unscored=len(reasons),
            first_reason=None if reasons.is_empty() else reasons[0],
            repeats=repeats,
            without_chance=without,
            unread=len(unread),
            first_unread=None if unread.is_empty() else unread[0],
        ),
        notes=tuple(text for text in notes if text),
        group=group,
        votes=0,
        votes_right=0,
        people={},
        records=cases,
        fields=tuple(field.name for field in described.field),
    )


def _looked_at(path: Path, described: Stream, wanted: list[str]) -> tuple[Stream, list[str]]:
    """The stream as it reads the history, and which of the columns that it may lack the history has.

    A history needs neither ids nor what a reader is shown. What else the stream says of answers is read where it is there.
    """
    table = described.input
    nothing = dict.fromkeys(["group", "model", "cost", "latency_ms", "produced_at", "join", "failed", *request.KEYS])
    plain = {"id": reserved.LINE, "payload": [reserved.LINE], "slices": []}
    rules: dict[str, Any] = {"never_release": [], "always_audit": [], "shadow": []}
    rules["review"] = described.review.model_copy(update={"box": None})
    asked = _with(described.model_copy(update=rules), **nothing, **plain, **_format(path, described))
    failed = table.failed or []
    may_lack = [*wanted, table.id, table.group, table.model, *(name for rule in failed for name in rule.columns)]
    there = present.names(path, list(dict.fromkeys(filter(None, may_lack))), asked)
    known = [rule for rule in failed if {*rule.columns} <= {*there}]
    return _with(asked, model=table.model if table.model in there else None, failed=known or None), there


def _format(path: Path, described: Stream) -> dict[str, Any]:
    """How the history is read, where the name of its file says other than the stream's input."""
    by_name = readers.ENDINGS.get(Path(path.name.removesuffix(".gz")).suffix.lower())
    table = described.input
    alike = table.format in ("auto", by_name) or (by_name, table.format) == ("csv", "csv-without-header")
    keys: dict[str, Any] = {} if by_name is None or alike else {"format": "auto"}
    return keys if by_name in (None, "json", "jsonl") else keys | {"rows": None}


def _with(stream: Stream, **keys: Any) -> Stream:
    return stream.model_copy(update={"input": stream.input.model_copy(update=keys)})


def _others(columns: Columns) -> list[str]:
    """The columns that say which rows belong together and how they were chosen, each once."""
    return list(dict.fromkeys(name for name in (columns.group, columns.item, columns.chance) if name))


def _taken(
    frame: pl.DataFrame, source: str, *, asked: Stream, truths: dict[str, str], columns: Columns
) -> pl.DataFrame:
    """What is kept of some rows: what is right and how sure the model was, and what says which rows belong together."""
    predictions.check_scale(frame, asked, source)
    others = study_rows.texts(frame, asked, _others(columns))
    return record_labels.read(frame, asked, truths).hstack(others.rename(study_outcomes.theirs))


def _unknown(described: Stream, truths: dict[str, str]) -> str | None:
    without = [field.name for field in described.field if field.name not in truths]
    if not without:
        return None
    return (
        f"No right values are there of {headers.quoted(without)}: a record counts as right where all other fields are"
    )
