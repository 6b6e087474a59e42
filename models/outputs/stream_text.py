"""The text of a first stream file: each key with what was guessed for it, and what is missing or to be filled in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from models import columns
from models.outputs import box_guess, field_guess, known_format, request, scale

_KINDS = {
    "image": r"(?i)(\.(png|jpe?g|gif|webp|bmp|svg)(\?.*)?$|^\s*data:image/)",
    "pdf": r"(?i)^\s*data:application/pdf[;,]",
    "html": r"(?is)^\s*(<!doctype html|<html[\s>]|<(p|div|table|body|h[1-6]|ul|ol|article|section)[\s>].*</)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The text of a stream file; `taken_for`: what was taken for what; `missing`: keys it lacks, and why; `fill`: those whose
    values are examples, for a person to set."""

    text: str
    taken_for: tuple[str, ...]
    missing: tuple[str, ...]
    fill: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What was chosen of a table: a column for each key of [input], the columns that together are the id where none is, those of
    each label's probability, those that a reviewer sees, the labels, the fields of records, and the box on a picture."""

    keys: Mapping[str, str]
    apart: Sequence[str] = ()
    labels: Sequence[str] = ()
    spread: Sequence[str] = ()
    shown: Sequence[str] = ()
    fields: Sequence[field_guess.FieldGuess] = ()
    fold: bool = False  # the labels stand in the rows in other spellings too
    samples: bool = False  # several rows of one id are answers to one item
    box: box_guess.BoxGuess | None = None


def written(
    texts: pl.DataFrame,
    choice: Choice,
    *,
    name: str,
    source: str,
    known: known_format.Known,
    of: known_format.Format | None,
) -> Guess:
    """The stream file of `name` for a table, its columns as `texts`, from which that was chosen."""
    taken_for, missing = [], []
    chosen, labels, spread, shown = choice.keys, choice.labels, choice.spread, choice.shown
    rows = f"in {len(texts)} rows"
    keys = [f"source = {_toml(source)}"]
    preset: Mapping[str, Any] = of.keys if of else MappingProxyType({})
    if of is not None:
        keys.append(f"format = {_toml(of.name)}")

    def key(named: str, column: str | None, without: str) -> None:
        if column is not None:
            if preset.get(named) != column:
                keys.append(f"{named} = {_toml(column)}")
            taken_for.append(f"{named}: column {column!r}")
        elif without:
            keys.append(f'# {named} = ""   # MISSING: {without}')
            missing.append(f"input.{named}: {without}")

    if choice.apart:
        keys.append(f"id = {_toml(choice.apart)}")
        taken_for.append(f"id: columns {', '.join(map(repr, choice.apart))} together")
    else:
        key(
            "id", chosen.get("id"), "no column has a value of its own in every row; name the one that tells cases apart"
        )
    without = "" if spread or choice.fields else "no column has a few values that repeat; name the model's answer"
    key("prediction", chosen.get("prediction"), without)
    if spread:
        keys.append(f"probabilities = {_toml(spread)}")
        taken_for.append(f"probabilities: columns {', '.join(map(repr, spread))}")
    elif choice.samples:
        n = texts[chosen["id"]].n_unique()
        taken_for.append(
            f"score.samples: {len(texts)} rows are answers to {n} items: the answer that most of an item's rows give, and "
            "its share is the confidence"
        )
    elif not choice.fields:
        key("confidence", chosen.get("confidence"), _no_confidence(of))
    if "confidence" in chosen and not spread and not choice.samples:
        number = columns.numbers(texts[chosen["confidence"]].drop_nulls())
        other = scale.another(number, "unit", named=False)
        if other is not None:
            keys.append(f'scale = "{other[1]}"')
            least, most = float(np.min(number.to_numpy())), float(np.max(number.to_numpy()))
            taken_for.append(f"scale: {other[1]}, for column {chosen['confidence']!r} runs from {least:g} to {most:g}")
    if shown:
        if preset.get("payload") != list(shown):
            keys.append(f"payload = {_toml(shown)}")
        taken_for.append(f"payload, what the reviewer sees: {', '.join(map(repr, shown))}")
    elif of is not None:
        where = "name what the reviewer is to see, in a list"
        if of.request is not None:
            where = (
                f'give the file of the requests, [input.join] source = "..." and id = {_toml(of.request.id)}, and '
                f"payload = {_toml([of.request.shown])}"
            )
        key("payload", None, f"these files hold no input of the model; {where}")
    else:
        key("payload", None, "no column of text is left; name what the reviewer is to see, in a list")
    for named in ("model", "produced_at", "cost", "latency_ms", *request.KEYS):
        key(named, chosen.get(named), "")
    head: list[str] = []
    if choice.fields:
        taken_for += [field.why for field in choice.fields]
    elif len(labels) >= 2:
        of_columns = bool(spread) and "prediction" not in chosen
        whose = "as the columns of probabilities are called" if of_columns else f"all that stand {rows}"
        head = [f"labels = {_toml(labels)}   # {whose}: add what a reviewer may answer besides"]
        taken_for.append(f"labels: {whose}" if of_columns else f"labels: the {len(labels)} answers that stand {rows}")
        if choice.fold:
            head = ["", "[labels]", f"names{head[0].removeprefix('labels')}", "fold = true"]
            taken_for.append(
                "labels.fold: some differ by case, white space or final punctuation alone; each is taken for one"
            )
    else:
        head = ['# labels = ["", ""]   # MISSING: every answer there may be']
        missing.append("labels: every answer there may be")
    of_fields = [column for field in choice.fields for column in (field.value, field.score) if column]
    boxed = () if choice.box is None else choice.box.columns
    taken_for += [] if choice.box is None else [choice.box.why]
    unused = [one for one in texts.columns if one not in {*chosen.values(), *spread, *shown, *of_fields, *boxed}]
    if unused:
        taken_for.append(f"not used: {', '.join(map(repr, unused))}")
    kind = (of.kind if of else None) or kind_of(texts.select(shown))
    model = str(texts[chosen["model"]].drop_nulls()[0]) if "model" in chosen else "model-1"
    fill = ["review.question: what the reviewer is asked"]
    if known.target is None:
        fill.append("target.error: how much of what is released may be wrong")
    if known.error is None or known.minute is None:
        fill.append("costs.error, costs.review_minute: what an error and a minute of a reviewer cost")
    if "model" not in chosen:
        fill.insert(0, "model.id: which model, or prompt, answered; another id begins a new epoch")
    lines = [
        "# Written by `second-reader guess`: look at each line, above all where it says FILL IN or MISSING.",
        f"name = {_toml(name)}",
        f"title = {_toml(name)}",
        *head,
        "",
        "[input]",
        *keys,
        *_tables(choice.fields),
        *(["", "[score.samples]"] if choice.samples else []),
        "",
        "[model]",
        f"id = {_toml(model)}{'' if 'model' in chosen else '   # FILL IN'}",
        "",
        "[review]",
        f'kind = "{kind}"',
        *([] if choice.box is None else [choice.box.text().format(*map(_toml, boxed))]),
        f'question = "{_question(choice)}"   # FILL IN',
        f"project = {_toml(f'Second Reader: {name}'[:50])}",
        "",
        "[target]",
        "error = 0.05   # FILL IN: at most 5 % wrong among the released"
        if known.target is None
        else f"error = {known.target}",
        "",
        "[costs]",
        "error = 10.0   # FILL IN" if known.error is None else f"error = {float(known.error)}",
        "review_minute = 0.5   # FILL IN" if known.minute is None else f"review_minute = {float(known.minute)}",
        "",
    ]
    return Guess(text="\n".join(lines), taken_for=tuple(taken_for), missing=tuple(missing), fill=tuple(fill))


