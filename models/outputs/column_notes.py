"""What the columns of an input look like as a whole, and what that asks for: said before anything of them is recorded.

A row that cannot be read is rejected or stays unscored. Here is what no single row shows: a column of which nothing can
be read, a confidence that is one number everywhere, one that speaks of one label only, several rows for one item. None of it
stops anything; each note is half a sentence with the way out, without a final stop.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from models import columns
from models.config.stream import Stream
from models.outputs import (
    confidence,
    contract,
    failures,
    fingerprint,
    free_answers,
    item_rows,
    predictions,
    request,
    score_columns,
    score_source,
)

Read = Callable[[pl.DataFrame, str], pl.Series]  # the values of a column; null: one cannot be read

_SHOWN = 5  # kinds of answers that are no label, in a note
_ITEMS = 20  # fewer that are answered twice may be a slip
_MANY = 20  # one answer in so many that no label is like is reported; a few are reported case by case


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """`about`: which column and what of it, the same for the same trouble in another file. `sentence`: the half sentence.

    `harmless`: it was dealt with, and may well be meant: reported, but nothing to be mended.
    """

    about: str
    sentence: str
    harmless: bool = False


def of(frame: pl.DataFrame, stream: Stream) -> list[Note]:
    """What to say of the columns that the stream names. `frame`: those columns, as `contract.validate` takes them."""
    frame = columns.plain(frame)
    if frame.is_empty():
        return []
    notes = [*_unreadable(frame, stream), *_repeated(frame, stream), *_spellings(frame, stream)]
    if stream.model.file is None:
        notes += [*_scores(frame, stream), *of_probabilities(frame, stream)]
    return notes


def of_probabilities(frame: pl.DataFrame, stream: Stream) -> list[Note]:
    """What to say of columns of probabilities: sums that rounding explains, predictions that are not the most probable."""
    names = stream.input.probabilities
    if not names:
        return []
    matrix = columns.matrix(frame.select(names), len(stream.labels))
    known = confidence.distributions(matrix)
    notes = []
    if rounded := int(confidence.rounded(matrix).sum()):
        sums = matrix[known].sum(axis=1)
        sentence = (
            f"the probabilities of {rounded} of {len(frame)} rows sum to {sums.min():.4g} to {sums.max():.4g}, as rounding to so "
            "few decimals can make them: each is divided by its sum; with more decimals nothing has to be"
        )
        notes.append(Note(about="rounded", sentence=sentence, harmless=True))
    if stream.input.prediction is not None:
        answers = columns.text(frame.select(stream.input.prediction)).to_series()
        other = int((predictions.outvoted(matrix, answers, stream) & known).sum())
        if other:
            sentence = (
                f"{other} of {len(frame)} predictions are not the most probable label: their confidence is that of the label "
                "predicted; if the model has no decision threshold of its own, the probabilities may stand in another "
                "order than labels"
            )
            notes.append(Note(about="outvoted", sentence=sentence, harmless=True))
    return notes


def _of_others(stream: Stream, amount: str) -> Iterator[tuple[str, str, str | None, Read | None, str]]:
    """The columns of other models, as `_unreadable` takes them, but for their scores."""
    for place, other in enumerate(stream.shadow):
        key = f"shadow[{place}]"
        yield "cost", f"{key}.cost", other.cost, contract.amount, amount
        yield "latency_ms", f"{key}.latency_ms", other.latency_ms, contract.amount, amount
        yield "prediction", f"{key}.prediction", other.prediction, None, ""
        yield from (("value", f"{key}.values", column, None, "") for column in other.values.values())


def _number(frame: pl.DataFrame, column: str) -> pl.Series:
    return columns.numbers(frame[column])


def _unreadable(frame: pl.DataFrame, stream: Stream) -> Iterator[Note]:
    table = stream.input
    time = "a time: give ISO 8601 text, as in 2026-01-31T10:00:00Z, or a timestamp; a bare number does not say its unit"
    amount = "a number of 0 or more: give it without sign or unit"
    channel = f"a word of at most {request.LONGEST} characters: give how the model was asked, as batch or realtime"
    for key, where, column, read, way in (
        ("produced_at", "input.produced_at", table.produced_at, contract.time, time),
        ("cost", "input.cost", table.cost, contract.amount, amount),
        ("latency_ms", "input.latency_ms", table.latency_ms, contract.amount, amount),
        ("channel", "input.channel", table.channel, request.channels, channel),
        ("asked_at", "input.asked_at", table.asked_at, contract.time, time),
        ("tokens_in", "input.tokens_in", table.tokens_in, contract.amount, amount),
        ("tokens_out", "input.tokens_out", table.tokens_out, contract.amount, amount),
        *_of_others(stream, amount),
        *(
            (kind, scores.key, name, None if scores.scale == "levels" else _number, "a number")
            for kind, sources in (
                ("confidence", score_source.every(stream)),
                ("score", score_source.of_others(stream)),
            )
            for scores in sources
            for name in scores.columns
        ),
        *(("value", f"field[{place}].value", one.column, None, "") for place, one in enumerate(stream.field)),
        ("group", "input.group", table.group, None, ""),
        *(("slices", "input.slices", name, None, "") for name in table.slices),
    ):
        if column is None:
            continue
        text = columns.text(frame.select(column)).to_series()
        there = (text.str.strip_chars() != "").fill_null(False)
        n, name = int(there.sum()), f"column {column!r} ({where})"
        if not n:
            if failures.reasons(frame, stream).is_not_null().all():
                continue  # no row has an answer: nothing can be said of what stands beside one
            yield Note(
                about=f"{key} {column}", sentence=f"no row has a value in {name}: check the name, or drop the key"
            )
        elif read is not None and (bad := there & read(frame, column).is_null()).any():
            example = text.filter(bad)[0][:60]
            count = "none" if bad.sum() == n else f"{n - int(bad.sum())}"
            then = "such a case goes to a person" if key == "confidence" else "what cannot counts as not given"
            sentence = f"{count} of {n} values in {name} can be read, and {example!r} is not {way}; {then}"
            yield Note(about=f"{key} {column}", sentence=sentence)


def _spellings(frame: pl.DataFrame, stream: Stream) -> Iterator[Note]:
    answered = [("input.prediction", stream.input.prediction, "each of these cases goes to a person")]
    for place, other in enumerate(stream.shadow):
        answered.append((f"shadow[{place}].prediction", other.prediction, "none of these is recorded as an answer"))
    for key, column, then in answered:
        if column is not None:
            yield from _of_answers(frame, stream, column, key, then)


def _of_answers(frame: pl.DataFrame, stream: Stream, column: str, key: str, then: str) -> Iterator[Note]:
    """Answers that are none of the labels: written another way, or not known at all. `then`: what comes of them."""
    text = stream.rule.read(columns.text(frame.select(column)).to_series())
    text = text.set(text.str.strip_chars() == "", None)
    kinds = text.filter(~text.is_in(stream.labels)).drop_nulls().rename("text").value_counts(name="n")
    kinds = kinds.sort("n", "text", descending=[True, False])
    near = stream.rule.near(text)
    for about, spellings, what, way in (
        (
            "spelling",
            kinds.filter(pl.col("text").is_in([*near])),
            "differ from a label by spelling alone",
            "give them in [labels], by also or fold",
        ),
        (
            "unknown",
            kinds.filter(~pl.col("text").is_in([*near])),
            "are none of the labels",
            f"they nearly all differ: {free}"
            if key == "input.prediction" and (free := free_answers.of(text, stream))
            else f"check labels, or name another column in {key}",
        ),
    ):
        rows, known = int(spellings["n"].sum()), len(text) - text.null_count()
        if (about == "unknown" and rows < known / _MANY) or not rows:
            continue
        listed = ", ".join(f"{one[:40]!r} ({n})" for one, n in spellings.head(_SHOWN).iter_rows())
        more = f" and {len(spellings) - _SHOWN} more" if len(spellings) > _SHOWN else ""
        sentence = f"{rows} of {known} answers in column {column!r} ({key}) {what}: {listed}{more}; {way}"
        yield Note(about=about if key == "input.prediction" else f"{about} {key}", sentence=f"{sentence}, or {then}")


def _repeated(frame: pl.DataFrame, stream: Stream) -> Iterator[Note]:
    """Several rows for one id, most of which say something else than the first: samples, judges, versions."""
    if stream.score is not None and stream.score.rows:
        return
    items = _by_id(frame, stream, fingerprint.contents(frame, stream))
    several = items.filter(pl.col("values") > 1)
    if len(several) <= len(items) / 10:
        return
    most: int = items["len"].max()  # type: ignore[assignment] # there is one
    sentence = (
        f"{items['len'].sum()} rows have {len(items)} values in column {stream.input.id!r} (input.id), up to {most} of one, "
        f"and {len(several)} of these with different content: of each only the first row is decided, what says the same is a "
        f"repeat, what says something else a fault; {item_rows.ways(frame, stream)}"
    )
    yield Note(about="id", sentence=sentence)


def _by_id(frame: pl.DataFrame, stream: Stream, values: pl.Series) -> pl.DataFrame:
    """Of each id: rows (len) and different values."""
    ids = columns.text(frame.select(stream.input.id)).to_series()
    rows = pl.DataFrame({"id": ids, "values": values}).drop_nulls("id")
    return rows.group_by("id").agg(pl.len(), pl.col("values").n_unique())


def several_answers(frame: pl.DataFrame, stream: Stream) -> str | None:
    """Why nothing of a table can be taken: one model answers many of its items several times, and otherwise each time.

    None where it does not, or where a table [score.samples] or another makes one case of the rows.
    """
    answer = stream.input.prediction
    if answer is None or (stream.score is not None and stream.score.rows):
        return None
    frame = columns.plain(frame)
    if stream.input.model is not None and columns.text(frame.select(stream.input.model)).to_series().n_unique() > 1:
        return None
    items = _by_id(frame, stream, columns.text(frame.select(answer)).to_series().str.strip_chars())
    several = items.filter(pl.col("values") > 1)
    if len(items) < _ITEMS or len(several) <= len(items) / 10:
        return None
    return (
        f"{len(frame)} rows have {len(items)} values in column {stream.input.id!r} (input.id), and {len(several)} of these have "
        f"different answers in column {answer!r} (input.prediction): no row of them is the answer; "
        f"{item_rows.ways(frame, stream)}"
    )


def _scores(frame: pl.DataFrame, stream: Stream) -> Iterator[Note]:
    answered = predictions.read(frame, stream)
    scored = answered.filter(pl.col("raw_score").is_not_null())
    table = stream.input
    name = "the confidence" if table.confidence is None else f"column {table.confidence!r} (input.confidence)"
    if len(scored) < confidence.FEWEST_CASES:
        return
    if stream.field:
        name = "the least score of the fields"
    elif stream.score is not None:
        name = f"the confidence of {score_source.of(stream).key if score_source.of(stream).columns else '[score]'}"
    if scored["raw_score"].n_unique() == 1:
        sentence = (
            f"{name} is one number in all {len(scored)} rows: it cannot tell sure answers from others, so all can be released or "
            "nothing; name a column that does"
        )
        yield Note(about="constant", sentence=sentence)
    elif (values := confidence.kinds(scored["raw_score"])) < confidence.FEWEST_KINDS:
        sentence = (
            f"{name} has {values} values where ten are looked at, from the least sure to the surest of {len(scored)} rows: "
            "it hardly orders answers, and a threshold releases nearly all of them or few; name a finer one if there is one"
        )
        yield Note(about="coarse", sentence=sentence, harmless=True)
    if table.confidence is None:
        return
    scores = score_source.of(stream)
    highest = columns.numbers(frame[table.confidence]).max()
    if scores.scale == "percent" and isinstance(highest, float) and highest <= 1:
        says = f"{scores.scale_key} says percent"
        sentence = f"{name} is never above {highest:g}, and {says}: if it runs from 0 to 1, drop the scale"
        yield Note(about="scale", sentence=sentence)
    if scores.of is not None or scores.scale in ("levels", "rank", "real") or len(stream.labels) != 2:
        return
    label = score_columns.one_sided(scored["raw_score"], scored["prediction"])
    if label is not None:
        sentence = (
            f"{name} looks like the probability of {label!r}, not of the answer given: it is low wherever the answer is another "
            f'one; if so, write confidence = {{ of = "{label}", column = "{table.confidence}" }}'
        )
        yield Note(about="one-sided", sentence=sentence)
