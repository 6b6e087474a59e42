"""Finished answers as files: released or read, by whom and when; each change once; written by the real command."""

import csv
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests import hook as hooks
from tests.e2e.place import Place, answer, mail
from tests.receiver import Receiver


def exported(place: Place, *words: str) -> str:
    done = place.cli("export", place.name, *words)
    assert done.code == 0, done.err
    return done.out.strip()


def test_what_was_released_or_read_is_written_and_then_only_what_is_new(place: Place, label_studio: Any) -> None:
    assert place.cli("init", place.name).code == 0
    because = ("--by", "A. Owner", "--because", "a trial", "--uncertified")
    assert place.cli("adopt", place.name, "--threshold", "0.6", *because).code == 0
    place.deliver("one.jsonl", [mail(n) for n in range(100)])
    assert place.cli("run", place.name).code == 0
    message = exported(place, "--to", "all.csv")
    with (place.home / "all.csv").open(encoding="utf-8", newline="") as file:
        first = list(csv.DictReader(file))
    assert message.startswith("all.csv: released 40, reviewed 0, withdrawn 0. Next: --since ")
    assert {(row["state"], row["answer"], row["answered_by"], row["policy_version"]) for row in first} == {
        ("released", "bug", "mail-1", "2")
    }
    assert stat.S_IMODE((place.home / "all.csv").stat().st_mode) == 0o600  # for its owner only

    # Two people answer what waits; the exports that follow hold what has become another, and nothing twice.
    into = ("--to", "answers/", "--since", "last", "--format", "jsonl")
    assert "released 40, reviewed 0" in exported(place, *into)
    assert exported(place, *into).startswith("Nothing has changed. Next: --since ")
    tokens = [label_studio.add_reviewer(f"{who}@example.com", "a-Pass-word-9") for who in ("gil", "hal")]
    for position, task in enumerate(place.tasks()):
        answer(place, tokens[position % 2], task, "other")
    assert place.cli("run", place.name).code == 0
    exported(place, *into)
    old, new = sorted((place.home / "answers").iterdir())
    assert old.name.split("-")[-2] == new.name.split("-")[-3]  # one begins where the other ended
    rows = pl.read_ndjson(new)
    assisted = dict(place.rows("SELECT case_id, reviewer FROM review WHERE NOT blind"))
    assert len(assisted) > 0
    assert dict(rows.select("case_id", "answered_by").iter_rows()) == assisted  # the others are disputed
    assert set(rows["answer"]) == {"other"}
    assert Counter(rows["state"]) == {"reviewed": len(assisted)}

    whole = place.home / "all.parquet"
    exported(place, "--to", str(whole))
    assert len(pl.read_parquet(whole)) == 40 + len(assisted)
    about = pl.read_parquet_metadata(whole)
    assert (about["stream"], about["since"]) == (place.name, "")
    assert place.cli("export", place.name, "--to", "x.csv", "--since", about["cursor"]).out.startswith(
        "Nothing has changed."
    )


def test_what_cannot_be_exported_is_one_line_and_leaves_no_file(place: Place) -> None:
    assert place.cli("init", place.name).code == 0
    wrong: list[tuple[tuple[str, ...], str]] = [
        (("--to", "x.xlsx"), "--to x.xlsx: neither its ending nor --format says which format"),
        (("--to", "x.csv", "--format", "jsonl"), "--to x.csv: ends in .csv, and --format says jsonl"),
        (("--to", "x.csv", "--since", "last"), "--since last: speaks of the files in a folder"),
        (("--to", "x.csv", "--since", "yesterday"), "--since yesterday: give the cursor"),
        (("--to", "x.csv", "--since", "9999"), "--since 9999: this ledger has"),
        (("--to", "x.csv", "--since", "1:000000000000"), "that export is of another ledger"),
        (("--to", "theirs/", "--since", "last"), "--since 1:000000000000: seal 1 of this ledger is another"),
        (("--to", "stream.txt/x.csv"), "--to stream.txt/x.csv: cannot be written"),
    ]
    (place.home / "theirs").mkdir()
    (place.home / "theirs" / f"{place.name}-{0:012d}-{1:012d}-{0:012d}.parquet").touch()
    (place.home / "stream.txt").write_text("a file, and no folder", encoding="utf-8")
    for words, message in wrong:
        done = place.cli("export", place.name, *words)
        assert done.code == 2, (words, done)
        assert message in done.err, (words, done.err)
        assert len(done.err.strip().splitlines()) == 1
    assert [path.name for path in place.home.iterdir() if path.name.startswith((".x", "x"))] == []


