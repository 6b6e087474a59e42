"""What commands say before any server is asked: names that cannot be kept, folders that are not there, completion."""

import getpass
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands import main, terminal
from flows.governance import evidence, safeguards
from models import names_and_reasons
from models.errors import Misuse, SecondReaderError
from review.ledger import ledger

FIELD = Path(__file__).resolve().parents[3] / "field" / "rerun"
COMMAND = Path(sys.executable).with_name("second-reader")


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream called rerun, a ledger that nobody has filled, and no Label Studio."""
    (tmp_path / "streams").mkdir()
    (tmp_path / "streams" / "rerun.toml").write_text((FIELD / "rerun.toml").read_text(encoding="utf-8"))
    ledger.migrate(f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path / "streams"))
    monkeypatch.setenv("SECOND_READER_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    monkeypatch.delenv("SECOND_READER_LABEL_STUDIO_TOKEN", raising=False)


def refused(*words: str) -> SecondReaderError:
    error = CliRunner().invoke(main.app, list(words)).exception
    assert isinstance(error, SecondReaderError), error
    assert "\n" not in str(error)
    return error


ACTS = [
    ("adopt", "rerun"),
    ("halt", "rerun"),
    ("resume", "rerun"),
    ("rollback", "rerun"),
    ("recall", "rerun"),
    ("redispatch", "rerun"),
    ("retire", "rerun", "--before", "2026-01-01", "--to", "archive"),
]


@pytest.mark.parametrize("words", ACTS)
@pytest.mark.parametrize("name", [*names_and_reasons.ACTORS, "A\nB", "\x1b[31mred", "a\u202eb", " "])
def test_every_command_that_keeps_a_name_and_a_reason_refuses_what_cannot_be_kept(
    words: tuple[str, ...], name: str
) -> None:
    assert str(refused(*words, "--by", name, "--because", "a test")).startswith("--by ")
    assert str(refused(*words, "--by", "A. Owner", "--because", name)).startswith("--because ")


def test_init_refuses_a_name_that_cannot_be_kept_before_it_asks_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is the name second-reader itself acts under" in str(refused("init", "rerun", "--by", "The  Watchdog"))

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert str(refused("init", "rerun")) == "this account has no name; say who opens the stream: --by 'A. Owner'"


def test_whatever_the_product_signs_with_is_reserved() -> None:
    assert {evidence.WATCHDOG, safeguards.ERA, safeguards.SILENCE} == set(names_and_reasons.ACTORS)


def test_an_archive_that_is_not_there_is_an_error_and_one_that_was_not_read_is_said(tmp_path: Path) -> None:
    assert isinstance(refused("verify", "--archive", "nosuchfolder"), Misuse)
    (tmp_path / "archive").mkdir()
    done = CliRunner().invoke(main.app, ["verify", "--archive", "archive"])
    assert (0, "Nothing was retired: archive was not read.") == (done.exit_code, done.output.splitlines()[-1])


@pytest.mark.parametrize("words", [("status",), ("init", "mail"), ("serve",)])
def test_without_a_folder_of_streams_the_first_word_is_what_to_do(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_STREAMS", "deploy/streams")
    monkeypatch.setenv("PREFECT_API_URL", "")
    text = str(refused(*words))
    assert "deploy/streams: no such folder; set SECOND_READER_STREAMS" in text
    assert "begin one: second-reader init NAME --from FILE" in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_learns_how_to_complete_and_completes_names_of_streams(shell: str, tmp_path: Path) -> None:
    def asked(how: str, **more: str) -> str:
        environment = {"_SECOND_READER_COMPLETE": f"{how}_{shell}", "SECOND_READER_STREAMS": str(tmp_path / "streams")}
        done = subprocess.run(
            [COMMAND], env=environment | more, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
        return done.stdout

    assert "second-reader" in asked("source")
    words = {"COMP_WORDS": "second-reader score re", "COMP_CWORD": "2"} if shell == "bash" else {}
    words |= {"_TYPER_COMPLETE_ARGS": "second-reader score re", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert "rerun" in asked("complete", **words)


def test_what_stands_between_colons_or_brackets_is_printed_as_it_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.say(["--since 99:abc: :heart: [release]"])
    terminal.say(["--since 99:abc: :heart: [release]"], terminal.err)
    assert capsys.readouterr() == ("--since 99:abc: :heart: [release]\n",) * 2
    main._print_counts("measure", {"summary": "a :heart:", "report": "reports/[bold]/latest.html"})
    assert capsys.readouterr().out == "a :heart:\nReport: reports/[bold]/latest.html\n"
