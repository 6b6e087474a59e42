"""The README's examples hold: its stream file, its commands, its settings, its query, its links."""

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

from flows.commands import main
from flows.runtime import settings
from models.config import stream
from review.ledger import ledger

ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS: dict[str, click.Command] = typer.main.get_command(main.app).commands  # type: ignore[attr-defined]


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_stream_file_describes_a_stream() -> None:
    (text,) = blocks("toml")
    described = stream.parse(text, origin="README.md")
    assert (described.name, described.labels) == ("mail", ["billing", "bug", "other"])


def test_the_query_runs_on_a_ledger(tmp_path: Path) -> None:
    (query,) = blocks("sql")
    ledger.migrate(f"sqlite:///{tmp_path / 'ledger.db'}")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        found = connection.execute(query)
        assert [column[0] for column in found.description] == ["propensity", "labelled", "wrong"]


LINES = [line for block in blocks("") for line in block.splitlines() if line.startswith("second-reader ")]


@pytest.mark.parametrize("line", LINES)
def test_a_command_line_is_understood(line: str) -> None:
    name, *words = shlex.split(line, comments=True)[1:]
    with COMMANDS[name].make_context(name, words) as context:
        assert context.params is not None


def test_every_command_is_in_the_readme_and_its_help_ends_with_an_example() -> None:
    assert {shlex.split(line, comments=True)[1] for line in LINES} | set(
        re.findall(r"`second-reader (\w+)", README)
    ) == set(COMMANDS)
    for name, command in COMMANDS.items():
        assert (command.epilog or "").startswith(f"Example: `second-reader {name}"), name


def test_every_key_that_may_be_left_out_is_in_the_readme_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (?:`(.+?)`|none) \|", README, flags=re.MULTILINE)
    shown = {key: json.loads(text) if text else None for key, text in rows}
    tables = tomllib.loads(blocks("toml")[0])
    shown |= {f"schedule.{key}": cron for key, cron in tables["schedule"].items()}
    fields = {
        f"{of.validation_alias or table}.{key}": field
        for table, of in stream.Stream.model_fields.items()
        for key, field in getattr(of.annotation, "model_fields", {}).items()
    }
    given = {name: field.default for name, field in fields.items() if not field.is_required()}
    assert {name: None if given[name] in ([], {}, "") else given[name] for name in shown} == shown
    # Shown in the example, or told in words in it or below it.
    example = {f"{table}.{key}" for table, keys in tables.items() if isinstance(keys, dict) for key in keys}
    assert set(given) <= set(shown) | example | {"input.probabilities", "model.file", "model.features"}


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    rows = re.findall(r"^\| `SECOND_READER_(\w+)` \| (?:`(.+?)`|none) \|", README, flags=re.MULTILINE)
    fields = settings.Settings.model_fields
    assert {name.lower() for name, _ in rows} == set(fields)
    for name, default in rows:
        value = fields[name.lower()].default
        shown = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        assert shown == default, name


def test_every_file_that_is_named_is_there() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)|`((?:deploy|tests|flows|review|models)/[\w./-]+)`", README)
    assert named
    for link, path in named:
        assert (ROOT / (link or path)).exists(), link or path