def test_a_text_that_a_spreadsheet_would_compute_is_inert_in_csv_alone(tmp_path: Path) -> None:
    from flows.handover import answer_files

    rows = pl.DataFrame({"case_id": ["=1+1", "-5", "@x", "plain"]})
    for form in answer_files.FORMATS:
        answer_files.write(rows, tmp_path / f"a.{form}", form, about={})
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "case_id\n'=1+1\n-5\n'@x\nplain\n"
    assert pl.read_ndjson(tmp_path / "a.jsonl").equals(rows)
    assert pl.read_parquet(tmp_path / "a.parquet").equals(rows)


@pytest.mark.family(0)
def test_labels_to_train_on_and_the_log_of_decisions_are_written_whole(place: Place, label_studio: Any) -> None:
    assert place.cli("init", place.name).code == 0
    place.deliver("one.jsonl", [mail(n) for n in range(40)])
    assert place.cli("run", place.name).code == 0
    token = label_studio.add_reviewer("ida@example.com", "a-Pass-word-9")
    for task in place.tasks():
        answer(place, token, task, "bug")
    assert place.cli("run", place.name).code == 0

    printed = exported(place, "--to", "labels.csv", "--for", "training")
    with (place.home / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = list(csv.DictReader(file))
    kept = 40 - len(labels)
    assert printed.startswith(f"labels.csv: {len(labels)} labels; {kept} are kept for measuring. Head: ")
    assert {(row["answer"], row["answered_by"]) for row in labels} == {("bug", "ida@example.com")}

    log = place.home / "log.parquet"
    printed = exported(place, "--to", str(log), "--for", "regulator")
    rows = pl.read_parquet(log)
    assert len(rows) == 40
    assert rows["readings"].null_count() == 0
    head = pl.read_parquet_metadata(log)["head"]
    assert printed.endswith(f"every record as it was sealed. Head: {head}")
    assert place.cli("verify", "--head", head).code == 0

    for words, message in (
        (("--for", "fun"), "--for fun: one of training, regulator"),
        (("--for", "training", "--since", "last"), "--for training: writes everything; leave --since last out"),
        (
            ("--for", "regulator", "--to", "answers/"),
            "--to answers/: is a folder; --for regulator writes one whole file",
        ),
    ):
        done = place.cli("export", place.name, "--to", "x.csv", *words)
        assert (done.code, message in done.err) == (2, True), done
    assert not (place.home / "x.csv").exists()


def test_answers_leave_by_themselves_with_each_round_as_files_and_to_the_webhook(place: Place) -> None:
    path = place.home / "streams" / f"{place.name}.toml"
    described = path.read_text(encoding="utf-8")
    assert place.cli("init", place.name).code == 0
    because = ("--by", "A. Owner", "--because", "a trial", "--uncertified")
    assert place.cli("adopt", place.name, "--threshold", "0.6", *because).code == 0
    refused = place.cli("release", place.name)
    assert (refused.code, "add a line [release] to its file" in refused.err) == (2, True)
    files = Receiver()
    with hooks.serving() as hook:
        place.environment["SECOND_READER_WEBHOOK_SECRET"] = hooks.SECRET
        path.write_text(f'{described}\n[release]\nwebhook = "{hook.url}"\n', encoding="utf-8")
        place.deliver("one.jsonl", [mail(n) for n in range(100)])
        ran = place.cli("run", place.name)
        assert (ran.code, ran.out.splitlines()[-1]) == (0, "release: files 1, rows 40, batches 1")
        assert place.cli("release", place.name).out.strip() == "release: files 0, rows 0, batches 0"
        hook.faults = lambda: hooks.Fault(status=401)
        place.deliver("two.jsonl", [mail(n, score=0.7) for n in range(100, 120)])
        failed = place.cli("run", place.name)
        assert failed.code == 1
        assert failed.err.splitlines()[-1] == (
            "second-reader: webhook at 127.0.0.1: answered 401, so trying again now cannot help; the files are in the outbox, "
            "1 batch waits, and the next run goes on"
        )
        shown = place.cli("status").out
        assert f"{place.name}: 1 batch of answers not delivered: webhook at 127.0.0.1: answered 401" in shown
        assert "1 batch waits: webhook at 127.0.0.1" in place.cli("doctor", place.name).out
        assert hooks.SECRET not in failed.err + failed.out + shown
        hook.faults = lambda: None
        assert place.cli("release", place.name).code == 0
        truth = place.rows("SELECT case_id, state, answer, answered_by FROM finished")
        files.look(place.home / "outbox" / place.name)
        assert len(truth) > 40
        for receiver in (files, hook.receiver):
            assert receiver.finished() == {row[0]: row[1:] for row in truth}
            assert receiver.wrong == []
