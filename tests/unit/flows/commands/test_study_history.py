"""The command `study`: every option, and what goes with what."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.main import app
from tests.unit.flows.planning.test_study_field import FIELD, TABLE


def test_the_command_reads_labels_as_the_stream_does_and_says_which_option_does_not_go_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    text = 'name = "mail"\ntitle = "Mail"' + TABLE.format(rest="fold = true")
    (tmp_path / "mail.toml").write_text(text)
    options = [str(FIELD / "spelling/a.jsonl.gz"), "--prediction", "label", "--confidence", "p", "--labels", "mail"]
    options = ["study", *options, "--target", "0.05", "--days", "2", "--output", str(tmp_path / "o")]
    message = CliRunner().invoke(app, [*options, "--json"])
    assert 0 == message.exit_code, message.output
    assert (0, {}) == (json.loads(message.stdout)["unscorable"], json.loads(message.stdout)["left_out"]["written"])
    both = CliRunner().invoke(app, [*options, "--fold"])
    assert "--labels says how answers are compared with a truth; drop --fold, or --labels" in str(both.exception)


def test_the_command_takes_every_option_and_its_json_says_what_was_left_out(tmp_path: Path) -> None:
    rows = ["doc,answer,score,verdict,odds"]
    rows += [
        f"d{place // 2},{'xy'[place % 2]},{60 + place % 40},{'no' if place % 20 < 2 else 'yes'},0.5"
        for place in range(400)
    ]
    rows += ["d900,x,70,maybe,0.5"] + [f"u{place},x,70,,0.5" for place in range(400)]
    (tmp_path / "h.csv").write_text("\n".join(rows) + "\n")
    options = ["--right", "verdict", "--prediction", "answer", "--confidence", "score", "--scale", "percent"]
    options += [
        "--group",
        "doc",
        "--chance",
        "odds",
        "--of",
        "x",
        "--fold",
        "--days",
        "2",
        "--output",
        str(tmp_path / "o"),
    ]
    message = CliRunner().invoke(app, ["study", str(tmp_path / "h.csv"), "--target", "0.3", *options, "--json"])
    assert 0 == message.exit_code, message.output
    figures = json.loads(message.stdout)
    assert ("doc", 200, 2, True) == tuple(figures[name] for name in ("group", "groups", "largest_group", "weighted"))
    assert (800, 400, 400) == (figures["cases"], figures["labelled"], figures["rows_without_truth"])
    assert {"maybe": 1} == figures["left_out"]["undecided"]
    assert figures["accuracy"]["value"] == pytest.approx(0.9)
