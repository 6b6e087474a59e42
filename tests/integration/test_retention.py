"""Old decisions leave the ledger for files: nothing is lost, nothing is decided anew, every seal can still be checked."""

from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from flows import measure
from flows.commands import main
from flows.governance import actions, epochs, evidence
from flows.governance import retire as retire_
from flows.runtime import runs
from models import errors
from review.integrity import verify
from review.ledger import appends, ledger, sealing
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


def filled(ledger_url: str) -> str:
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


@pytest.fixture
def full(ledger_url: str) -> str:
    return filled(ledger_url)


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
