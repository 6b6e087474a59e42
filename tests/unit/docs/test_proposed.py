"""Every command that a message proposes can be typed as it stands: it is there, and nothing that it must have is missing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from flows.commands.main import app

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("models", "review", "flows")
VALUE = "\ue000"  # what stands in the place of a value that the message fills in
PROPOSED = re.compile(r"second-reader ((?:[^\s`]|(?<=\S) (?=\S))+)")
WORD = re.compile(rf"{VALUE}+|--[a-z-]+|\"[^\"]*\"|'[^']*'|[A-Z][A-Z_]*|[\w./-]+\.(?:jsonl|toml)")


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text of a module but its docstrings, each value it is filled in with as VALUE."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(one.value) if isinstance(one, ast.Constant) else VALUE for one in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inner | prose):
            yield node.lineno, node.value


def command(words: list[str]) -> tuple[Any, list[str]] | None:
    """The command that the words begin with, and what follows; None: they are prose."""
    at: Any = get_command(app)
    while words and words[0].rstrip(".,;:)") in getattr(at, "commands", {}):
        name = words[0].rstrip(".,;:)")
        at, ended, words = at.commands[name], words[0] != name, words[1:]
        if ended:
            return at, []
    return (at, words) if not hasattr(at, "commands") else None


def wanting(at: Any, words: list[str]) -> str | None:
    """What a command lacks, or has and does not know; None: it can be typed."""
    options = {name: one for one in at.params for name in (*one.opts, *one.secondary_opts)}
    given, positions, value_of = set(), 0, None
    for word in words:
        bare = word.rstrip(".,;:)")
        if value_of is not None:
            value_of = None
        elif not WORD.fullmatch(bare):
            break
        elif bare.startswith("--"):
            if bare not in options:
                return f"no option {bare}"
            given.add(options[bare].name)
            value_of = None if getattr(options[bare], "is_flag", False) else bare
        else:
            positions += 1
        if bare != word and value_of is None:
            break
    arguments = [one for one in at.params if one.param_type_name == "argument" and one.required]
    if positions < len(arguments):
        return f"no {arguments[positions].name}"
    return None


def proposals() -> list[tuple[str, str]]:
    rows = []
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for line, text in texts(ast.parse(path.read_text(encoding="utf-8"))):
                if "example: " not in text.lower():  # the help of a command, which other tests run
                    rows += [(f"{path.relative_to(ROOT)}:{line}", match[1]) for match in PROPOSED.finditer(text)]
    return rows


UNNAMED = ("guess",)  # it has written the file that says so


def test_every_command_that_a_message_proposes_has_what_it_must_have() -> None:
    wrong = {}
    for place, words in proposals():
        parts = command(words.split(" "))
        if parts is not None and (lack := wanting(*parts)) is not None and words not in UNNAMED:
            wrong[place] = f"second-reader {words}: {lack}"
    assert {} == wrong


@pytest.mark.parametrize(
    ("words", "lack"),
    [
        ("score", "no stream"),
        (f"score {VALUE}", None),
        (f"init {VALUE} begins a new epoch", None),
        ("recall.", "no stream"),
        (f"score {VALUE} --nosuch", "no option --nosuch"),
        ("verify, if", None),
    ],
)
def test_what_a_proposal_lacks_is_seen(words: str, lack: str | None) -> None:
    parts = command(words.split(" "))
    assert parts is not None
    assert lack == wanting(*parts)
