"""When two written answers are one: the same text, the same set of labels, or the same label written another way.

A stream's labels are read by one rule (`Rule`), whoever writes them: the model, a history, a person's form. What the rule
does not know, such as "Billing" for "billing" where nothing is folded, is an unknown label, and a person's. A study does
the same: such an answer is neither right nor wrong, unless it is asked to fold spellings.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from models import columns

_FEW, _LONGEST = 10, 40  # labels in a message, and characters of each
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.\d{1,15})?")  # "007" is no number but a code
_WHOLE = re.compile(r"-?\d{1,15}(\.0+)?")
_NOTHING = ("nan", "null", "n/a", "<na>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How the labels of a stream may be written.

    A text is the label it equals; else the label of which `also` (label -> spellings) has it; else, where the labels are
    lists, the one with the same parts; else, with `fold`, the label that one of these texts is but for case, outer white
    space, final punctuation and the form of a number. Raises ValueError, naming the key at fault, if a text could be two
    labels or a spelling is of no label.
    """

    labels: Sequence[str]
    also: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fold: bool = False

    def __post_init__(self) -> None:
        names = frozenset(self.labels)
        for label, written in self.also.items():
            if label not in names:
                raise ValueError(f"labels.also: {label!r} is none of the labels; give the spellings of one of them")
            for text in written:
                if text in names:
                    raise ValueError(f"labels.also: {text!r} is a label itself; a spelling of another cannot be")
        spellings = [text for written in self.also.values() for text in set(written)]
        if twice := [text for text, times in Counter(spellings).items() if times > 1]:
            raise ValueError(f"labels.also: {twice[0]!r} is a spelling of two labels; leave it to one")
        if self.fold:
            meant: dict[str, str] = {}
            for text, label in self._texts().items():
                other = meant.setdefault(plain(text), label)
                if other != label:
                    raise ValueError(
                        f"labels.fold: {other!r} and {label!r} are written alike but for case, spaces or punctuation; "
                        "drop fold, or rename one"
                    )

    def read(self, answers: pl.Series) -> pl.Series:
        """Each text as the label it is; one that is none, and null, as it stands."""
        if not self.fold and not self.also and not any(label.startswith("[") for label in self.labels):
            return answers
        texts = self._texts()
        known = texts | {_as_set(label): label for label in self.labels if label.startswith("[")}
        folded_ = {plain(text): label for text, label in texts.items()} if self.fold else {}
        others = answers.filter(~answers.is_in([*self.labels])).drop_nulls().unique()
        label_of = {text: known.get(text) or known.get(_as_set(text)) or folded_.get(plain(text)) for text in others}
        return _mapped(answers, {text: label for text, label in label_of.items() if label is not None})

    def judge(self, prediction: pl.Series, truth: pl.Series) -> pl.DataFrame:
        """As the function `judge`, for answers and truths that are texts `read` has returned.

        `written` is a text that is none of the labels, whatever it is like: `score` would not know it either.
        """
        labels = [*self.labels]
        pair = pl.DataFrame({"answer": prediction, "true": truth})
        both = pl.col("answer").is_not_null() & pl.col("true").is_not_null()
        other = pl.when(~pl.col("answer").is_in(labels)).then("answer").when(~pl.col("true").is_in(labels)).then("true")
        return pair.with_columns(written=pl.when(both).then(other)).select(
            right=pl.when(pl.col("written").is_null()).then(pl.col("answer") == pl.col("true")), written="written"
        )

    def label(self, text: str) -> str | None:
        """The label that a text is; None: it is none."""
        matched: str = self.read(pl.Series([text], dtype=pl.String)).item()
        return matched if matched in self.labels else None

    def near(self, answers: pl.Series) -> dict[str, str]:
        """Of the texts that are no label, those that differ from a label by spelling alone, and that label."""
        unknown = answers.filter(~answers.is_in([*self.labels])).drop_nulls().unique()
        if unknown.is_empty():
            return {}
        folded_ = {plain(text): label for text, label in self._texts().items()}
        label_of = {text: folded_.get(plain(text)) for text in unknown}
        return {text: label for text, label in label_of.items() if label is not None}

    def _texts(self) -> dict[str, str]:
        """Every text that is a label as it stands, and that label."""
        spellings = {text: label for label, written in self.also.items() for text in written}
        return spellings | {label: label for label in self.labels}


def as_sets(written: pl.Series) -> pl.Series:
    """JSON lists of texts with their parts sorted and each once: the order of a set of labels says nothing.

    Lists of anything else (numbers of a box) and all other texts stay as they are.

    >>> print(*as_sets(pl.Series(['["b", "a", "b"]', "b, a"])), sep=" / ")
    ["a", "b"] / b, a
    """
    return _mapped(written, {text: _as_set(text) for text in _distinct(written) if text.lstrip().startswith("[")})


