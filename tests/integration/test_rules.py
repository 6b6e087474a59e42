"""Rules of the stream's owner: never released, always audited, counted, and no part of what change detection takes for plain."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from flows import measure, score
from flows.governance import actions, epochs, evidence
from flows.runtime import runs
from flows.scoring import decide
from models.errors import InputInvalid
from review.integrity import verify
from review.ledger import ledger
from review.queries import ruled, watched
from review.report import certificate_text
from review.report.figures import Report
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Desk

LARGE = """
[[never_release]]
code = "large"
when = "total > 100"
"""
VIP = """
[[always_audit]]
code = "vip"
when = "vip"
"""


@dataclass(slots=True)
class Office:
    """A stream with rules that releases what has a confidence of 0.5, at an audit rate of 0.1."""

    folder: Path
    book: ledger.Ledger

    desk: Desk

    def open(self, rules: str) -> None:
        self.desk = Desk(self.folder, self.book, rules=rules, audit_rate=0.1)
        if epochs.begin_epoch(self.book, self.desk.describe(), ANN):
            actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)

    def answer(self, wrong: Callable[[int], bool]) -> None:
        """Every case that is to be read blind is read, by two people where the first contradicts the model."""
        sampled = self.book.read("SELECT case_id FROM decision WHERE blind ORDER BY case_id")["case_id"].to_list()
        now = runs.clock()
        read: list[dict[str, facts.Value]] = []
        for n, case in enumerate(sampled):
            spam = wrong(int(case.rpartition("-")[2]))
            for slot in range(2 if spam else 1):
                task = 10_000 * slot + n + 1
                read.append(
                    {"case_id": case, "slot": slot, "task_id": task, "blind": True, "answer": "spam" if spam else "ham"}
                )
        sent = [
            {key: row[key] for key in row if key != "answer"} | {"task_key": str(row["task_id"]), "sent_at": now}
            for row in read
        ]
        reviews = [
            row
            | {
                "annotation_id": row["task_id"],
                "revision": now,
                "submitted_at": now,
                "reviewer": f"{row['slot']}@example.org",
            }
            for row in read
        ]
        self.book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*reviews)}, now=now)

    def score(self, name: str, totals: list[object], vips: list[bool] | None = None) -> dict[str, int]:
        """A file of cases with their totals, in CSV, where everything is text."""
        cases = {"id": [f"{name}-{n}" for n in range(len(totals))], "text": [f"{name} {n}" for n in range(len(totals))]}
        frame = pl.DataFrame(cases | {"total": totals, "vip": vips or [False] * len(totals)}, strict=False)
        path = self.folder / f"{name}.csv"
        frame.with_columns(label=pl.lit("ham"), score=pl.lit(0.9)).write_csv(path)
        return score.record_all(self.desk.run(), path, decide.record.fn)

    def report(self) -> Report:
        cases, now = self.desk.cases(), runs.clock()
        labels = evidence.labels(self.desk.run().stream, self.desk.in_force(), cases, now)
        return measure.gather(self.desk.run(), self.desk.in_force(), cases, {"": self.desk.look()}, labels, now)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    ledger.migrate(url)
    with ledger.open(url) as book:
        yield Office(tmp_path, book, Desk(tmp_path, book))


def test_what_a_rule_holds_of_is_never_released_and_the_report_counts_it(office: Office) -> None:
    office.open(LARGE)
    counts = office.score("a", [*(["50"] * 30), *(["5000"] * 7), *([None] * 3)])
    assert (counts["automated"], counts["to_review"]) == (30, 10)
    held = office.book.read("SELECT route, held, count(*) AS n FROM decision GROUP BY route, held ORDER BY n DESC")
    assert held.rows() == [
        ("AUTOMATE", None, 30),
        ("REVIEW", "rule large", 7),
        ("REVIEW", "rule large, unreadable", 3),
    ]
    report = office.report()
    assert (report.never_released, report.repeats) == ({"large": 10}, 0)
    assert report.curve["coverage"].max() == 0.75  # no threshold would release the other ten
    assert (
        "10 cases went to people, however sure the model was, by rules of the stream file (never_release): large 10. No "
        "threshold and no certificate speaks of them."
    ) in certificate_text.lines(report)
    assert verify.ledger(office.book) == []


def test_the_certificate_speaks_of_no_case_that_a_rule_holds_of(office: Office) -> None:
    office.open(LARGE)
    office.score("a", ["50"] * 400)
    office.answer(lambda _: False)
    before = office.desk.look()
    office.score("b", ["5000"] * 400)
    after = office.desk.look()
    assert before.cases[0] > 0
    assert (before.log_e, before.cases, before.labels) == (after.log_e, after.cases, after.labels)


def test_another_rule_of_release_is_another_epoch_and_another_rule_of_audit_is_not(office: Office) -> None:
    office.open(LARGE)
    first = office.desk.in_force().epoch_id
    office.open(LARGE + VIP)
    assert office.desk.in_force().epoch_id == first
    office.open(LARGE.replace("100", "200"))
    assert office.desk.in_force().epoch_id != first
    values = office.book.read("SELECT because FROM adoption ORDER BY version")["because"].to_list()
    assert any("never_release" in one and "total > 200" in one for one in values), values


def test_what_a_rule_has_audited_is_released_and_read_blind_with_propensity_one(office: Office) -> None:
    office.open(VIP)
    office.score("a", ["50"] * 1000, [n < 100 for n in range(1000)])
    cases = office.book.read("SELECT propensity, blind FROM decision")
    sampled = cases.group_by("propensity").agg(pl.len(), pl.col("blind").sum())
    by_propensity = {propensity: (n, blind) for propensity, n, blind in sampled.iter_rows()}
    assert by_propensity[1.0] == (100, 100)
    n, blind = by_propensity[0.1]
    assert n == 900
    assert abs(blind - 90) < 4 * math.sqrt(900 * 0.1 * 0.9)
    report = office.report()
    assert (
        report.always_audited,
        ruled.always_audited(office.book, office.desk.in_force().epoch_id, office.desk.cases()),
    ) == (100, 100)
    assert any(one.startswith("100 released cases were sampled by a rule") for one in certificate_text.lines(report))


def test_change_detection_watches_ruled_audits_at_the_rate_of_the_others(office: Office) -> None:
    """Half of what is released falls under a rule and is always wrong: the error is one half, and not the ten elevenths of
    all that was read."""
    office.open(VIP)
    office.score("a", ["50"] * 4000, [n % 2 == 0 for n in range(4000)])
    office.answer(lambda n: n % 2 == 0)
    labels = watched.labels(office.desk.cases(), office.desk.in_force().epoch_id)
    share = labels["wrong"].mean()
    assert isinstance(share, float)
    assert abs(share - 0.5) < 4 * math.sqrt(0.25 / len(labels))
    assert abs(len(labels) - 400) < 4 * math.sqrt(4000 * 0.1 * 0.9)


def test_a_column_of_a_rule_that_is_not_there_is_one_line(office: Office) -> None:
    office.open(LARGE.replace("total", "amount"))
    with pytest.raises(InputInvalid, match="column 'amount'"):
        office.score("a", ["50"] * 3)
    assert office.book.read("SELECT 1 FROM decision").is_empty()
