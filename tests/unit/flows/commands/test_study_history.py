"""The command `study`: every option, and what goes with what."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.main import app
from tests.unit.flows.planning.test_study_field import FIELD, TABLE
from tests.unit.models.planning.test_record_labels import FIELDS, STREAM


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
    assert "--stream says how answers are compared with a truth; drop --fold, or --stream" in str(both.exception)


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


def records(folder: Path) -> list[str]:
    """The words of a study of 400 receipts: of every tenth the total is wrong, and its score is low."""
    rows = ["vendor,vendor_p,amount,amount_p,order,order_p,right_vendor,right_total"]
    for place in range(400):
        wrong = place % 10 == 0
        amount, score = (f"{place}.5", 60) if wrong else (f"{place}.0", 90 + place % 7)
        rows.append(f"ACME,0.99,{amount},{score},,,acme,{place}")
    (folder / "h.csv").write_text("\n".join([*rows, "ACME,0.9,1,80,,,,"]) + "\n")
    (folder / "receipts.toml").write_text(STREAM.format(fields=FIELDS))
    words = ["study", str(folder / "h.csv"), "--stream", str(folder / "receipts.toml"), "--target", "0.05"]
    return [*words, "--days", "2", "--output", str(folder / "o")]


def test_the_command_studies_records_and_each_of_their_fields(tmp_path: Path) -> None:
    words = [*records(tmp_path), "--truth", "right_{field}"]
    message = CliRunner().invoke(app, [*words, "--json"])
    assert 0 == message.exit_code, message.output
    figures = json.loads(message.stdout)
    assert (400, 1, 0.9) == (figures["cases"], figures["rows_without_truth"], figures["accuracy"]["value"])
    asked = next(row for row in figures["attainable"] if row["target"] == 0.05)
    assert (0.9, 0.9) == (asked["oracle_threshold"], asked["certified_threshold"])
    vendor, total, order = figures["fields"]["rows"]
    assert (0.9, True) == (figures["fields"]["threshold"], figures["fields"]["certified"])
    assert (1.0, 0.9, None) == (vendor["right"]["value"], total["right"]["value"], order["right"])
    assert (1.0, 1.0) == (total["decides"], total["released"]["value"])
    text = CliRunner().invoke(app, words).output.replace("\u00a0", " ")
    assert "No right values are there of 'order'" in text
    assert "total   90.0 %" in text
    assert "Field by field" in (tmp_path / "o" / "study.txt").read_text()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--prediction", "amount"], "--prediction: stream 'receipts' has [[field]], which says how"),
        (["--confidence", "amount_p", "--fold"], "--confidence, --fold: stream 'receipts' has [[field]]"),
        (["--probabilities", "a,b", "--of", "a"], "--of, --probabilities: stream 'receipts' has [[field]]"),
        (["--votes", "a,b", "--right", "v"], "--right, --votes: stream 'receipts' has [[field]]"),
        (["--scale", "percent"], "--scale: stream 'receipts' has [[field]]"),
        (["--format", "openai-batch"], "--format: stream 'receipts' has [[field]]"),
        (["--truth", "right"], "--truth 'right' must hold {field}, for the name of each field"),
        ([], "there is no column 'truth_vendor', 'truth_total', 'truth_order'; name them with --truth"),
    ],
)
def test_what_goes_with_one_label_is_refused_for_records(tmp_path: Path, options: list[str], why: str) -> None:
    message = CliRunner().invoke(app, [*records(tmp_path), *options])
    assert why in str(message.exception)
    assert "\n" not in str(message.exception)
