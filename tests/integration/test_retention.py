"""Old decisions leave the ledger for files: nothing is lost, nothing is decided anew, every seal can still be checked."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import psycopg
import pytest
from typer.testing import CliRunner

from flows import measure
from flows.commands import main
from flows.governance import actions, epochs, evidence
from flows.governance import retire as retire_
from flows.runtime import runs
from models import errors
from review.integrity import verify
from review.ledger import appends, archive, ledger, sealing
from review.queries import alarms, certificates, pending_cases, readings, totals
from review.report import as_json, timeline
from review.retention import retirement
from review.retention.retirement import Done, Who
from tests.integration import ledger_facts as facts
from tests.integration.desk import Desk
from tests.integration.ledger_facts import NOW

LATER = "2026-03-01T00:00:00.000000Z"
WHO = Who(by="ann@example.org", because="a month old", now=LATER)
DAYS = ("2026-01-01T08:00:00.000000Z", "2026-01-02T08:00:00.000000Z", "2026-02-20T08:00:00.000000Z")


def released(prefix: str, at: str, count: int = 6) -> pl.DataFrame:
    """Of a batch the first case is doubtful, the second was sampled, the others were released and nobody looks at them."""
    rows: list[dict[str, facts.Value]] = []
    for n in range(count):
        row: dict[str, facts.Value] = {"case_id": f"{prefix}-{n}", "line": n, "content": f"{n}" * 64, "confidence": 0.9}
        rows.append(row | {"decided_at": at, "route": "REVIEW" if n == 0 else "AUTOMATE", "blind": n == 1})
    return facts.decisions(*rows)


@pytest.fixture
def full(ledger_url: str) -> str:
    """The URL of a ledger with a batch of six decisions on each of `DAYS`, the second reader's answers to the first batch,
    and the recall of its last case."""
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        book.append({"epoch": facts.epochs(), "policy": facts.policies(), "adoption": facts.adoptions()}, now=NOW)
        for prefix, at in zip("abc", DAYS, strict=True):
            book.append({"decision": released(prefix, at)}, now=at)
        sent: list[dict[str, facts.Value]] = [{"case_id": "a-0"}, {"case_id": "a-1", "task_id": 2, "blind": True}]
        answers: list[dict[str, facts.Value]] = [
            {"case_id": "a-0"},
            {"case_id": "a-1", "annotation_id": 2, "task_id": 2, "blind": True},
        ]
        book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*answers)}, now=NOW)
        book.append({"recall": facts.recalls({"case_id": "a-5"})}, now=NOW)
    return ledger_url


def retire(url: str, folder: Path, before: str = "2026-02-01T00:00:00.000000Z") -> Done:
    with ledger.open(url) as book:
        return retirement.retire(book, "mail", before=before, folder=folder, who=WHO)


def seal_of(book: ledger.Ledger, case: str) -> int:
    return int(book.read("SELECT seal FROM decision WHERE case_id = :case", case=case)["seal"].item())


def checked(url: str, folder: Path | None = None) -> list[str]:
    with ledger.open(url) as book:
        return list(map(str, verify.ledger(book, archive=folder)))


def cases(url: str) -> list[str]:
    with ledger.open(url) as book:
        texts: list[str] = book.read("SELECT case_id FROM decision ORDER BY case_id")["case_id"].to_list()
        return texts


BY = ("--by", "Ann", "--because", "a year old")
STAYS = ["a-0", "a-1", "a-5", "b-0", "b-1", *(f"c-{n}" for n in range(6))]


def test_what_nobody_had_to_read_leaves_and_everything_else_stays(full: str, tmp_path: Path) -> None:
    assert retire(full, tmp_path) == Done(rows=7, files=1, waiting=0)
    assert cases(full) == STAYS
    (file,) = tmp_path.glob("*.parquet")
    assert sorted(pl.read_parquet(file)["case_id"]) == [f"{day}-{n}" for day in "ab" for n in range(6)]
    assert checked(full) == checked(full, tmp_path) == []


def test_again_there_is_nothing_left_to_retire(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path)
    with ledger.open(full) as book:
        head = book.head()
    assert retire(full, tmp_path) == Done()
    with ledger.open(full) as book:
        assert book.head() == head


def test_what_was_decided_since_stays(full: str, tmp_path: Path) -> None:
    assert retire(full, tmp_path, before=DAYS[1]) == Done(rows=3, files=1)
    assert checked(full, tmp_path) == []
    assert retire(full, tmp_path).rows == 4
    assert checked(full, tmp_path) == []


def test_counts_readings_and_the_queue_are_as_before(full: str, tmp_path: Path) -> None:
    def reported() -> list[object]:
        with ledger.open(full) as book:
            frames = (facts.judge(book).kinds, facts.judge(book).sampled, pending_cases.pending(book, "mail", 99))
            return [
                totals.totals(book, "mail", readings.read(book, "mail")),
                *(frame.sort(frame.columns).rows() for frame in frames),
            ]

    before = reported()
    retire(full, tmp_path)
    assert reported() == before


def test_a_retired_case_that_is_delivered_again_is_known_and_with_other_content_refused(
    full: str, tmp_path: Path
) -> None:
    retire(full, tmp_path)
    again = released("a", LATER, count=7)  # the seventh is new
    again = again.with_columns(
        pl.when(pl.col("case_id") == "a-3").then(pl.lit("f" * 64)).otherwise("content").alias("content")
    )
    for facts_ in ({"decision": again}, sealing.ready({"decision": again})):
        with ledger.open(full) as book:
            done = book.append(facts_, now=LATER)
        assert done.conflicts["decision"]["case_id"].to_list() == ["a-3"]
        assert len(done.written["decision"]) + done.known["decision"] == 6
    assert [case for case in cases(full) if case.startswith("a")] == ["a-0", "a-1", "a-5", "a-6"]
    assert checked(full, tmp_path) == []


def test_an_append_of_thousands_in_the_hope_that_none_is_known_decides_no_retired_case_anew(
    full: str, tmp_path: Path
) -> None:
    retire(full, tmp_path)
    new: list[dict[str, facts.Value]] = [{"case_id": f"0-{n}"} for n in range(appends._MANY)]
    many = pl.concat(
        [
            facts.decisions(*new),
            released("b", LATER).filter(pl.col("case_id") == "b-4"),
        ]
    )
    with ledger.open(full) as book:
        done = book.append(sealing.ready({"decision": many}), now=LATER)
    assert (len(done.written["decision"]), done.known["decision"]) == (appends._MANY, 1)
    assert "b-4" not in cases(full)


def test_the_story_of_a_retired_case_says_where_its_record_is(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path)
    with ledger.open(full) as book:
        reported = timeline.case(book, "mail", "b-3")
    (file,) = tmp_path.glob("*.parquet")
    assert f"{LATER} by ann@example.org: a month old" in reported
    assert f"record      {file.name}, seal " in reported


def unguarded(url: str, table: str, statement: str) -> list[str]:
    facts.execute(url, *facts.unguard(url, table), statement)
    return [result for result in checked(url) if not result.startswith("unguarded")]


@pytest.mark.parametrize(
    ("table", "change", "text"),
    [
        ("decision", "UPDATE decision SET line = 9 WHERE case_id = 'a-1'", "edited: decision stream=mail, case_id=a-1"),
        ("decision", "DELETE FROM decision WHERE case_id = 'b-0'", "removed: decision stream=mail, case_id=b-0"),
        ("retired", "DELETE FROM retired WHERE case_id = 'b-4'", "removed: retired stream=mail, case_id=b-4"),
        ("retired", "UPDATE retired SET content = '' WHERE case_id = 'b-4'", "edited: retired of_seal="),
        ("retired", "INSERT INTO retired VALUES ('mail', 'z', '', 99)", "added: retired of_seal=99, 1 rows"),
        ("retirement", "DELETE FROM retirement", "removed: retirement of_seal="),
        ("retirement", "UPDATE retirement SET because = 'none'", "edited: retirement of_seal="),
        ("extract", "UPDATE extract SET confidences = confidences || confidences", "edited: extract seal="),
        ("extract", "DELETE FROM extract", "removed: extract seal="),
        ("seal", "UPDATE seal SET row_count = 5 WHERE table_name = 'decision'", "edited: seal seq="),
    ],
)  # fmt: skip
def test_what_is_left_of_a_retired_batch_is_still_guarded(
    full: str, tmp_path: Path, table: str, change: str, text: str
) -> None:
    retire(full, tmp_path)
    assert any(one.startswith(text) for one in unguarded(full, table, change))


def test_a_retirement_that_is_not_sealed_excuses_no_missing_row(full: str, tmp_path: Path) -> None:
    with ledger.open(full) as book:
        seal = book.read("SELECT seal FROM decision WHERE case_id = 'b-4'")["seal"].item()
    values = f"{seal}, 'mail', 4, '', NULL, '', '', '', 'f', '', 'eve', 'because', '{NOW}', 99"
    facts.execute(full, f"INSERT INTO retirement VALUES ({values})")
    result = unguarded(full, "decision", "DELETE FROM decision WHERE case_id = 'b-4'")
    assert sorted(result) == [
        f"added: retirement of_seal={seal} (seal 99)",
        f"removed: decision stream=mail, case_id=b-4 (seal {seal})",
    ]


def test_an_edited_or_missing_archived_row_is_named(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path)
    (file,) = tmp_path.glob("*.parquet")
    rows = pl.read_parquet(file)
    is_b3 = pl.col("case_id") == "b-3"
    seal = rows.filter(is_b3)["seal"].item()
    rows.with_columns(confidence=pl.when(is_b3).then(0.99).otherwise("confidence")).write_parquet(file)
    assert checked(full, tmp_path) == [f"edited: archived decision stream=mail, case_id=b-3 (seal {seal})"]
    rows.filter(~is_b3).write_parquet(file)
    assert checked(full, tmp_path) == [f"removed: archived decision stream=mail, case_id=b-3 (seal {seal})"]
    rows.write_parquet(file, compression="gzip")
    assert checked(full, tmp_path) == [f"edited: archive {file.name}"]
    file.write_bytes(file.read_bytes()[:-9])
    assert checked(full, tmp_path) == [f"unreadable: archive {file.name}"]
    file.unlink()
    assert checked(full, tmp_path) == [f"removed: archive {file.name}"]
    assert checked(full) == []


def test_a_row_that_was_edited_before_is_not_retired(full: str, tmp_path: Path) -> None:
    unguarded(full, "decision", "UPDATE decision SET prediction = 'spam' WHERE case_id = 'b-3'")
    with pytest.raises(errors.Tampered, match="edited: decision stream=mail, case_id=b-3"):
        retire(full, tmp_path)
    assert list(tmp_path.glob("*.parquet")) == []


def test_a_file_that_is_there_and_holds_something_else_is_left_alone(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path / "first", before=DAYS[1])
    (file,) = (tmp_path / "first").glob("*.parquet")
    with ledger.open(full) as book:
        number = book.read("SELECT seal FROM decision WHERE case_id = 'b-3'")["seal"].item()
    other = tmp_path / "second" / f"mail-{number:08d}-{number:08d}.parquet"
    other.parent.mkdir()
    other.write_bytes(file.read_bytes())
    with pytest.raises(errors.LedgerInvalid, match="move that file away, or give another folder"):
        retire(full, other.parent)
    assert other.read_bytes() == file.read_bytes()
    assert "b-3" in cases(full)


def test_suspects_of_an_alarm_stay_until_they_are_recalled(full: str, tmp_path: Path) -> None:
    with ledger.open(full) as book:
        book.append({"alarm": facts.alarms({"clean_seal": seal_of(book, "a-1")})}, now=NOW)
    assert retire(full, tmp_path) == Done(rows=3, files=1, waiting=1)
    with ledger.open(full) as book:
        suspects = alarms.suspects(book, "mail")
        assert suspects is not None
        book.append({"recall": facts.recalls(*({"case_id": case} for case in suspects["case_id"]))}, now=LATER)
    assert retire(full, tmp_path).waiting == 0
    assert checked(full, tmp_path) == []


def test_an_alarm_says_how_many_under_suspicion_were_retired(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path)
    with ledger.open(full) as book:
        book.append({"alarm": facts.alarms({"clean_seal": seal_of(book, "a-1")})}, now=LATER)
        assert retirement.beyond_recall(book, "mail") == 4


def test_an_alarm_that_names_no_clean_batch_keeps_all_that_its_epoch_released(full: str, tmp_path: Path) -> None:
    with ledger.open(full) as book:
        book.append({"alarm": facts.alarms({"clean_until": DAYS[0], "clean_seal": None})}, now=NOW)
    assert retire(full, tmp_path) == Done(waiting=2)


# Runs `retire` in a process of its own that kills itself when a function is called (before) or has returned (after).
_KILLED = """
import os, pathlib, signal, sys
from review.ledger import archive, ledger, removal
from review.retention import retirement
url, folder, module, function, when = sys.argv[1:]
owner = {"archive": archive, "removal": removal}[module]
original = getattr(owner, function)
def instead(*args, **named):
    if when == "after":
        original(*args, **named)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(owner, function, instead)
