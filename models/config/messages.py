"""What is wrong with a stream file, one line per problem: where, which key, which value, what is allowed."""

import difflib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from models.errors import StreamInvalid

_TABLE = re.compile(r"\s*(\[?)\[\s*([A-Za-z0-9_.\s-]+?)\s*\]")
_KEY = re.compile(r"""\s*["']?([A-Za-z0-9_-]+)["']?\s*=""")
_LONG_TEXT = re.compile(r'"""|\'\'\'')
_ACCOUNT = re.compile(r"//[^/\s\"]*@")
_LONGEST = 100  # characters of a value in a line
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")

# pydantic's kind of error -> what is allowed, in our words.
_ALLOWED: Mapping[str, str] = MappingProxyType(
    {
        "greater_than": "must be above {gt:g}",
        "greater_than_equal": "must be at least {ge:g}",
        "less_than": "must be below {lt:g}",
        "less_than_equal": "must be at most {le:g}",
        "finite_number": "must be a finite number",
        "literal_error": "must be {expected}",
        "string_type": "must be a text in quotes",
        "string_too_short": "must not be shorter than {min_length}",
        "string_too_long": "must not be longer than {max_length}",
        "float_type": "must be a number",
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "bool_type": "must be true or false",
        "dict_type": 'must be a table, {{ "a label" = ["...", "..."] }}',
        "list_type": 'must be a list, ["...", "..."]',
        "too_short": "must not have fewer entries than {min_length}",
        "too_long": "must not have more entries than {max_length}",
        "model_type": "must be a table of its own, [{name}]",
    }
)


def read(text: str, origin: str) -> dict[str, Any]:
    """The tables of a text of TOML. Raises StreamInvalid, with the line, if it is none."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        raise StreamInvalid(syntax(error, text, origin)) from None
    except RecursionError:
        raise StreamInvalid(f"{origin}: not TOML that can be read: nested too deep; look into it") from None


def syntax(error: tomllib.TOMLDecodeError, text: str, origin: str) -> str:
    """The line for a text that is not TOML."""
    match = _AT_LINE.search(str(error))
    line = int(match.group(1)) if match else len(text.splitlines())
    return f"{origin}:{line}: not TOML: {_AT_LINE.sub('', str(error))}"


def lines(invalid: ValidationError, text: str, origin: str, root: type[BaseModel]) -> list[str]:
    """One line per problem, in the order of the file; `root` is what the file should describe."""
    places = _places(text)
    problems = []
    for error in invalid.errors(include_url=False):
        name, sentence = _sentence(dict(error), root)
        table = name.rpartition(".")[0]
        keys = (name, re.sub(r"\[\d+\]$", "", name), table, re.sub(r"\[\d+\]$", "", table))
        line = next((places[key] for key in keys if key in places), 1)
        problems.append((line, f"{origin}:{line}: {sentence}"))
    return [sentence for _, sentence in sorted(dict.fromkeys(problems), key=lambda problem: problem[0])]


def _sentence(error: dict[str, Any], root: type[BaseModel]) -> tuple[str, str]:
    """The dotted name of the key at fault, with places in lists from 0, and the sentence about it."""
    names = [key for key in error["loc"] if isinstance(key, str)]
    name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in error["loc"]).lstrip(".")
    match error["type"]:
        case "extra_forbidden":
            fields = _table(root, names[:-1]).model_fields
            known = [key for key, field in fields.items() if field.validation_alias is None]
            close = difflib.get_close_matches(names[-1], known, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            return name, f"{name}: no such key; {hint}allowed here: {', '.join(known)}"
        case "missing":
            field = _table(root, names[:-1]).model_fields[names[-1]]
            is_table = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            return name, f"{name}: missing; add {f'the table [{name}]' if is_table else 'this key'}"
        case "value_error" if not names:  # the tables do not agree; the sentence starts with the key at fault
            sentence = error["msg"].removeprefix("Value error, ")
            return sentence.partition(":")[0], sentence
        case "value_error":
            allowed = error["msg"].removeprefix("Value error, ")
            if isinstance(error["input"], dict) and not allowed.startswith(
                "must"
            ):  # it starts with a key of this table
                return f"{name}.{allowed.split(':')[0].split()[0]}", f"{name}.{allowed}"
        case kind:
            allowed = _ALLOWED.get(kind, error["msg"]).format(name=name, **error.get("ctx", {}))
    return name, f"{name} = {_value(error['input'])}: {allowed}"


def _value(value: Any) -> str:
    """A value about as it stands in the file, cut where it is long, and without the account in an address."""
    text = json.dumps("..." if isinstance(value, dict) else value, ensure_ascii=False, default=str)
    text = _ACCOUNT.sub("//...@", text)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}\u2026" + (f" ({len(value)} entries)" if isinstance(value, list) else "")


def _table(root: type[BaseModel], names: list[str]) -> type[BaseModel]:
    """The table of the file at these names."""
    for name in names:
        kinds = [
            kind
            for key, field in root.model_fields.items()
            if name in (key, field.validation_alias)
            for kind in _kinds(field.annotation)
        ]
        inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
        if inner is None:
            break
        root = inner
    return root


def _kinds(annotation: Any) -> Iterator[Any]:
    """A type and all it is made of: a table, a list of tables, or none."""
    yield annotation
    for inner in get_args(annotation):
        yield from _kinds(inner)


def _places(text: str) -> dict[str, int]:
    """The line each table and key stands on, by its dotted name: what reads TOML does not say."""
    places: dict[str, int] = {}
    table = ""
    times: Counter[str] = Counter()  # that a table of a list was begun
    for number, line in _outside_long_texts(text):
        if header := _TABLE.match(line):
            table = header.group(2)
            if header.group(1):
                table = f"{table}[{times[table]}]"
                times[header.group(2)] += 1
            places.setdefault(table, number)
        elif key := _KEY.match(line):
            places.setdefault(f"{table}.{key.group(1)}".lstrip("."), number)
    return places


def _outside_long_texts(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without those that start inside a text of several lines."""
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            yield number, line
        if len(_LONG_TEXT.findall(line)) % 2:
            inside = not inside