def folded(written: pl.Series) -> pl.Series:
    """Texts without case, outer white space, final punctuation and the form of a number ("1.0" is "1").

    >>> folded(pl.Series([" Billing. ", "1.0"])).to_list()
    ['billing', '1']
    """
    return _mapped(written, {text: plain(text) for text in _distinct(written)})


def judge(prediction: pl.Series, truth: pl.Series, *, fold: bool) -> pl.DataFrame:
    """Per row `right` (Boolean; null where either is missing, or `written` is not null) and `written` (String).

    `written` is the spelling that no label has: an answer that differs from its row's truth, or from every label that
    occurs as a truth, by spelling alone. Two spellings that both columns use are two labels (a and A of an alphabet).
    With `fold` spellings are one, and none is left over.
    """
    pair = pl.DataFrame({"answer": as_sets(prediction), "true": as_sets(truth)})
    kinds = pair.group_by("answer", "true").len().drop_nulls()
    truths, answers = set(kinds["true"]), set(kinds["answer"])
    labels = {text for text in truths & answers if text == text.strip()}
    key = {text: plain(text) for text in truths | answers}
    true_keys = {key[text] for text in truths}

    def one(answer: str, true: str) -> tuple[bool | None, str | None]:
        if answer == true or (fold and key[answer] == key[true]):
            return True, None
        if fold or (answer in labels and true in labels):
            return False, None
        if key[answer] == key[true]:
            return None, true if answer in truths else answer
        return (None, answer) if answer not in truths and key[answer] in true_keys else (False, None)

    verdicts = [one(answer, true) for answer, true in kinds.select("answer", "true").iter_rows()]
    kinds = kinds.select("answer", "true").with_columns(
        pl.Series("right", [right for right, _ in verdicts], dtype=pl.Boolean),
        pl.Series("written", [written for _, written in verdicts], dtype=pl.String),
    )
    return pair.join(kinds, on=("answer", "true"), how="left", maintain_order="left").select("right", "written")


def alike(labels: set[str]) -> list[str]:
    """Those of the labels that differ from another one by spelling alone, sorted.

    >>> alike({"Bug", "bug", "praise"})
    ['Bug', 'bug']
    """
    key = {text: plain(text) for text in labels}
    many: dict[str, int] = {}
    for text in labels:
        many[key[text]] = many.get(key[text], 0) + 1
    return sorted(text for text in labels if many[key[text]] > 1)


def few(labels: Sequence[str]) -> str:
    """The labels in half a line: of very many the first ones and how many more, of a long one its start."""
    shown = [label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}\u2026" for label in labels[:_FEW]]
    return ", ".join(shown + [f"and {len(labels) - _FEW} more"] * (len(labels) > _FEW))


def unlabelled(truth: pl.Series, prediction: pl.Series | None) -> pl.Series:
    """Whether a truth is what data sets write for "no label": -1 or another one negative number, or nan, null, n/a, <na>.

    A negative number is one if it is the only one, and all others are whole numbers from 0 on, or none is a number and the
    model answers in words too. Nothing that the model itself ever answers: then it is a class.
    """
    answers = set() if prediction is None else set(prediction.drop_nulls())
    known = [text for text in _distinct(truth) if text not in answers]
    missing = [text for text in known if text.strip().casefold() in _NOTHING]
    others = [text for text in _distinct(truth) if text not in missing]
    number = {text: float(text) for text in others if _WHOLE.fullmatch(text)}
    negative = {value for value in number.values() if value < 0}
    whole = len(number) == len(others) and any(value >= 0 for value in number.values())
    words = len(number) < len(others) and all(value < 0 for value in number.values()) and prediction is not None
    answered = {float(text) for text in answers if _WHOLE.fullmatch(text)}
    if len(negative) == 1 and not negative & answered and (whole or words):
        missing += [text for text, value in number.items() if value < 0]
    return truth.is_in(pl.Series(missing, dtype=pl.String).implode()).fill_null(False).rename("missing")


def _as_set(text: str) -> str:
    try:
        parts: Any = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        return text
    return json.dumps(sorted(set(parts)), ensure_ascii=False)


def plain(text: str) -> str:
    """A text without case, outer white space, final punctuation and the form of a number."""
    bare = text.strip().casefold()
    short = bare.rstrip(".!?,;: \t\r\n") or bare
    if _NUMBER.fullmatch(short):
        return columns.text(pl.DataFrame({"x": [float(short) + 0.0]})).item() if "." in short else short.lstrip("+")
    return short


def _distinct(written: pl.Series) -> list[str]:
    return written.drop_nulls().unique().to_list()


def _mapped(written: pl.Series, new: dict[str, str]) -> pl.Series:
    changed = {old: text for old, text in new.items() if old != text}
    return written.replace(changed) if changed else written
