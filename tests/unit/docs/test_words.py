"""The words that the house has given up stand nowhere: no name, no message, no comment and no page has one.

A column of the ledger keeps the name under which its rows are sealed. In code it is that name alone (`slot`, never `slots` or
`next_slot`); in prose it stands in backticks, or in a list of columns.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CODE = ("models/", "review/", "flows/", "deploy/", "tests/")

# word: what says it now
GONE = {
    "draw": "sample",
    "draws": "samples",
    "drawn": "sampled",
    "undrawn": "unsampled",
    "doubt": "significance level, or unscored reason",
    "doubts": "significance levels, or unscored reasons",
    "standing": "progress",
    "standings": "progress_by_scope",
    "slot": "reading",
    "slots": "readings",
    "wave": "batch",
    "waves": "batches",
    "judged": "assessed, reviewed",
    "told": "reported, known by, distinguished",
}
# As a name of anything; in a sentence these are English.
NO_NAME = {"found": "what it is", "given": "what it is", "made": "what it is", "said": "what it is"}
COLUMNS = {"slot", "doubt", "wave", "standing"}
OTHERS = {"given": "hypothesis", "slots": "dataclass", "draw": "hypothesis"}  # names that are not ours
FROZEN = (
    "review/ledger/migrations/versions/",  # what was landed stays as it is
    "tests/unit/docs/test_words.py",
)
DEFINES = ("review/ledger/layout.py", "review/ledger/tables.py")  # the columns
PAGES_OF_RUNS = ("docs/results/",)  # what a run of the past wrote

_WORD = re.compile(rf"(?<![\w`])({'|'.join(GONE)})(?![\w`])", re.IGNORECASE)
_LIST = re.compile(
    r"\w+, (?:slot|doubt|wave|standing)\b|\b(?:slot|doubt|wave|standing), \w+|\b(?:SELECT|WHERE|AND|ON|JOIN|IN)\b"
)
_IN_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


def files(*endings: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [path for path in listed if path.endswith(endings) and not path.startswith((*FROZEN, *PAGES_OF_RUNS))]


def names(source: str) -> Iterator[tuple[int, str]]:
    """The names in a source, with their lines; those in f-strings, too."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield node.lineno, name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.value.lineno, name
            case ast.ImportFrom() | ast.Import():
                yield from ((node.lineno, alias.asname or alias.name) for alias in node.names)


def gone_names(source: str) -> Iterator[tuple[int, str]]:
    for line, name in names(source):
        words = [word.lower() for word in _IN_NAME.findall(name)]
        if name in COLUMNS or name in OTHERS:
            continue
        if GONE.keys() & set(words) or name.strip("_").lower() in NO_NAME:
            yield line, name


def gone_words(text: str) -> Iterator[tuple[int, str]]:
    """The gone words in prose, with the number of their line; a list of columns may name one."""
    for number, line in enumerate(text.split("\n")):
        for match in _WORD.finditer(line):
            if match[0] not in COLUMNS or not _LIST.search(line):
                yield number, match[0]


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Comments and strings of a source; a string that is one lower-case word is a key or a column."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (
            token.type in (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", -1))
            and not re.fullmatch(r"[a-zA-Z]*(['\"]+)[a-z_.]+\1", token.string)
        ):
            yield token.start[0], re.sub(r"\{[^{}]*\}", "{}", token.string)


def test_no_name_has_a_word_that_is_gone() -> None:
    paths = [path for path in files(".py") if path.startswith(CODE)]
    assert len(paths) > 300
    again = [
        f"{path}:{line}: {name}"
        for path in paths
        for line, name in gone_names((ROOT / path).read_text(encoding="utf-8"))
    ]
    assert not again, "\n".join(again)


def test_no_message_and_no_comment_has_one() -> None:
    again = [
        f"{path}:{start + number}: {word}: say {GONE[word.lower()]}"
        for path in files(".py")
        for start, text in prose((ROOT / path).read_text(encoding="utf-8"))
        for number, word in gone_words(text)
        if not (path in DEFINES and word in COLUMNS)
    ]
    assert not again, "\n".join(again)


def test_no_page_has_one() -> None:
    again = [
        f"{path}:{1 + number}: {word}: say {GONE[word.lower()]}"
        for path in files(".md", ".html", ".js", ".toml", ".sh", ".yaml")
        for number, word in gone_words((ROOT / path).read_text(encoding="utf-8"))
    ]
    assert not again, "\n".join(again)


@pytest.mark.parametrize("word", [*sorted(GONE.keys() - COLUMNS - OTHERS.keys()), "made", "found", "said"])
def test_a_name_that_comes_back_is_seen(word: str) -> None:
    again = (f"{word} = 1", f"def f({word}): ...", f"class {word}: ...", f"a.{word}", f"f({word}=1)", f"f'{{{word}}}'")
    for source in again:
        assert word in [name for _, name in gone_names(source)]


@pytest.mark.parametrize("word", GONE)
def test_a_word_that_comes_back_is_seen(word: str) -> None:
    assert [(0, word)] == list(gone_words(f"It says {word} once more."))
    assert [] == list(gone_words(f"The column `{word}` of the ledger."))


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_a_column_of_the_ledger_is_no_word_of_ours(column: str) -> None:
    assert [] == list(gone_names(f"{column} = row.{column}"))
    assert [(1, f"next_{column}")] == list(gone_names(f"next_{column} = 1"))
