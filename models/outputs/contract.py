"""The input contract: a table of model outputs -> cases to decide, and faults.

Every row becomes one case, or is the silent repeat of one (same id, same content), or becomes a fault. What can be
read but not scored is a case with a `doubt`, for a person. The values make it raise in two cases only: where the column of
confidences as a whole is of another scale than the stream says, as one setting decides about all of them, and where the
column of answers is one of lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import polars_hash as plh

from models import columns, time_columns
from models.config.stream import Stream
from models.outputs import (
    box_values,
    comparable,
    fingerprint,
    one_label,
    pictures,
    predictions,
    request,
    reserved,
    ruled,
)

FAULT_SCHEMA = pl.Schema({"source": pl.String, "line": pl.Int64, "reason": pl.String, "raw": pl.String})
CASE_SCHEMA = pl.Schema(
    {
        "case_id": pl.String,
        "payload": pl.String,  # canonical JSON object of what people are shown: `Stream.shown`
        "model_id": pl.String,
        "prediction": pl.String,  # one of the stream's labels, or a record's text; null: none that could be read
        "raw_score": pl.Float64,  # the confidence, on the unit scale (`scale`); null exactly where `doubt` says why
        "doubt": pl.String,
        "slices": pl.String,  # canonical JSON object
        "cost": pl.Float64,  # 0 or more; else of its tokens (`request.cost`); null: neither is known
        "latency_ms": pl.Float64,
        "produced_at": pl.String,  # 2026-01-31T23:59:59.000000Z; null: not given, or not a time
        "group_id": pl.String,  # 16 hex digits: cases that have the same may be right or wrong together
        "content": pl.String,  # SHA-256 of what the input said
        "source": pl.String,
        "line": pl.Int64,
        "ruled": pl.String,  # the rule by which it is never released; null: none
        "audited": pl.Boolean,  # whether a rule has it read by a person in any case
        "field_scores": pl.String,  # of a record: JSON list of its fields' scores; else null
        "request": pl.String,  # JSON object of what the row says of the request to the model; null: nothing
    }
)
_APART = ("source", "line", "content", "group_id", "ruled", "audited", "field_scores", "request")
_RECORDED = [name for name in CASE_SCHEMA if name not in _APART]  # what a clash keeps of what the row said
REREAD_SCHEMA = pl.Schema({name: CASE_SCHEMA[name] for name in ("line", "content", "payload")})
MAX_ID_BYTES = 1000  # a PostgreSQL index entry holds 2 704 bytes, the stream's name included


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """`cases` has CASE_SCHEMA, `faults` FAULT_SCHEMA; both in the order of the input. `rows`: of each case its row of it."""

    cases: pl.DataFrame
    faults: pl.DataFrame
    rows: pl.DataFrame


def named(stream: Stream) -> list[str]:
    """The columns the stream reads from its input, each once."""
    group = [stream.input.group] if stream.input.group else []
    others = [name for other in stream.shadow for name in other.columns]
    apart = [*group, *ruled.columns_of(stream), *request.columns_of(stream), *others]
    return list(dict.fromkeys([*fingerprint.columns_of(stream), *apart]))


def validate(frame: pl.DataFrame, stream: Stream, *, source: str, latest: str | None = None) -> Validated:
    """Check one batch. `frame` has the columns `named(stream)` gives, of any type, and may have others.

    The line of a row is its `reserved.LINE`, or else its position. A stream with a classifier of its own needs the
    columns `inference.apply` adds. `latest`: a time; a row that says it was produced after it stays unscored; None:
    none is. Raises InputInvalid if the confidences are plainly of another scale than `input.scale`, the predictions are
    lists, or no picture or box can be shown to a reader, polars' ColumnNotFoundError if a column is missing.
    """
    frame = columns.plain(frame)
    if reserved.LINE not in frame.columns:
        frame = frame.with_row_index(reserved.LINE, offset=1).with_columns(pl.col(reserved.LINE).cast(pl.Int64))
    predictions.check_scale(frame, stream, source)
    one_label.check(frame, stream, source)
    case_ids = columns.text(frame.select(stream.input.id)).to_series()
    reasons = pl.select(
        pl.coalesce(
            _id_fault(pl.lit(case_ids)),
            _joined_fault(frame, stream),
            _payload_fault(frame, stream),
            pictures.faults(frame, stream, source),
            box_values.faults(frame, stream, source),
        )
    ).to_series()
    faults = _faults(frame, reasons, source)
    if len(faults):
        readable = reasons.is_null()
        frame, case_ids = frame.filter(readable), case_ids.filter(readable)
    content = fingerprint.contents(frame, stream)
    if case_ids.n_unique() < len(case_ids):
        first, reasons = _repeats(case_ids, content, frame[reserved.LINE])
        faults = pl.concat([faults, _faults(frame, reasons, source)]).sort("line", maintain_order=True)
        frame, case_ids, content = frame.filter(first), case_ids.filter(first), content.filter(first)
    return Validated(cases=_cases(frame, stream, case_ids, content, source, latest), faults=faults, rows=frame)


def reread(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """What rows read a second time say now (REREAD_SCHEMA), put as `validate` put it when they were decided.

    `frame` as there, with `reserved.LINE`. Neither the model nor a check of the row is needed: the same content is a
    row that passed.
    """
    frame = columns.plain(frame)
    return pl.DataFrame(
        {
            "line": frame[reserved.LINE],
            "content": fingerprint.contents(frame, stream),
            "payload": _texts(frame, stream.shown),
        },
        schema=REREAD_SCHEMA,
    )


def clashes(decisions: pl.DataFrame) -> pl.DataFrame:
    """Faults for decisions whose id the ledger already holds with other content. FAULT_SCHEMA.

    `decisions` has CASE_SCHEMA, and maybe more columns. What the row said stands in `raw`.
    """
    shown = columns.printable(pl.col("case_id"))
    return rejected(decisions, columns.sentence("id '", shown, "' was decided before with different content"))


def rejected(cases: pl.DataFrame, reason: pl.Expr) -> pl.DataFrame:
    """Faults for cases that cannot be decided. FAULT_SCHEMA. `cases` has CASE_SCHEMA; what the row said stands in `raw`."""
    return cases.with_columns(raw=columns.json(cases, _RECORDED)).select(
        "source", pl.col("line").cast(pl.Int64), reason.alias("reason"), "raw"
    )


def _id_fault(case_id: pl.Expr) -> pl.Expr:
    return (
        pl.when(case_id.is_null() | (case_id.str.strip_chars() == ""))
        .then(pl.lit("no id"))
        .when(case_id.str.contains("\0", literal=True))
        .then(pl.lit("the id holds a NUL character"))
        .when(case_id.str.len_bytes() > MAX_ID_BYTES)
        .then(pl.lit(f"the id is longer than {MAX_ID_BYTES} bytes"))
    )


def _payload_fault(frame: pl.DataFrame, stream: Stream) -> pl.Series:
    """A case with nothing to show cannot be reviewed. Of several payload columns, one is enough."""
    shown = columns.text(frame.select(stream.input.payload))
    empty = shown.select(pl.all_horizontal(pl.all().str.strip_chars().fill_null("") == "")).to_series()
    names = ", ".join(stream.input.payload)
    return pl.select(pl.when(empty).then(pl.lit(f"missing payload ({names})"))).to_series()


def _joined_fault(frame: pl.DataFrame, stream: Stream) -> pl.Series:
    """Why what a reader is to be shown is not in the other file (`input.join`); null: it is, or is not looked for there."""
    join = stream.input.join
    if join is None or not any(name.startswith(f"{join.name}.") for name in stream.shown):
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    return frame[reserved.JOINED]


def _repeats(case_ids: pl.Series, content: pl.Series, lines: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Whether a row is the first of its id, and why it clashes with that first one (null: it does not)."""
    rows = pl.DataFrame({"id": case_ids, "content": content, "line": lines})
    same = pl.col("content") == pl.col("content").first().over("id")
    first_line = pl.col("line").first().over("id")
    shown = columns.printable(pl.col("id"))
    reason = columns.sentence("id '", shown, "' stands in line ", first_line.cast(pl.String), " with different content")
    repeats = rows.select(pl.col("id").is_first_distinct().alias("first"), pl.when(~same).then(reason).alias("reason"))
    return repeats["first"], repeats["reason"]


