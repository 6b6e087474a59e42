"""Reads receipts by rules, and says of each field how sure it is.

The values come from patterns that somebody would write in an afternoon. The score of a field is the chance that its value is
right, by a logistic regression on what can be seen of the receipt (how many amounts there are, whether they add up, how many
words hold a digit), learned from receipts that never arrive in the stream: so it is honest as far as those are like these.

The second reader has two rules more. In a word that is mostly digits, a letter is the digit that a scanner takes for it. And it
knows the words that names of shops are made of, from the receipts it learned from.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from deploy.demo.receipt_text import CURRENCIES, Receipt
from models.answers import value_same
from models.answers.record_text import Values

FIELDS = ("vendor", "date", "total", "tax", "currency", "payment", "number")
_AMOUNT = re.compile(r"(\d+)[.,](\d{2})(?!\d)")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)([./])(\d\d)\5(\d{4})")
_NUMBER = re.compile(r"No\.? *(\w+)")
_ODD = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])\w+\b")  # digits and letters in one word
_DIGIT = str.maketrans("OlISB", "01158")
_CARD = re.compile(r"card|debit|\*\*\*\*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reader:
    """The rules, with a model for the score of each field."""

    models: Mapping[str, Any]
    words: frozenset[str] | None = None  # of names of shops; None: the first reader, which mends nothing

    def read(self, text: str) -> dict[str, tuple[Any, float]]:
        """Each field's value (None: not found) and score, in [0, 1]."""
        return self.read_all([text])[0]

    def read_all(self, texts: Sequence[str]) -> list[dict[str, tuple[Any, float]]]:
        """The same of each of at least one text, in much less time than one by one."""
        if self.words is not None:
            texts = [mended(text, self.words) for text in texts]
        seen = np.array([_seen(text, self.words) for text in texts])
        values = [extracted(text) for text in texts]
        scores = {
            name: self.models[name].predict_proba(_with(seen, [one[name] for one in values]))[:, 1].tolist()
            for name in FIELDS
        }
        return [{name: (one[name], scores[name][n]) for name in FIELDS} for n, one in enumerate(values)]


def learned(receipts: Sequence[Receipt], *, mends: bool = False) -> Reader:
    """A reader whose scores are learned from these receipts. Raises ValueError if the rules are always right or never."""
    words = frozenset(word for one in receipts for word in str(one.truth["vendor"]).split()) if mends else None
    texts = [one.text if words is None else mended(one.text, words) for one in receipts]
    seen = np.array([_seen(text, words) for text in texts])
    values = [extracted(text) for text in texts]
    models = {}
    for name in FIELDS:
        right = [same(name, value[name], one.truth[name]) for value, one in zip(values, receipts, strict=True)]
        rows = _with(seen, [value[name] for value in values])
        models[name] = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(rows, right)
    return Reader(models, words)


def mended(text: str, words: Collection[str]) -> str:
    """The text with letters in words that are mostly digits read as digits, and the first line in words of shops.

    A word that no shop has is read as the only one of its length that differs in one letter.

    >>> mended("Lindeh Cafe\\nTOTAL 12,5O on O3.0l.2026, Hall 2B", ["Linden", "Bakery"])
    'Linden Cafe\\nTOTAL 12,50 on 03.01.2026, Hall 2B'
    """

    def digits(match: re.Match[str]) -> str:
        word = match.group()
        return word.translate(_DIGIT) if 2 * sum(letter.isdigit() for letter in word) > len(word) else word

    first, line_end, rest = text.partition("\n")
    shop = " ".join(_known(word, words) for word in first.split(" "))
    return re.sub(r"[\w.,/-]*\d[\w.,/-]*", digits, shop + line_end + rest)


def _known(word: str, words: Collection[str]) -> str:
    if word in words:
        return word
    near = [one for one in words if len(one) == len(word) and sum(map(str.__ne__, one, word)) == 1]
    return near[0] if len(near) == 1 else word


def same(name: str, ours: Any, theirs: Any) -> bool:
    """Whether two values of a field are the same, as the stream file has it."""
    by = {"vendor": "folded", "date": "within", "total": "within", "tax": "within"}.get(name, "exact")
    return value_same.same_value(ours, theirs, by=by)


def extracted(text: str) -> Values:
    """What the rules find."""
    lines = text.splitlines()
    totals = [line for line in lines if re.search(r"total|amount|sum\b", line, re.IGNORECASE) and "SUB" not in line]
    number = _NUMBER.search(text)
    return {
        "vendor": next((line.strip() for line in lines if line.strip()), None),
        "date": _date(text),
        "total": _amount(totals[-1]) if totals else None,
        "tax": next((amount for line in lines if "VAT" in line and (amount := _amount(line)) is not None), None),
        "currency": next((one for one in CURRENCIES if one in text), None),
        "payment": "card" if _CARD.search(text) else "cash",
        "number": number.group(1) if number else None,
    }


def _date(text: str) -> str | None:
    """The first date; of two numbers that could both be the month, the second is taken for it."""
    match = _DATE.search(text)
    if match is None:
        return None
    if match.group(1):
        year, month, day = (int(match.group(n)) for n in (1, 2, 3))
    else:
        day, month, year = int(match.group(4)), int(match.group(6)), int(match.group(7))
        if month > 12:
            day, month = month, day
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _amount(line: str) -> float | None:
    match = _AMOUNT.search(line)
    return float(f"{match.group(1)}.{match.group(2)}") if match else None


def _seen(text: str, words: Collection[str] | None) -> list[float]:
    """What the scores are learned from: nothing of it is the truth. `words`: those of shops, if the reader knows them."""
    lines = [line for line in text.splitlines() if line.strip()]
    amounts = [amount for line in lines if (amount := _amount(line)) is not None]
    total = extracted(text)["total"] or 0.0
    goods = [_amount(line) or 0.0 for line in lines if re.match(r"[A-Za-z]", line) and not re.match(r"[A-Z]{3}", line)]
    date_ = _DATE.search(text)
    open_date = date_ is not None and date_.group(5) == "/" and int(date_.group(4)) <= 12 and int(date_.group(6)) <= 12
    return [
        float(len(_ODD.findall(text))),
        float(len(lines)),
        float(len(amounts)),
        float(abs(sum(goods) - total) < 0.005),
        float("VAT" in text),
        float("Receipt No" in text),
        float(open_date),
        float(date_ is not None),
        float(bool(lines) and not _ODD.search(lines[0]) and " " in lines[0].strip()),
        float(sum(name in text for name in CURRENCIES)),
        float("CASH" in text or bool(_CARD.search(text))),
        float(words is not None and bool(lines) and all(word in words for word in lines[0].split())),
    ]


def _with(seen: npt.NDArray[np.float64], values: Sequence[Any]) -> npt.NDArray[np.float64]:
    """The same, a row per text, with whether there is a value, and whether it holds a letter beside a digit."""
    there = [value is not None for value in values]
    odd = [isinstance(value, str) and _ODD.search(value) is not None for value in values]
    return np.column_stack([seen, there, odd])
