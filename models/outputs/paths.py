"""Paths into nested rows, in JMESPath: what of a file is read for each name in [input].

A name that is a column of the file is that column, dots and all. Else it is a path: `output.team`, `choices[0].message.content`,
`tokens[*].logprob`, or any other expression of JMESPath that starts at columns. `from_json(output.text).label` reads JSON that
stands in a text. Plain steps (a field, a place in a list, all of a list) are taken from whole columns; any other expression, and
rows whose types differ from the others', row by row. A path that leads nowhere in a row gives null.

JMESPath: https://jmespath.org/specification.html. One rule differs: it leaves nulls out of a list, and in the lists that a
score is made of they stay, for a sample without an answer is a sample, and a token without a number a token.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jmespath
import jmespath.exceptions
import polars as pl

from models import columns
from models.config import score_table
from models.config.stream import Stream
from models.outputs import path_inside, reserved, row_paths

_LONGEST = 500  # characters of a path
EACH = None  # the step into every entry of a list
Step = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """`roots`: the columns it starts at. `steps` from the one root on; None: an expression that each row is searched by.

    `kind`: the type of its values, String but for lists that a score is made of.
    """

    name: str
    roots: tuple[str, ...]
    steps: tuple[Step, ...] | None
    kind: pl.DataType
    within: tuple[Step, ...] | None = (
        None  # steps into the JSON that stands in the text the steps lead to; None: none does
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to read of one file: `flat` columns as they stand, `derived` from others, `joined` ids of several of these."""

    flat: tuple[str, ...]
    derived: tuple[Path, ...] = ()
    joined: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def roots(self) -> list[str]:
        """The columns of the file that are needed, each once."""
        return list(dict.fromkeys([*self.flat, *(root for path in self.derived for root in path.roots)]))

    def only(self, names: Sequence[str]) -> "Plan":
        """The plan for some of the names it was made for."""
        joined = tuple(one for one in self.joined if one[0] in names)
        wanted = {*names, *(part for _, parts in joined for part in parts)}
        return Plan(
            flat=tuple(name for name in self.flat if name in wanted),
            derived=tuple(path for path in self.derived if path.name in wanted),
            joined=joined,
        )


def plan(wanted: Sequence[str], present: Sequence[str], stream: Stream) -> Plan:
    """What to read for these names of a stream (as `contract.named` gives them) of a file with the columns `present`."""
    there, kinds = set(present), _kinds(stream)
    flat: dict[str, None] = {}
    derived: dict[str, Path] = {}
    joined = []
    for name in wanted:
        parts = [name] if name in there or name != stream.input.id else score_table.id_columns(name)
        if parts != [name]:
            joined.append((name, tuple(parts)))
        for part in parts:
            path = None if part in there and part not in kinds else _compiled(part, part in there, present)
            if path is None:
                flat[part] = None
            else:
                kind = kinds.get(part)
                # A list of any values keeps numbers apart from texts, which a column of one type does not.
                mixed = kind is None and path[1] is not None and EACH in path[1]
                steps = None if mixed else path[1]
                derived[part] = _path(part, (path[0], steps), kind or pl.String(), flat=part in there)
    return Plan(flat=tuple(flat), derived=tuple(derived.values()), joined=tuple(joined))


def _path(text: str, parsed: tuple[tuple[str, ...], tuple[Step, ...] | None], kind: pl.DataType, *, flat: bool) -> Path:
    roots, steps = parsed
    if steps is None and not flat and (two := _within(jmespath.compile(text).parsed)) is not None:
        return Path(name=text, roots=(str(two[0][0]),), steps=two[0][1:], kind=kind, within=two[1])
    return Path(name=text, roots=roots, steps=steps, kind=kind)


