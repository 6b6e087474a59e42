"""What a named person says a stream costs beside its cases: entered, taken back, listed. Nothing of Prefect is loaded here."""

import math
import re
from datetime import date
from typing import Any

import polars as pl

from flows.governance import actions, epochs
from flows.runtime import runs, settings
from models import names_and_reasons
from models.answers import same
from models.errors import Misuse
from review import formats
from review.ledger import layout
from review.queries import outlays

MOST = 1e15  # a larger amount is a slip of the hand
SHOWN = 8  # digits of an id, which tell entries apart
_FEWEST = 4  # digits that name an entry
_ID = re.compile(rf"[0-9a-f]{{{_FEWEST},64}}")


def done(
    stream_name: str, wanted: dict[str, str], *, undo: str, by: str, because: str
) -> tuple[str, pl.DataFrame | None]:
    """Enter, take back or, without anything, list: a sentence, and the entries in force where nothing else was asked for.

    `wanted`: what, amount, from, to and model as they were typed; empty: not. Raises Misuse, in one line, as `enter` and
    `take_back` do, or where what was typed is neither.
    """
    typed = {name: text for name, text in wanted.items() if text}
    if undo and typed:
        raise Misuse(f"--undo takes back what was entered; leave out {same.few([f'--{name}' for name in typed])}")
    if undo:
        return take_back(stream_name, undo, by=by, because=because), None
    if typed or by or because:
        missing = [f"--{name}" for name in ("what", "amount", "from", "to") if name not in typed]
        if missing:
            raise Misuse(f"an outlay has a what, an amount and days; add {', '.join(missing)}")
        return enter(stream_name, typed, by=by, because=because), None
    described = settings.read_stream(stream_name, settings.read())
    with runs.open_ledger() as book:
        rows = outlays.in_force(book, described.name)
    currency = described.costs.currency
    return f"{formats.count(len(rows), 'outlay')} of {described.name}, in {currency}." if len(rows) else (
        f"No outlay of {described.name} is entered. An example: second-reader outlay --help"
    ), rows


def enter(stream_name: str, typed: dict[str, str], *, by: str, because: str) -> str:
    """Record an outlay, once however often it is entered: a sentence.

    `typed`: what, amount, from, to and perhaps model. Raises Misuse, in one line, for a value that cannot be.
    """
    what = names_and_reasons.checked(typed["what"], "--what")
    amount = _amount(typed["amount"])
    first, last = _day(typed["from"], "--from"), _day(typed["to"], "--to")
    if last < first:
        raise Misuse(f"--to {last} lies before --from {first}; an outlay is from its first day to its last")
    with actions.governed(stream_name, by, because, as_it_is=True) as (stream, book, _, who):
        model = typed.get("model")
        models = list(dict.fromkeys([stream.model.id, *outlays.models(book, stream.name)]))
        if model is not None and model not in models:
            raise Misuse(f"--model {model!r} is no model of {stream.name}; its models are {same.few(models)}")
        row: dict[str, Any] = {"stream": stream.name, "model_id": model, "what": what, "amount": amount}
        row |= {"from_day": first.isoformat(), "to_day": last.isoformat(), "undoes": None}
        row |= {"entered_by": who.by, "because": who.because, "entered_at": runs.clock()}
        known = outlays.entries(book, stream.name)
        row["outlay_id"] = _id(row, known)
        before = known.filter(pl.col("outlay_id") == row["outlay_id"])
        if len(before):
            return f"{_short(row)}: entered by {before['entered_by'][0]} before; nothing has changed."
        book.append({"outlay": _frame(row)}, now=row["entered_at"])
        days = (last - first).days + 1
        return (
            f"{_short(row)}: {what}, {formats.money(amount)} {stream.costs.currency} over {formats.count(days, 'day')}, "
            f"{formats.amount(amount / days)} a day{'' if model is None else f', for {model}'}."
        )


def take_back(stream_name: str, undo: str, *, by: str, because: str) -> str:
    """Record that an entry does not hold, once: a sentence. `undo`: its id, or the first digits of it."""
    if not _ID.fullmatch(undo):
        raise Misuse(f"--undo {undo!r} is no id of an outlay: give at least {_FEWEST} of its digits, 0-9 and a-f")
    with actions.governed(stream_name, by, because, as_it_is=True) as (stream, book, _, who):
        known = outlays.entries(book, stream.name)
        meant = known.filter(pl.col("outlay_id").str.starts_with(undo), pl.col("undoes").is_null()).to_dicts()
        if not meant:
            raise Misuse(
                f"--undo {undo}: {stream.name} has no such outlay; list them: second-reader outlay {stream.name}"
            )
        if len(meant) > 1:
            raise Misuse(f"--undo {undo}: {len(meant)} outlays of {stream.name} begin so; give more digits")
        entry = meant[0]
        before = known.filter(pl.col("undoes") == entry["outlay_id"])
        if len(before):
            return f"{_short(entry)}: taken back by {before['entered_by'][0]} before; nothing has changed."
        row = entry | {"undoes": entry["outlay_id"], "outlay_id": epochs.digest(["undo", entry["outlay_id"]])}
        row |= {"entered_by": who.by, "because": who.because, "entered_at": runs.clock()}
        book.append({"outlay": _frame(row)}, now=row["entered_at"])
        return f"{_short(entry)}: taken back. It stays in the ledger, and counts for nothing."


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        raise Misuse(f"--amount {text!r} is no number; write it as 1200 or 1200.50") from None
    if not math.isfinite(amount):
        raise Misuse(f"--amount {text!r} is no amount of money; write it as 1200 or 1200.50")
    if amount < 0:
        raise Misuse(f"--amount {text}: an outlay is 0 or more; to take one back, use --undo")
    if amount > MOST:
        raise Misuse(f"--amount {text}: more than {MOST:.0f} cannot be kept")
    return abs(amount)


def _day(text: str, option: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise Misuse(f"{option} {text!r} is no day; write it as 2026-11-30")
    return day


def _id(row: dict[str, Any], known: pl.DataFrame) -> str:
    """The hash of what is entered; where the same was taken back before, it is another entry."""
    content = [row[name] for name in ("stream", "model_id", "what", "amount", "from_day", "to_day", "because")]
    undone = set(known["undoes"].drop_nulls())
    outlay_id = epochs.digest(content)
    while outlay_id in undone:
        outlay_id = epochs.digest([*content, outlay_id])
    return outlay_id


def _short(row: dict[str, Any]) -> str:
    return str(row["outlay_id"])[:SHOWN]


def _frame(row: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([row], schema_overrides=layout.columns("outlay")).select(layout.columns("outlay").names())
