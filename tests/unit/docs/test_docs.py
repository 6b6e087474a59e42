"""The documentation holds: its links, its examples, and its lists of keys, settings, commands and tables."""

import importlib
import json
import re
import shlex
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path

import click
import pytest
import typer
from pydantic.fields import FieldInfo

from flows.runtime import settings
from models.config import field_table, shadow_table, stream
from review.ledger import layout, ledger

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "docs" / "reference"
PAGES = {str(path.relative_to(ROOT)): path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]}
STREAM_FILE = (REFERENCE / "stream-file.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (REFERENCE / "commands.md").read_text(encoding="utf-8")
FOLDERS = "deploy|docs|findings|flows|models|review|tests"
NO_DEFAULT: tuple[object, ...] = ([], {}, "")


def _app() -> typer.Typer:
    """The console command, found where the package says it is."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, _, _ = scripts["second-reader"].partition(":")
    app = importlib.import_module(module).app
    assert isinstance(app, typer.Typer)
    return app


COMMANDS: dict[str, click.Command] = typer.main.get_command(_app()).commands  # type: ignore[attr-defined]


def read(page: str) -> str:
    return PAGES[page].read_text(encoding="utf-8")


def fences(text: str) -> list[tuple[str, str]]:
    """The fenced blocks in order, language and text, also those that are indented, as in a list."""
    texts: list[tuple[str, str]] = []
    opened: tuple[str, str] | None = None
    inside: list[str] = []
    for line in text.splitlines():
        fence = re.fullmatch(r"( *)```(\w*)", line)
        if opened is None and fence:
            opened, inside = (fence[1], fence[2]), []
        elif opened is not None and line == f"{opened[0]}```":
            texts.append((opened[1], "".join(f"{one}\n" for one in inside)))
            opened = None
        elif opened is not None:
            inside.append(line.removeprefix(opened[0]))
    assert opened is None, "a fence is not closed"
    return texts


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return [block for of, block in fences(text) if of == language]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """What GitHub makes of the headings: small letters, hyphens for spaces, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", prose(text), flags=re.MULTILINE)
    plain = [re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in plain}


LINKS = [(page, link) for page in PAGES for link in re.findall(r"\]\(([^)\s]+)\)", prose(read(page)))]


@pytest.mark.parametrize(("page", "link"), [one for one in LINKS if "://" not in one[1]])
def test_a_link_leads_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (PAGES[page].parent / path).resolve() if path else PAGES[page]
    assert target.is_relative_to(ROOT)
    assert target.exists()
    if anchor:
        assert anchor in anchors(target.read_text(encoding="utf-8"))


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {(PAGES[page].parent / link.partition("#")[0]).resolve() for page, link in LINKS if page == "README.md"}
    assert {path for page, path in PAGES.items() if page != "README.md"} <= linked


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_is_there(page: str) -> None:
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]+)`", prose(read(page)))
    assert [path for path in named if not any((ROOT / f"{path}{end}").exists() for end in ("", ".py"))] == []


# Blocks without a language hold commands; of "console", a session, those behind a prompt.
LINES = [
    (page, line.removeprefix("$ "))
    for page in PAGES
    for language in ("", "console")
    for block in blocks(read(page), language)
    for line in block.splitlines()
    if re.match(r"second-reader |SECOND_READER_\S+ " if not language else r"\$ second-reader ", line)
]
INLINE = [(page, words) for page in PAGES for words in re.findall(r"`second-reader ((?:[a-z]+ ?)+)", prose(read(page)))]