def _within(tree: Mapping[str, Any]) -> tuple[tuple[Step, ...], tuple[Step, ...]] | None:
    """Of `from_json(a.b).c` the plain steps to the text and those in what it holds; None: it is no such expression."""
    kind, children = tree["type"], tree.get("children", [])
    if kind == "function_expression" and tree["value"] == "from_json" and len(children) == 1:
        steps = _steps(children[0])
        return (steps, ()) if steps and EACH not in steps else None
    if kind in ("subexpression", "index_expression"):
        first, rest = _within(children[0]), [_steps(child) for child in children[1:]]
        if first is not None and not any(steps is None or EACH in steps for steps in rest):
            return first[0], (*first[1], *(step for steps in rest for step in steps or ()))
    return None


def all_flat(names: Sequence[str], stream: Stream) -> bool:
    """Whether none of the names of a stream can be anything but the name of a column: letters, digits, spaces and the like."""
    marked = any(sign in name for name in names for sign in ".[(|*@`{&")
    return not marked and not _kinds(stream)


def _kinds(stream: Stream) -> Mapping[str, pl.DataType]:
    """The columns that hold lists, with the type of these."""
    if stream.score is None:
        return MappingProxyType({})
    answers = None if stream.score.samples is None else stream.score.samples.answers
    kind_of = {
        stream.score.logprobs: row_paths.NUMBERS,
        stream.score.top_logprobs: row_paths.TOKENS,
        answers: row_paths.TEXTS,
    }
    return {name: kind for name, kind in kind_of.items() if name is not None}


def _compiled(text: str, flat: bool, present: Sequence[str]) -> tuple[tuple[str, ...], tuple[Step, ...] | None] | None:
    """The roots and steps of a path; None: it is none, and can only be the name of a column."""
    if flat:
        return (text,), ()
    if len(text) > _LONGEST:
        return None
    try:
        tree = jmespath.compile(text).parsed
        steps = _steps(tree)
        try:
            roots = tuple(dict.fromkeys(_roots(tree)))
        except _WholeRowError:
            roots = tuple(present)
    except (jmespath.exceptions.JMESPathError, ValueError, RecursionError):
        return None
    if steps is not None:
        return (str(steps[0]),), steps[1:]
    return (roots, None) if roots else None


class _WholeRowError(Exception):
    """An expression that takes the row as a whole, as in `values(@)`."""


def _roots(tree: Mapping[str, Any]) -> Iterable[str]:
    """The columns an expression starts at. Raises _WholeRowError if it takes the row as a whole."""
    kind, children = tree["type"], tree.get("children", [])
    match kind:
        case "field":
            yield tree["value"]
        case "current" | "identity":
            raise _WholeRowError
        case "literal" | "expref" | "index" | "slice":
            return
        case "subexpression" | "index_expression" | "projection" | "value_projection" | "filter_projection" | "pipe":
            yield from _roots(children[0])
        case _:
            for child in children:
                yield from _roots(child)


def _steps(tree: Mapping[str, Any]) -> tuple[Step, ...] | None:
    """The plain steps of an expression, its root first; None: it has others."""
    kind, children = tree["type"], tree.get("children", [])
    match kind:
        case "field":
            return (tree["value"],)
        case "identity":
            return ()
        case "index":
            return (tree["value"],)
        case "subexpression" | "index_expression":
            parts = [_steps(child) for child in children]
            return None if None in parts else tuple(step for part in parts for step in part or ())
        case "projection":
            left, right = _steps(children[0]), _steps(children[1])
            if left is None or right is None or EACH in left or EACH in right:
                return None
            return (*left, EACH, *right)
    return None


def columnar(frame: pl.DataFrame, derived: Sequence[Path]) -> tuple[pl.DataFrame, list[Path]]:
    """The frame with the columns of those paths that whole columns give, and the others. `frame` has the roots, of any type."""
    expressions, others = [], []
    for path in derived:
        root = path.roots[0]
        try:
            if path.steps is None:
                raise _NotPlainError
            value, kind = _taken(pl.col(root), frame.schema[root], path.steps)
            if path.within is not None:
                if kind != pl.String():
                    raise _NotPlainError
            elif path.kind != pl.String() and kind != path.kind:
                if not isinstance(kind, pl.List) or kind.inner.is_nested() or path.kind == row_paths.TOKENS:
                    raise _NotPlainError
                value = value.cast(path.kind, strict=False)
        except _NotPlainError:
            others.append(path)
        else:
            expressions.append(value.alias(path.name))
    frame = frame.with_columns(expressions)
    inside = [path for path in derived if path.within is not None and path not in others]
    return frame.with_columns(path_inside.columns(frame, inside)) if inside else frame, others