def _faults(frame: pl.DataFrame, reasons: pl.Series, source: str) -> pl.DataFrame:
    """The rows with a reason, kept whole: as they stood in the file, or as JSON."""
    if reasons.null_count() == len(reasons):
        return FAULT_SCHEMA.to_frame()
    bad = frame.filter(reasons.is_not_null())
    theirs = [name for name in bad.columns if not name.startswith(reserved.PREFIX)]
    raw = bad[reserved.RAW] if reserved.RAW in bad.columns else columns.json(bad, theirs)
    return pl.DataFrame(
        {
            "source": pl.repeat(source, len(bad), dtype=pl.String, eager=True),
            "line": bad[reserved.LINE],
            "reason": reasons.drop_nulls(),
            "raw": raw.str.replace_all("\0", "\N{REPLACEMENT CHARACTER}", literal=True),
        },
        schema=FAULT_SCHEMA,
    )


def _cases(
    frame: pl.DataFrame, stream: Stream, case_ids: pl.Series, content: pl.Series, source: str, latest: str | None
) -> pl.DataFrame:
    table = stream.input
    answered = predictions.read(frame, stream)
    produced = time(frame, table.produced_at)
    if latest is not None and table.produced_at is not None:
        # A case counts on the day it was produced; on one that has not come it would stand in no report.
        ahead = (produced > latest).fill_null(False)
        reason = columns.sentence(f"{table.produced_at!r} is ", pl.lit(produced), ", which has not come yet")
        answered = answered.with_columns(
            doubt=pl.when(ahead).then(pl.coalesce("doubt", reason)).otherwise("doubt"),
            raw_score=pl.when(~ahead).then("raw_score"),
        )
        produced = pl.select(pl.when(~ahead).then(produced)).to_series()
    payload = _texts(frame, stream.shown)
    asked = time(frame, table.asked_at)
    if latest is not None:
        asked = pl.select(pl.when(asked <= latest).then(asked)).to_series()  # a request that has not come is none
    tokens = amount(frame, table.tokens_in), amount(frame, table.tokens_out)
    names = {
        "case_id": case_ids,
        "payload": payload,
        **{name: answered[name] for name in ("model_id", "prediction", "raw_score", "doubt", "field_scores")},
        "slices": _texts(frame, table.slices),
        "cost": pl.select(pl.coalesce(amount(frame, table.cost), request.cost(*tokens, stream.costs))).to_series(),
        "latency_ms": amount(frame, table.latency_ms),
        "produced_at": produced,
        "group_id": _group(frame, stream, payload),
        "content": content,
        "source": pl.repeat(source, len(frame), dtype=pl.String, eager=True),
        "line": frame[reserved.LINE],
        "ruled": ruled.first(frame, stream.never_release),
        "audited": ruled.first(frame, stream.always_audit).is_not_null(),
        "request": request.objects(request.channels(frame, table.channel), asked, *tokens),
    }
    return pl.DataFrame(names, schema=CASE_SCHEMA)


