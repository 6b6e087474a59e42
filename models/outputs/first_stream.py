"""A first stream file from a table of model outputs: what each column is likely to be, and what no table can say.

A guess is made from a column's name and what stands in it. What cannot be known is left to a person, and named.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from models import columns, time_columns
from models.outputs import known_format, probability_table, scale

MOST_LABELS = 200  # as many as a stream may have
_SOME = 0.95  # share of the values that must be such for the column to be
_NAMES = {
    "id": ("id", "case_id", "uuid", "key", "message_id", "document_id", "item_id", "row_id"),
    "prediction": (
        *(
            "prediction",
            "predicted",
            "pred",
            "predicted_label",
            "label",
            "class",
            "category",
            "answer",
            "intent",
            "type",
        ),
    ),
    "confidence": ("confidence", "score", "probability", "prob", "proba", "p", "certainty", "logprob"),
    "model": ("model", "model_id", "model_name", "model_version"),
    "produced_at": ("produced_at", "predicted_at", "created_at", "timestamp", "time", "date", "at"),
    "cost": ("cost", "usd", "eur", "cost_usd", "cost_eur", "price"),
    "latency_ms": ("latency_ms", "ms", "duration_ms", "latency"),
}
_TRUTH = ("truth", "gold", "target", "y_true", "human", "ground_truth", "correct", "true_label")
_LONGEST_LABEL = 200  # letters
_PICTURE = r"(?i)\.(png|jpe?g|gif|webp|bmp|svg)(\?.*)?$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """The text of a stream file; `taken_for`: what was taken for what; `missing`: keys it lacks, and why; `fill`: those whose
    values are examples, for a person to set."""

    text: str
    taken_for: tuple[str, ...]
    missing: tuple[str, ...]
    fill: tuple[str, ...]


def of_format(
    frame: pl.DataFrame,
    *,
    name: str,
    source: str,
    of: known_format.Format,
    chosen: Mapping[str, str],
    shown: Sequence[str],
    known: known_format.Known = known_format.NOTHING_KNOWN,
) -> Guess:
    """The stream file for files of a format.

    `frame`: their columns as text; `chosen`: key of [input] -> column of it; `shown`: columns that a reviewer sees.
    """
    texts = columns.text(frame)
    return _written(texts, name, source, dict(chosen), _labels(texts, chosen), [], shown, known, of)


def guess(
    frame: pl.DataFrame,
    *,
    name: str,
    source: str,
    known: known_format.Known = known_format.NOTHING_KNOWN,
    of: known_format.Format | None = None,
) -> Guess:
    """The stream file for a table. `frame`: rows of it, any types; `name`: of the stream; `source`: for `input.source`."""
    texts = columns.text(frame)
    texts = texts.select(
        pl.when(pl.col(one).str.strip_chars() != "").then(pl.col(one)).alias(one) for one in texts.columns
    )
    numbers = [column for column in texts.columns if _is_number(texts[column])]
    chosen: dict[str, str] = {}
    for key in _NAMES:
        fitting = [
            one for one in texts.columns if one not in chosen.values() and _fits(key, texts[one], one in numbers)
        ]
        column = _named(key, fitting)
        if column is not None:
            chosen[key] = column
    if "id" not in chosen:
        alone = [one for one in texts.columns if one not in chosen.values() and _tells_apart(texts[one])]
        words = [one for one in alone if one not in numbers and not texts[one].str.contains(r"\s").any()]
        chosen |= {"id": words[0]} if words else {}
    labels = _labels(texts, chosen)
    spread = _probabilities(frame, labels, numbers) if "confidence" not in chosen else []
    if not labels and "confidence" not in chosen:
        spread, labels = probability_table.of(frame, [one for one in numbers if one not in chosen.values()])
    taken = {*chosen.values(), *spread}
    rest = [one for one in texts.columns if one not in taken and one not in numbers]
    shown = [one for one in rest if not _answers(texts[one], labels)]
    return _written(texts, name, source, chosen, labels, spread, shown, known, of)


def _labels(texts: pl.DataFrame, chosen: Mapping[str, str]) -> list[str]:
    """The answers that stand in the rows, in alphabetical order; none where they are too many to be labels."""
    if "prediction" not in chosen:
        return []
    answers = texts[chosen["prediction"]].drop_nulls().str.strip_chars()
    answers = answers.filter((answers != "") & (answers.str.len_chars() <= _LONGEST_LABEL)).unique().sort()
    return answers.to_list() if len(answers) <= MOST_LABELS else []


def _plain(column: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")


def _named(key: str, names: Sequence[str]) -> str | None:
    """The column whose name comes first among the key's."""
    plain = {
        _plain(re.sub(r"^class_name\((.+)\)$", r"\1", column).rpartition(".")[2]): column for column in reversed(names)
    }  # of a path its last step
    plain |= {_plain(column): column for column in reversed(names)}
    return next((plain[name] for name in _NAMES[key] if name in plain), None)