with ledger.open(url) as book:
    who = retirement.Who(by="ann", because="old", now="2026-03-01T00:00:00.000000Z")
    retirement.retire(book, "mail", before="2026-02-01T00:00:00.000000Z", folder=pathlib.Path(folder), who=who)
"""


@pytest.mark.parametrize(
    ("module", "function", "when"),
    [
        ("archive", "_sync", "before"),
        ("archive", "write", "after"),
        ("archive", "check", "after"),
        ("removal", "_lift", "after"),
        ("removal", "take_out", "after"),
    ],
)
def test_killed_anywhere_and_run_again_nothing_is_lost(
    full: str, tmp_path: Path, module: str, function: str, when: str
) -> None:
    everything = cases(full)
    arguments = [sys.executable, "-c", _KILLED, full, str(tmp_path), module, function, when]
    killed = subprocess.run(arguments, env=os.environ | {"PYTHONPATH": "."}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert cases(full) == everything
    assert checked(full, tmp_path) == []
    assert retire(full, tmp_path) == Done(rows=7, files=1)
    assert cases(full) == STAYS
    assert checked(full, tmp_path) == []


def test_a_case_that_went_to_a_person_meanwhile_is_not_taken_out(
    full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = archive.write

    def slow(folder: Path, name: str, rows: pl.DataFrame) -> str:
        with ledger.open(full) as other:
            other.append({"recall": facts.recalls({"case_id": "b-3"})}, now=LATER)
        return write(folder, name, rows)

    monkeypatch.setattr(archive, "write", slow)
    with pytest.raises(errors.LedgerInvalid, match="0 are gone and 1 went to people meanwhile"):
        retire(full, tmp_path)
    monkeypatch.setattr(archive, "write", write)
    assert retire(full, tmp_path).rows == 6
    assert "b-3" in cases(full)
    assert checked(full, tmp_path) == []


def test_the_triggers_stand_again_afterwards(full: str, tmp_path: Path) -> None:
    retire(full, tmp_path)
    for table in ("decision", "retired", "retirement"):
        with pytest.raises(Exception, match="facts are append-only"):
            facts.execute(full, f"DELETE FROM {table}")


def test_who_does_not_own_the_tables_is_refused_before_a_file_is_written(postgres_url: str, tmp_path: Path) -> None:
    ledger.migrate(postgres_url)
    name = "flows_" + postgres_url.rpartition("_")[2]
    facts.execute(
        postgres_url,
        f"CREATE ROLE {name} LOGIN PASSWORD 'test'",
        f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {name}",
    )
    try:
        reported = psycopg.conninfo.conninfo_to_dict(postgres_url)
        url = f"postgresql://{name}:test@{reported['host']}:{reported['port']}/{reported['dbname']}"
        with pytest.raises(errors.Refused, match="only the role that owns the tables may"):
            retire(url, tmp_path)
    finally:
        facts.execute(postgres_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_the_report_is_the_same_before_and_after_but_for_the_last_seal_and_the_command_says_what_it_did(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_READER_LEDGER", ledger_url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        desk = Desk(tmp_path, book)
        epochs.begin_epoch(book, desk.describe(), "ann@example.org")
        desk.arrive("a", 60, 0.95, wrong=4)
        actions.adopt("mail", 0.9, by="ann@example.org", because="a test", uncertified=True)
        desk.arrive("b", 200, 0.97, wrong=2)
        now = runs.clock()
        desk.look(now)
        progress_by_scope = certificates.progress_by_scope(book, desk.in_force().epoch_id)

        def report() -> dict[str, object]:
            cases = desk.cases(now)
            labels = evidence.labels(desk.describe(), desk.in_force(), cases, now)
            report = measure.gather(desk.run(), desk.in_force(), cases, progress_by_scope, labels, now)
            return as_json.whole(report) | {"seal": None}

        before, plans = report(), certificates.plans(book, desk.in_force().epoch_id)
        message = CliRunner().invoke(
            main.app, ["retire", "mail", "--before", now, "--to", str(tmp_path / "archive"), *BY]
        )
        assert (message.exit_code, message.stderr) == (0, "")
        gone = int(book.read("SELECT count(*) AS n FROM retired")["n"].item())
        assert gone > 50
        assert message.stdout == f"{gone} decisions retired into 1 file in {tmp_path / 'archive'}.\n"
        assert report() == before
        assert certificates.plans(book, desk.in_force().epoch_id) == plans
        assert verify.ledger(book, archive=tmp_path / "archive") == []


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("2999-01-01", "--before 2999-01-01 has not come yet"),
        ("yesterday", "--before: 'yesterday' is not an ISO 8601 time"),
        ("2026-01-01T00:00:00", "does not say its time zone"),
    ],
)
def test_a_day_that_is_none_or_has_not_come_is_refused(tmp_path: Path, before: str, message: str) -> None:
    with pytest.raises(errors.Misuse, match=message):
        retire_.retire("mail", before=before, folder=tmp_path, by="Ann", because="old")