class _NotPlainError(Exception):
    """A step that only a search of each row can take."""


def _taken(value: pl.Expr, kind: Any, steps: Sequence[Step]) -> tuple[pl.Expr, Any]:
    """The value some steps further, and its type."""
    if not steps:
        return value, kind
    step, rest = steps[0], steps[1:]
    if isinstance(kind, pl.Array):
        value, kind = value.arr.to_list(), pl.List(kind.inner)
    if isinstance(step, str) and isinstance(kind, pl.Struct):
        inner = {field.name: field.dtype for field in kind.fields}
        if step not in inner:
            return pl.lit(None, dtype=pl.String), pl.String()
        return _taken(value.struct.field(step), inner[step], rest)
    if isinstance(step, int) and isinstance(kind, pl.List):
        return _taken(value.list.get(step, null_on_oob=True), kind.inner, rest)
    if step is EACH and isinstance(kind, pl.List):
        inside, of_inside = _taken(pl.element(), kind.inner, rest)
        return value.list.eval(inside), pl.List(of_inside)
    raise _NotPlainError


def searched(rows: Sequence[Any], derived: Sequence[Path]) -> list[pl.Series]:
    """A column for each path, searched row by row. `rows`: objects as Python knows them."""
    return [
        row_paths.stepped(rows, (path.roots[0], *path.steps), path.name, path.kind)
        if path.steps is not None and EACH in path.steps
        else row_paths.searched(rows, path.name, path.kind)
        for path in derived
    ]


def rows_of(frame: pl.DataFrame, derived: Sequence[Path]) -> list[Any]:
    """The rows as Python knows them, with the roots of these paths only; text that holds a list or an object is read as JSON."""
    # An expression that takes the row as a whole names all there may be: the keys of folders, the name of the file, too.
    roots = [root for root in dict.fromkeys(root for path in derived for root in path.roots) if root in frame.columns]
    texts = [root for root in roots if frame.schema[root] == pl.String]
    rows = columns.plain(frame.select(roots)).to_dicts()
    for row in rows:
        for root in texts:
            if isinstance(row[root], str) and row[root][:1] in ("{", "["):
                try:
                    row[root] = json.loads(row[root])
                except (ValueError, RecursionError):
                    continue
    return rows


def sources(frame: pl.DataFrame, path: Path) -> list[Any]:
    """The rows a path was taken from, as Python knows them. `frame`: as a reader hands it out."""
    if reserved.RAW in frame.columns:
        documents = []
        for line in frame[reserved.RAW]:
            try:
                documents.append(json.loads(line))
            except (ValueError, RecursionError):
                continue
        return documents
    return rows_of(frame, [path])


def applied(frame: pl.DataFrame, ours: Plan) -> pl.DataFrame:
    """The rows of a file of columns with what the plan takes from them."""
    if ours.derived:
        frame, others = columnar(frame, ours.derived)
        frame = frame.with_columns(searched(rows_of(frame, others), others)) if others else frame
    return with_ids(frame, ours)


def with_ids(frame: pl.DataFrame, ours: Plan) -> pl.DataFrame:
    """The rows with their ids of several columns: a JSON list of texts, null where one of them is missing."""
    for name, parts in ours.joined:
        texts = columns.text(frame.select(parts))
        whole = pl.all_horizontal((pl.col(part).str.strip_chars() != "").fill_null(False) for part in parts)
        listed = pl.struct(pl.concat_list(parts).alias("x")).struct.json_encode().str.slice(5).str.head(-1)
        frame = frame.with_columns(texts.select(pl.when(whole).then(listed).alias(name)).to_series())
    return frame
