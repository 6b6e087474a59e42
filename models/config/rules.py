"""A rule on the columns of the input, as its owner writes it: `total > 10000 AND country IN ('XK', 'VA')`. Pure.

It is the WHERE of SQL, without anything that reads elsewhere or grows without bound. What stands in it is looked up in
a list, and each column is put in by a name of our own, so nothing else of the text reaches Polars. A column counts as a number
where the rule treats it as one: beside + - * / %, or compared with a number. CSV has no types, so the column cannot say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

LONGEST = 500  # characters
_WORDS = frozenset({"and", "or", "not", "in", "between", "like", "is", "null", "true", "false"})
_OF_TEXT = frozenset({"lower", "upper", "length"})
_OF_NUMBERS = frozenset({"abs"})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})
_ORDERED = frozenset({"<", ">", "<=", ">="})
_EQUAL = frozenset({"=", "!=", "<>"})
_ALLOWED = (
    "columns, numbers, texts in '...', and, or, not, in, between, like, is null, true, false, lower, upper, length, abs"
)
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<text>'(?:[^']|'')*')|(?P<quoted>"(?:[^"]|"")+")"""
    r"""|(?P<word>[^\W\d]\w*)|(?P<sign><=|>=|<>|!=|[-+*/%=<>(),]))"""
)


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a rule. `kind`: number, text, column, word, function or sign; `value`: the name, or the piece in lower case."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A rule that can be evaluated.

    `expression` gives a Boolean: null where a value that it needs is missing or is no number. It reads the columns of `inputs`:
    name -> (column of the input, how it is read: number, text or flag).
    """

    expression: pl.Expr
    inputs: dict[str, tuple[str, str]]

    @property
    def columns(self) -> list[str]:
        """The columns of the input that it reads, each once."""
        return list(dict.fromkeys(column for column, _ in self.inputs.values()))


def condition(rule: str) -> Condition:
    """Read a rule. Raises ValueError with what cannot be read, and what may stand there."""
    if len(rule) > LONGEST:
        raise ValueError(f"is {len(rule)} characters long; at most {LONGEST}")
    tokens = list(_tokens(rule))
    inputs: dict[str, tuple[str, str]] = {}
    sql = []
    for place, token in enumerate(tokens):
        if token.kind == "column":
            read_as = _read_as(tokens, place)
            name = next((own for own, known in inputs.items() if known == (token.value, read_as)), f"c{len(inputs)}")
            inputs[name] = (token.value, read_as)
            sql.append(f"({name} = 'true')" if _stands_alone(tokens, place) else name)
        else:
            sql.append(f"'{token.value}'" if token.value in ("true", "false") else token.value)
    if not inputs:
        raise ValueError("names no column")
    try:
        expression = pl.sql_expr(" ".join(sql))
        kind = _empty(inputs).select(answer=expression).schema["answer"]
    except (pl.exceptions.PolarsError, TypeError):
        raise ValueError(f"cannot be read as a condition of SQL; it may hold {_ALLOWED}") from None
    if kind != pl.Boolean:
        raise ValueError("is no condition: compare its columns with something, as in total > 100")
    return Condition(expression=expression, inputs=inputs)


def _empty(inputs: dict[str, tuple[str, str]]) -> pl.DataFrame:
    kinds = {name: pl.Float64() if read_as == "number" else pl.String() for name, (_, read_as) in inputs.items()}
    return pl.DataFrame(schema=kinds)


def _tokens(rule: str) -> Iterator[_Token]:
    place, end = 0, len(rule.rstrip())
    while place < end:
        match = _TOKEN.match(rule, place)
        if match is None:
            raise ValueError(f"cannot be read from {rule[place : place + 20].strip()!r} on; it may hold {_ALLOWED}")
        place = match.end()
        kind, value = str(match.lastgroup), match[str(match.lastgroup)]
        if kind == "quoted":
            yield _Token("column", value[1:-1].replace('""', '"'))
        elif kind != "word":
            yield _Token(kind, value)
        elif value.lower() in _WORDS:
            yield _Token("word", value.lower())
        elif not rule[place:].lstrip().startswith("("):
            yield _Token("column", value)
        elif value.lower() in _OF_TEXT | _OF_NUMBERS:
            yield _Token("function", value.lower())
        else:
            raise ValueError(f"{value}(...) is no function it may use; it may hold {_ALLOWED}")


def _read_as(tokens: list[_Token], place: int) -> str:
    """How the column at this place is read: by what stands before and after it."""
    before, after = _at(tokens, place - 1), _at(tokens, place + 1)
    further_back, further_on = _at(tokens, place - 2), _at(tokens, place + 2)
    if before.value == "(" and further_back.kind == "function":
        return "number" if further_back.value in _OF_NUMBERS else "text"
    if before.value in _ARITHMETIC or after.value in _ARITHMETIC:
        return "number"
    if _stands_alone(tokens, place) or {further_on.value, further_back.value} & {"true", "false"}:
        return "flag"
    listed = place + (2 if after.value == "not" else 1)
    if _at(tokens, listed).value in ("in", "between"):
        first = _at(tokens, listed + (2 if _at(tokens, listed).value == "in" else 1))
        return "number" if first.kind == "number" or first.value == "-" else "text"
    for sign, other in ((after, further_on), (before, further_back)):
        if sign.value in _ORDERED:
            return "text" if other.kind == "text" else "number"
        if sign.value in _EQUAL and (other.kind == "number" or other.value == "-"):
            return "number"
    return "text"


def _stands_alone(tokens: list[_Token], place: int) -> bool:
    """Whether a column is a condition by itself, as in `vip AND total > 100`."""
    before, after = _at(tokens, place - 1), _at(tokens, place + 1)
    within = _at(tokens, place - 2)
    if before.value == "(" and (within.kind == "function" or within.value == "in"):
        return False
    return before.value in ("", "and", "or", "not", "(") and after.value in ("", "and", "or", ")")


def _at(tokens: list[_Token], place: int) -> _Token:
    return tokens[place] if 0 <= place < len(tokens) else _Token("end", "")
