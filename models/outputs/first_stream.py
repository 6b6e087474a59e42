"""A first stream file from a table of model outputs: what each column is likely to be, and what no table can say.

A guess is made from a column's name and what stands in it. What cannot be known is left to a person, and named.
"""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from models import columns, time_columns
from models.outputs import (
    box_guess,
    field_guess,
    known_format,
    label_guess,
    probability_table,
    samples_guess,
    scale,
    stream_text,
)
from models.outputs.stream_text import Choice, Guess

MOST_LABELS = label_guess.MOST
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
    "channel": ("channel", "mode"),
    "asked_at": ("asked_at", "requested_at", "request_time", "started_at"),
    "tokens_in": ("tokens_in", "input_tokens", "prompt_tokens", "prompt_token_count", "inputtokens"),
    "tokens_out": ("tokens_out", "output_tokens", "completion_tokens", "completion_token_count", "outputtokens"),
}
_CHANNELS = ("batch", "realtime", "real_time", "online", "sync", "async", "interactive", "flex", "priority")
_TRUTH = ("truth", "gold", "target", "y_true", "human", "ground_truth", "correct", "true_label")
_OF_LABELS = ("prediction", "confidence")  # a record has fields in their place
_SEVERAL = ("predictions", "labels", "classes", "categories", "answers", "intents", "types", "topics", "tags", "flags")


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
    labels, fold = _labels(texts, chosen)
    choice = Choice(keys=chosen, labels=labels, fold=fold, shown=shown)
    return stream_text.written(texts, choice, name=name, source=source, known=known, of=of)


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
    fields = field_guess.of(texts, numbers) if of is None else []
    lists = {one: labels for one in texts.columns if (labels := label_guess.of_lists(texts[one])) is not None}
    of_fields = {column for field in fields for column in (field.value, field.score)}
    for key in _NAMES:
        if fields and key in _OF_LABELS:
            continue
        fitting = [
            one
            for one in texts.columns
            if one not in {*chosen.values(), *of_fields, *lists} and _fits(key, texts[one], one in numbers)
        ]
        column = _named(key, fitting)
        if column is not None:
            chosen[key] = column
    several = _set(lists) if of is None and not fields and "prediction" not in chosen else None
    if several is not None:
        fields = [field_guess.of_set(several, lists[several], texts, numbers, chosen.pop("confidence", None))]
        of_fields = {column for field in fields for column in (field.value, field.score)}
    samples = _samples(texts, chosen, numbers) if of is None else None
    if samples is not None:
        chosen["id"] = samples
        chosen.pop("confidence", None)
    if "id" not in chosen:
        alone = [one for one in texts.columns if one not in {*chosen.values(), *of_fields} and _tells_apart(texts[one])]
        words = [one for one in alone if one not in numbers and not texts[one].str.contains(r"\s").any()]
        chosen |= {"id": words[0]} if words else {}
    labels, fold = _labels(texts, chosen)
    scored = "confidence" in chosen or bool(fields) or samples is not None
    spread = [] if scored else _probabilities(frame, labels, numbers)
    if not labels and not scored:
        spread, labels = probability_table.of(frame, [one for one in numbers if one not in chosen.values()])
    taken = {*chosen.values(), *spread, *of_fields}
    rest = [one for one in texts.columns if one not in taken and one not in numbers]
    shown = [
        one for one in rest if one not in lists and not _answers(texts[one], labels) and not _tells(texts, one, fields)
    ]
    box = box_guess.of(texts, [one for one in numbers if one not in taken]) if of is None else None
    pictures = [one for one in shown if stream_text.kind_of(texts.select(one)) == "image"]
    apart: list[str] = []
    if pictures and texts[pictures[0]].str.contains(r"^\s*(?i:data:)").any():
        box = None  # it is shown on a picture that has an address
    if box is not None and pictures:
        shown = pictures[:1]
        apart = [] if "id" in chosen else box_guess.telling_apart(texts, shown[0], box)
    choice = Choice(
        keys=chosen,
        apart=apart,
        labels=labels,
        fold=fold,
        spread=spread,
        shown=_pages(texts, shown),
        fields=fields,
        samples=samples is not None,
        box=box if pictures else None,
    )
    return stream_text.written(texts, choice, name=name, source=source, known=known, of=of)


def _pages(texts: pl.DataFrame, shown: list[str]) -> list[str]:
    """What a reviewer sees: PDFs alone where a column holds them, for nobody reads one as text."""
    pdfs = [one for one in shown if stream_text.kind_of(texts.select(one)) == "pdf"]
    return pdfs[:1] or shown


def _tells(texts: pl.DataFrame, column: str, fields: Sequence[field_guess.FieldGuess]) -> bool:
    """Whether a column gives the right value of a field away: half of it is what the model answered, or its name says so."""
    plain = _plain(column)
    named = any(
        plain in (f"{word}_{_plain(one.name)}", f"{_plain(one.name)}_{word}") for one in fields for word in _TRUTH
    )
    values = texts[column]
    alike = any(
        2 * int((values == texts[one.value]).sum()) >= max(1, values.len() - values.null_count()) for one in fields
    )
    return named or alike


def _labels(texts: pl.DataFrame, chosen: Mapping[str, str]) -> tuple[list[str], bool]:
    """The answers that stand in the rows, in alphabetical order, and whether in several spellings; none where they are too
    many to be labels."""
    if "prediction" not in chosen:
        return [], False
    truths = [texts[one] for one in texts.columns if _plain(one) in _TRUTH and one not in chosen.values()]
    answers, fold = label_guess.spelt(texts[chosen["prediction"]], truths)
    return (answers, fold) if len(answers) <= MOST_LABELS else ([], False)


def _set(lists: Mapping[str, Sequence[str]]) -> str | None:
    """The column of the model's answer among those that hold lists of labels: by its name, or as the only one."""
    others = [one for one in lists if _plain(one) not in _TRUTH]
    named = [one for name in (*_NAMES["prediction"], *_SEVERAL) for one in others if _plain(one) == name]
    return next(iter(named or (others if len(others) == 1 else [])), None)


def _samples(texts: pl.DataFrame, chosen: Mapping[str, str], numbers: Sequence[str]) -> str | None:
    """The column of the items that several rows answer, where no column tells each row from all others."""
    if "id" in chosen or "prediction" not in chosen:
        return None
    of_answer = ("confidence", "produced_at", "cost", "latency_ms")
    others = [chosen[key] for key in of_answer if key in chosen]
    return samples_guess.item(texts, chosen["prediction"], numbers, others)


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
        case "channel":  # a column of that name may as well say where an item came from
            known = text.drop_nulls()
            return len(known) > 0 and all(_plain(one) in _CHANNELS for one in known.unique())
        case "produced_at" | "asked_at":
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