def test_there_are_commands_to_try() -> None:
    assert {page for page, _ in LINES} >= {"README.md", "docs/tutorial.md", "docs/engineer.md", "docs/owner.md"}


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_command_line_is_understood(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    name, *words = words[words.index("second-reader") + 1 :]
    command = COMMANDS[name]
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
    with command.make_context(name, words) as context:
        assert context.params is not None


@pytest.mark.parametrize(("page", "words"), INLINE)
def test_a_command_that_is_named_in_a_sentence_is_one(page: str, words: str) -> None:
    name, *rest = words.split()
    command = COMMANDS[name]
    if hasattr(command, "commands") and rest:
        assert rest[0] in command.commands


def _section(name: str) -> str:
    """The second-level section of the commands page that describes a command under a heading of its own."""
    for section in re.split(r"^## ", COMMANDS_PAGE, flags=re.MULTILINE):
        for heading in re.findall(r"^### (.+)$", section, flags=re.MULTILINE):
            if name in heading.split(", "):
                return section
    raise AssertionError(f"commands.md has no heading for {name}")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_described_with_every_option_and_an_example(name: str) -> None:
    section, command = _section(name), COMMANDS[name]
    assert any(f"second-reader {name}" in block for block in blocks(section, ""))
    parts = getattr(command, "commands", {"": command})
    for part, one in parts.items():
        assert not part or f"| `{name} {part} " in section
        options = [text for param in one.params for text in param.opts if text.startswith("--")]
        assert [text for text in options if not re.search(rf"{text}\b", section)] == []


def test_the_help_of_every_command_ends_with_an_example() -> None:
    for name, command in COMMANDS.items():
        assert (command.epilog or "").startswith(f"Example: `second-reader {name}"), name


def test_the_stream_file_describes_a_stream() -> None:
    (text,) = blocks(STREAM_FILE, "toml")
    described = stream.parse(text, origin="stream-file.md")
    assert (described.name, described.labels) == ("mail", ["billing", "bug", "other"])


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(read(page), "toml")])
def test_every_stream_file_that_is_shown_is_one(page: str) -> None:
    for text in blocks(read(page), "toml"):
        assert stream.parse(text, origin=page)


def test_another_way_to_write_labels_describes_a_stream() -> None:
    (table,) = [block for block in blocks(STREAM_FILE, "") if block.startswith("[labels]")]
    (text,) = blocks(STREAM_FILE, "toml")
    without = re.sub(r"^labels = .*\n", "", text, flags=re.MULTILINE)
    assert stream.parse(f"{without}\n{table}", origin="stream-file.md").labels == ["billing", "bug", "other"]


def test_the_fields_shown_describe_a_record() -> None:
    (tables,) = [block for block in blocks(STREAM_FILE, "") if block.startswith("[[field]]")]
    (text,) = blocks(STREAM_FILE, "toml")
    lines = [line for line in text.splitlines() if not line.startswith(("labels =", "prediction =", "confidence ="))]
    described = stream.parse("\n".join([*lines, tables]), origin="stream-file.md")
    assert [field.name for field in described.field] == ["vendor", "total", "order"]


def test_the_tables_of_other_models_shown_describe_what_they_said() -> None:
    of_labels, of_record = [block for block in blocks(STREAM_FILE, "") if block.startswith("[[shadow]]")]
    (fields,) = [block for block in blocks(STREAM_FILE, "") if block.startswith("[[field]]")]
    (text,) = blocks(STREAM_FILE, "toml")
    lines = [line for line in text.splitlines() if not line.startswith(("labels =", "prediction =", "confidence ="))]
    for described in (f"{text}\n{of_labels}", "\n".join([*lines, fields, of_record])):
        assert [one.model for one in stream.parse(described, origin="stream-file.md").shadow] == ["m-2"]


def test_every_key_of_another_models_table_is_described() -> None:
    text = STREAM_FILE.partition("## What other models said")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, flags=re.MULTILINE))
    assert set(rows) == set(shadow_table.ShadowTable.model_fields)


def test_every_key_of_a_field_is_described_with_its_default() -> None:
    text = STREAM_FILE.partition("## Records")[2].partition("\n## ")[0].partition("| kind |")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", text, flags=re.MULTILINE))
    assert set(rows) == set(field_table.FieldTable.model_fields)


def test_the_rules_shown_are_rules() -> None:
    (tables,) = [block for block in blocks(STREAM_FILE, "") if block.startswith("[[never_release]]")]
    (text,) = blocks(STREAM_FILE, "toml")
    described = stream.parse(f"{text}\n{tables}", origin="stream-file.md")
    assert [rule.code for rule in (*described.never_release, *described.always_audit)] == ["large", "vip"]


