"""Rows that stand within a line of a file, each written as a line of JSON: those of a list, and a line of fastText."""

import functools
import json
from typing import Any

import jmespath
import jmespath.exceptions

from models.outputs import path_functions

_LABEL = "__label__"  # before each label, as fastText has it unless it is called with -label
_ABOVE = 1.0001  # fastText adds 1e-5 before it takes a logarithm, so that a probability may come out a little above 1


@functools.lru_cache(maxsize=64)
def _compiled(path: str) -> Any:
    return jmespath.compile(path)


def is_path(text: str) -> bool:
    """Whether it is an expression of JMESPath."""
    try:
        _compiled(text)
    except jmespath.exceptions.JMESPathError:
        return False
    return True


def of_list(line: bytes, path: str) -> bytes:
    """The lines of the rows in the list that `path` leads to within a line of JSON. `line` with or without its line feed.

    The line itself where it is no object, or there is no list: nothing is lost. No line where the list is empty.

    >>> of_list(b'{"n": 1, "rows": [{"a": 1}, {"a": 2}]}', "rows")
    b'{"a": 1}\\n{"a": 2}\\n'
    """
    try:
        row = json.loads(line)
        rows = _compiled(path).search(row, options=path_functions.OPTIONS) if isinstance(row, dict) else None
        return line if not isinstance(rows, list) else b"".join(json.dumps(one).encode() + b"\n" for one in rows)
    except (ValueError, RecursionError, TypeError, jmespath.exceptions.JMESPathError):
        return line


def of_fasttext(line: bytes) -> bytes:
    """The line of JSON for a line that `fasttext predict-prob` wrote, perhaps behind its text and a tab.

    It has `text`, null where there is none, and the lists `labels` and `probabilities`, which are empty where the line has
    none. The line itself where it is no UTF-8.

    >>> of_fasttext(b"It broke\\t__label__bug 0.9 __label__other 0.1\\n")
    b'{"text": "It broke", "labels": ["bug", "other"], "probabilities": [0.9, 0.1]}\\n'
    """
    try:
        whole = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        return line
    before, tab, after = whole.rpartition("\t")
    labels, probabilities = _pairs(after)
    text = before if tab and (labels or not after) else "" if labels else whole
    row = {"text": text or None, "labels": labels, "probabilities": probabilities}
    return json.dumps(row).encode() + b"\n"


def _pairs(text: str) -> tuple[list[str], list[float]]:
    """The labels and their probabilities; none where the text is anything else."""
    words = text.split()
    try:
        numbers = [float(word) for word in words[1::2]]
    except ValueError:
        return [], []
    labels = words[::2]
    if len(labels) != len(numbers) or not all(label.startswith(_LABEL) for label in labels):
        return [], []
    numbers = [1.0 if 1 < number <= _ABOVE else number for number in numbers]
    return [label.removeprefix(_LABEL) for label in labels], numbers