def _is_number(text: pl.Series) -> bool:
    texts = text.drop_nulls()
    return bool(len(texts)) and columns.numbers(texts).is_finite().fill_null(False).all()


def _tells_apart(text: pl.Series) -> bool:
    return text.null_count() == 0 and text.n_unique() == len(text) > 0


def _fits(key: str, text: pl.Series, number: bool) -> bool:
    """Whether what stands in a column can be what the key names."""
    match key:
        case "id":
            return _tells_apart(text)
        case "prediction":
            return 2 <= text.drop_nulls().n_unique() <= min(MOST_LABELS, max(2, len(text) // 2))
        case "model":
            return not number and text.drop_nulls().n_unique() == 1
        case "produced_at":
            known = text.drop_nulls()
            return len(known) > 0 and _SOME * len(known) <= len(time_columns.column(known).drop_nulls())
    return number


def _answers(text: pl.Series, labels: Sequence[str]) -> bool:
    """Whether a column is empty, or gives somebody's answers away (half of it are labels): no reviewer may see that."""
    known = text.drop_nulls()
    named = _plain(text.name) in {*_TRUTH, *_NAMES["prediction"]}
    return named or 2 * int(known.is_in(labels).sum()) >= len(known)


def _probabilities(frame: pl.DataFrame, labels: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """The columns that hold the probability of each label, in the order of `labels`; none if there is not one for each."""
    chosen = []
    for label in labels:
        ends = [one for one in numbers if _plain(one) == _plain(label) or _plain(one).endswith("_" + _plain(label))]
        chosen += ends[:1]
    if not labels or len(set(chosen)) < len(labels):
        return []
    inside = [int(scale.inside(columns.numbers(frame[column]), "unit").sum()) for column in chosen]
    return chosen if min(inside) >= _SOME * len(frame) else []


def _written(
    texts: pl.DataFrame,
    name: str,
    source: str,
    chosen: dict[str, str],
    labels: Sequence[str],
    spread: Sequence[str],
    shown: Sequence[str],
    known: known_format.Known,
    of: known_format.Format | None,
) -> Guess:
    taken_for, missing = [], []
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

    key("id", chosen.get("id"), "no column has a value of its own in every row; name the one that tells cases apart")
    without = "" if spread else "no column has a few values that repeat; name the model's answer"
    key("prediction", chosen.get("prediction"), without)
    if spread:
        keys.append(f"probabilities = {_toml(spread)}")
        taken_for.append(f"probabilities: columns {', '.join(map(repr, spread))}")
    else:
        key("confidence", chosen.get("confidence"), _no_confidence(of))
    if "confidence" in chosen and not spread:
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
    for named in ("model", "produced_at", "cost", "latency_ms"):
        key(named, chosen.get(named), "")
    if len(labels) >= 2:
        of_columns = bool(spread) and "prediction" not in chosen
        whose = "as the columns of probabilities are called" if of_columns else f"all that stand {rows}"
        head = f"labels = {_toml(labels)}   # {whose}: add what a reviewer may answer besides"
        taken_for.append(f"labels: {whose}" if of_columns else f"labels: the {len(labels)} answers that stand {rows}")
    else:
        head = '# labels = ["", ""]   # MISSING: every answer there may be'
        missing.append("labels: every answer there may be")
    unused = [one for one in texts.columns if one not in {*chosen.values(), *spread, *shown}]
    if unused:
        taken_for.append(f"not used: {', '.join(map(repr, unused))}")
    picture = len(shown) == 1 and bool(texts[shown[0]].drop_nulls().str.contains(_PICTURE).all())
    kind = "image" if picture else "text" if len(shown) == 1 else "record"
    kind = (of.kind if of else None) or kind
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
        head,
        "",
        "[input]",
        *keys,
        "",
        "[model]",
        f"id = {_toml(model)}{'' if 'model' in chosen else '   # FILL IN'}",
        "",
        "[review]",
        f'kind = "{kind}"',
        'question = "Which is it?"   # FILL IN',
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