def _question(choice: Choice) -> str:
    """An example of what a reviewer may be asked."""
    if not choice.fields:
        return "Which is it?"
    return "Which are they?" if all(field.kind == "set" for field in choice.fields) else "What does it say?"


def kind_of(shown: pl.DataFrame) -> str:
    """What a reviewer sees, by the columns of it: one column may be pictures, PDFs or pages of HTML, or else text."""
    if shown.width != 1:
        return "record"
    values = shown.to_series().drop_nulls()
    holds = (kind for kind, sign in _KINDS.items() if len(values) and values.str.contains(sign).all())
    return next(holds, "text")


def _tables(fields: Sequence[field_guess.FieldGuess]) -> list[str]:
    """The table of each field, without what is its default."""
    lines = []
    for field in fields:
        lines += ["", "[[field]]", f"name = {_toml(field.name)}"]
        lines += [f"value = {_toml(field.value)}"] if field.value != field.name else []
        lines += [f"score = {_toml(field.score)}"] if field.score is not None else []
        lines += [f"kind = {_toml(field.kind)}"] if field.kind != "text" else []
        lines += [f"{key} = {_toml(value)}" for key, value in field.keys.items()]
    return lines


def _no_confidence(of: known_format.Format | None) -> str:
    """What to do where no column is the confidence."""
    if of is None or of.tokens is None:
        return "no column of numbers has such a name; name how sure the model is"
    return (
        f"the answers have log-probabilities: add [score] with logprobs = {_toml(of.tokens + '[*].logprob')} or, where an "
        f"answer is one token, top_logprobs = {_toml(of.tokens + '[0].top_logprobs')}"
    )


def _toml(value: str | Sequence[str]) -> str:
    """A text, or a list of texts, as TOML, which takes what JSON does but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
