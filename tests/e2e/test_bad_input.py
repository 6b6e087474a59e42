"""Each kind of bad input, as a new user would meet it: one clear line, the right exit code, the good rows in."""

import json

import pytest

from tests.e2e.place import Place, mail


def line_of(text: str) -> str:
    """The one line of an error; more would be a traceback or noise."""
    (line,) = text.strip().splitlines()
    return line


def test_bad_rows_stop_nothing_and_are_kept_whole(place: Place) -> None:
    good = [mail(n) for n in range(5)]
    odd = [
        mail(10, score=-1.5),
        mail(11) | {"score": None},
        mail(12, label="spam"),
        mail(13) | {"score": "nan"},
    ]
    broken = ['{"id": "mail-020", "label"', json.dumps(mail(21) | {"id": None}), json.dumps(mail(22) | {"text": None})]
    again = [mail(0), mail(1) | {"text": "Another text under a known id"}]
    lines = [*map(json.dumps, good), *map(json.dumps, odd), *broken, *map(json.dumps, again)]
    (place.home / "inbox" / "one.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    place.cli("init", place.name)
    done = place.cli("score", place.name)
    assert (done.code, "Traceback" in done.err) == (3, False)
    assert "4 rows could not be read" in done.err
    decided = dict(place.rows("SELECT case_id, doubt IS NULL FROM decision"))
    assert decided == {row["id"]: 1 for row in good} | {row["id"]: 0 for row in odd}
    faults = place.rows("SELECT line, raw FROM fault ORDER BY line")
    assert [line for line, _ in faults] == [10, 11, 12, 14]
    shown = place.cli("show", "faults", place.name).out.splitlines()
    assert [line.partition("  ")[2].partition(":")[0] for line in shown] == [
        f"one.jsonl, line {number}" for number in (10, 11, 12, 14)
    ]
    assert faults[0][1] == broken[0]
    # Met again, the same faults are known; the exit code says that the input still holds them.
    assert place.cli("score", place.name).code == 3
    assert len(place.rows("SELECT 1 FROM fault")) == 4


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("two.parquet", "this is not Parquet", "two.parquet"),
        ("two.csv", "id,label\n1,bug\n", "score"),
        ("two.csv.gz", "not gzip at all", "two.csv.gz"),
        ("two.xlsx", "whatever", "two.xlsx"),
        ("two.csv", "\n", "two.csv"),
    ],
)
def test_a_file_that_is_not_what_it_says_fails_in_one_line_before_anything_is_written(
    place: Place, file: str, text: str, message: str
) -> None:
    place.deliver("one.jsonl", [mail(1)])
    (place.home / "inbox" / file).write_text(text, encoding="utf-8")
    place.cli("init", place.name)
    done = place.cli("score", place.name)
    assert done.code == 1
    assert message in line_of(done.err)
    assert place.rows("SELECT count(*) FROM decision") == [(0,)]


def test_a_stream_file_with_a_wrong_value_names_key_and_line(place: Place) -> None:
    path = place.home / "streams" / f"{place.name}.toml"
    text = path.read_text().replace("audit_rate = 0.5", "audit_rate = 1.5")
    path.write_text(text)
    number = 1 + text[: text.index("audit_rate")].count("\n")
    done = place.cli("score", place.name)
    assert done.code == 1
    assert f"{place.name}.toml:{number}" in line_of(done.err)
    assert "policy.audit_rate" in line_of(done.err)


@pytest.mark.parametrize(
    ("variable", "value", "code", "text"),
    [
        ("SECOND_READER_LABEL_STUDIO_TOKEN", "wrong", 1, "refused the token"),
        ("SECOND_READER_LABEL_STUDIO_TOKEN", "", 2, "SECOND_READER_LABEL_STUDIO_TOKEN is not set"),
        ("SECOND_READER_LABEL_STUDIO_URL", "http://127.0.0.1:9", 1, "could not be reached"),
        ("SECOND_READER_LEDGER", "mysql://somewhere", 1, "mysql"),
    ],
)
def test_a_wrong_setting_is_named(place: Place, variable: str, value: str, code: int, text: str) -> None:
    place.environment[variable] = value
    done = place.cli("init", place.name)
    assert (done.code, text in line_of(done.err)) == (code, True), done.err
    assert not (place.home / "ledger.db").exists(), "nothing is left behind"


@pytest.mark.parametrize("words", [("score",), ("run",), ("measure", "--json"), ("serve",)])
def test_a_prefect_server_that_does_not_answer_is_named(place: Place, words: tuple[str, ...]) -> None:
    place.environment["PREFECT_API_URL"] = "http://127.0.0.1:9/api"
    done = place.cli(words[0], place.name, *words[1:])
    assert done.code == 1
    assert "Prefect at http://127.0.0.1:9/api cannot be reached" in line_of(done.err)


def test_no_prefect_server_and_none_allowed_is_a_wrong_setting(place: Place) -> None:
    del place.environment["PREFECT_API_URL"]
    place.environment["PREFECT_SERVER_EPHEMERAL_ENABLED"] = "false"
    done = place.cli("score", place.name)
    assert (done.code, "PREFECT_API_URL is not set" in line_of(done.err)) == (2, True), done.err


def test_what_cannot_be_scored_is_said_with_the_first_of_it(place: Place) -> None:
    place.deliver("one.jsonl", [mail(1), mail(2, score=-76.4), mail(3, score=-80.0)])
    place.cli("init", place.name)
    done = place.cli("score", place.name)
    assert (done.code, "to review 3, unscored 2, faults 0" in done.out) == (0, True)
    assert "one.jsonl, line 2: confidence -76.4 is not from 0 to 1" in line_of(done.err)
    assert "2 cases could not be scored" in place.cli("measure", place.name).out
    listed = place.cli("show", "unscored", place.name).out.splitlines()
    assert [line.partition("  ")[2] for line in listed] == [
        "one.jsonl, line 2: confidence -76.4 is not from 0 to 1",
        "one.jsonl, line 3: confidence -80 is not from 0 to 1",
    ]
    assert place.cli("show", "faults", place.name).out == "Everything could be read.\n"


def test_status_of_what_cannot_be_read_is_an_error(place: Place) -> None:
    assert place.cli("status").code == 1, "there is no ledger"
    place.cli("init", place.name)
    assert place.cli("status").code == 0
    place.environment["SECOND_READER_STREAMS"] = str(place.home / "nosuch")
    done = place.cli("status")
    assert (done.code, "nosuch: no such folder" in line_of(done.err)) == (1, True)


def test_a_dotenv_that_is_no_text_is_named(place: Place) -> None:
    (place.home / ".env").write_bytes(b"\xff\xfe")
    done = place.cli("verify")
    assert (done.code, ".env: not UTF-8 text" in line_of(done.err)) == (2, True)


def test_a_stream_nobody_described_is_named_with_those_there_are(place: Place) -> None:
    done = place.cli("run", "nosuch")
    assert done.code == 1
    assert place.name in line_of(done.err)


def test_a_stream_that_was_never_opened_says_so(place: Place) -> None:
    done = place.cli("run", place.name)
    assert done.code == 1
    assert "second-reader init" in line_of(done.err)