def _fields() -> dict[str, FieldInfo]:
    """Every key of a stream file -> its field in the code; of what is no table, the key alone."""
    by_name: dict[str, FieldInfo] = {}
    for table, of in stream.Stream.model_fields.items():
        inner = getattr(of.annotation, "model_fields", {})
        by_name |= {f"{of.validation_alias or table}.{key}": field for key, field in inner.items()}
        by_name |= {} if inner else {table: of}
    return by_name


def _key_tables() -> tuple[set[str], dict[str, object]]:
    """Of the reference: the keys that must be there, and the others with their defaults."""
    needed, optional = (
        re.split(r"^## ", section, maxsplit=1, flags=re.MULTILINE)[0]
        for section in re.split(r"^## Keys that .*$", STREAM_FILE, flags=re.MULTILINE)[1:]
    )
    rows = re.findall(r"^\| `([\w.]+)` \| (?:`(.+?)`|none) \|", optional, flags=re.MULTILINE)
    return set(re.findall(r"^\| `([\w.]+)` \|", needed, flags=re.MULTILINE)), {
        key: json.loads(text) if text else None for key, text in rows
    }


def test_every_key_of_the_stream_file_is_described_with_its_default() -> None:
    fields = _fields()
    needed, optional = _key_tables()
    assert needed == {key for key, field in fields.items() if field.is_required()}
    by_key = {key: field.default for key, field in fields.items() if not field.is_required()}
    assert {key: None if default in NO_DEFAULT else default for key, default in by_key.items()} == optional


def test_the_schedules_of_the_example_are_the_defaults() -> None:
    shown = tomllib.loads(blocks(STREAM_FILE, "toml")[0])["schedule"]
    assert shown == {key: stream.Schedule.model_fields[key].default for key in shown}


def test_every_setting_is_described_with_its_default() -> None:
    text = (REFERENCE / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `SECOND_READER_(\w+)` \| (?:`(.+?)`|none) \|", text, flags=re.MULTILINE)
    fields = settings.Settings.model_fields
    assert {name.lower() for name, _ in rows} == set(fields)
    for name, default in rows:
        value = fields[name.lower()].default
        shown = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        assert shown == default, name


def test_every_table_of_the_ledger_is_described() -> None:
    text = (REFERENCE / "ledger.md").read_text(encoding="utf-8")
    first = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text, flags=re.MULTILINE)
    named = {name for cell in first for name in re.findall(r"`(\w+)`", cell)}
    assert set(layout.names()) <= named
    assert [name for name in layout.BESIDE if f"`{name}`" not in text] == []
    for table in ("decision", "review"):
        assert set(layout.columns(table)) <= named, table


def test_the_query_runs_on_a_ledger(tmp_path: Path) -> None:
    of_finished, query = blocks((REFERENCE / "ledger.md").read_text(encoding="utf-8"), "sql")
    ledger.migrate(f"sqlite:///{tmp_path / 'ledger.db'}")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert [column[0] for column in connection.execute(of_finished).description][:2] == ["case_id", "answer"]
        result = connection.execute(query)
        assert [column[0] for column in result.description] == ["propensity", "labelled", "wrong"]


def test_every_section_of_the_method_that_the_code_cites_is_there() -> None:
    sections = set(re.findall(r"^#+ (\d(?:\.\d+\w?)?)\.? ", read("docs/method.md"), flags=re.MULTILINE))
    cited = {
        (str(path.relative_to(ROOT)), number)
        for folder in ("flows", "review", "models", "tests")
        for path in (ROOT / folder).rglob("*.py")
        for number in re.findall(r"(?:statistics|method\.md) (\d(?:\.\d+\w?)?)", path.read_text(encoding="utf-8"))
    }
    assert len(cited) > 10
    assert {(path, number) for path, number in cited if number not in sections} == set()