def _texts(frame: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    """One JSON object per row, every value as text: a file without types, such as CSV, could not say more."""
    return columns.json(columns.text(frame.select(names)) if names else frame, names)


def _group(frame: pl.DataFrame, stream: Stream, payload: pl.Series) -> pl.Series:
    """The first 16 hex digits of SHA-256 over 2, a line feed and the group's text; where there is none, 1 and the payload.

    16 digits, 64 bits: among ten million groups two are taken for one with a chance of 3 in a million.
    """
    shown = columns.text(frame.select(stream.shown))
    compared = comparable.texts(shown)
    if not compared.equals(shown):
        payload = columns.json(compared, stream.shown)
    text = pl.concat_str(pl.lit("1\n"), pl.lit(payload))
    if stream.input.group is not None:
        named_ = comparable.texts(columns.text(frame.select(stream.input.group))).to_series()
        empty = named_.str.strip_chars().fill_null("") == ""
        text = pl.when(empty).then(text).otherwise(pl.concat_str(pl.lit("2\n"), pl.lit(named_)))
    texts = pl.select(text.alias("group"))
    return texts.select(plh.col("group").chash.sha2_256().str.head(16)).to_series()


def amount(frame: pl.DataFrame, column: str | None) -> pl.Series:
    """A column of costs or milliseconds as Float64; null where it is no number of 0 or more, or no column is named."""
    if column is None:
        return pl.repeat(None, len(frame), dtype=pl.Float64, eager=True)
    real = columns.numbers(frame[column])
    return pl.select(pl.when(real.is_finite() & (real >= 0)).then(real)).to_series()


def time(frame: pl.DataFrame, column: str | None) -> pl.Series:
    """A column of times as the ledger writes them; null where there is none, or no column is named."""
    if column is None:
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True)
    return time_columns.column(frame[column])
