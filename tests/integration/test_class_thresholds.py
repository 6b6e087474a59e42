"""A threshold for each class: certified, released and reported each by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import measure
from flows.governance import actions, epochs
from flows.runtime import runs
from models.errors import Misuse
from review.report import as_json, report, summary, timeline
from tests.integration.desk import ANN, NO_LABELS, WHY, Desk, opened


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with opened(ledger_url, tmp_path, monkeypatch) as built:
        yield built


@pytest.fixture
def classes(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A stream with a threshold for each class, whose promise holds for all of them at once."""
    with opened(ledger_url, tmp_path, monkeypatch, per_class="joint") as built:
        yield built


def test_each_class_is_certified_by_its_own_labels_and_released_by_its_own_line(classes: Desk) -> None:
    desk = classes
    with pytest.raises(Misuse, match="no class of mail has a certified threshold yet"):
        actions.adopt("mail", None, by=ANN, because=WHY)
    desk.arrive("a", 300, 0.995, label="ham")
    desk.arrive("b", 300, 0.995, label="spam", wrong=60)
    looks = desk.looks()
    assert ["ham", "spam"] == sorted(looks)
    assert {0.025} == {progress.plan.delta for progress in looks.values()}, "two classes share the level"
    assert looks["ham"].threshold is not None
    assert looks["spam"].threshold is None
    assert (300, 300) == (looks["ham"].cases[-1], looks["spam"].cases[-1])

    adopted = actions.adopt("mail", None, by=ANN, because=WHY)
    assert adopted.policy.by_class == {"ham": looks["ham"].threshold, "spam": None}
    assert adopted.certified is True
    desk.arrive("c", 50, 0.995, label="ham")
    desk.arrive("d", 50, 0.995, label="spam")
    routes = desk.book.read("SELECT prediction, route, count(*) AS n FROM decision WHERE case_id > 'c' GROUP BY 1, 2")
    assert {("ham", "AUTOMATE", 50), ("spam", "REVIEW", 50)} == set(routes.rows())
    # The policy changed between the two days, and the counts still add up.
    again = desk.looks()
    assert (350, 350) == (again["ham"].cases[-1], again["spam"].cases[-1])

    with pytest.raises(Misuse, match=r"threshold 0\.9 of class spam is not certified"):
        actions.adopt("mail", 0.9, label="spam", by=ANN, because=WHY)
    with pytest.raises(Misuse, match="name the class with --class"):
        actions.adopt("mail", 0.9, by=ANN, because=WHY)
    with pytest.raises(Misuse, match="none of the stream's labels ham, spam"):
        actions.adopt("mail", 0.9, label="eggs", by=ANN, because=WHY)
    risky = actions.adopt("mail", 0.9, label="spam", by=ANN, because=WHY, uncertified=True)
    assert risky.policy.by_class == {"ham": looks["ham"].threshold, "spam": 0.9}
    assert risky.certified is False
    assert actions.halt("mail", by=ANN, because=WHY).policy.releases is False
    with pytest.raises(Misuse, match=r"releases again: threshold 0\.9 of class spam, and it is not certified"):
        actions.resume("mail", by=ANN, because=WHY)
    again_risky = actions.resume("mail", by=ANN, because=WHY, uncertified=True)
    assert again_risky.policy.by_class == risky.policy.by_class
    back = actions.rollback("mail", adopted.version, by=ANN, because=WHY)
    assert (back.policy.by_class, back.certified) == (adopted.policy.by_class, True)
    reported = timeline.policies(desk.book, "mail")
    assert f"released by class: ham at {looks['ham'].threshold:g} and above, certified" in reported
    assert f"certified down to {looks['ham'].threshold:g} for ham" in reported


def test_the_report_of_a_stream_with_a_line_per_class_says_which_class_stays_with_people(classes: Desk) -> None:
    classes.arrive("a", 300, 0.995, label="ham")
    classes.arrive("b", 300, 0.995, label="spam", wrong=60)
    progress_by_scope = classes.looks()
    actions.adopt("mail", None, by=ANN, because=WHY)
    classes.arrive("c", 50, 0.995, label="ham")
    whole = measure.gather(
        classes.run(), classes.in_force(), classes.cases(), progress_by_scope, NO_LABELS, runs.clock()
    )
    text = report.lines(whole)
    assert "Nothing is certified yet for spam: these stay with people." in text
    assert "Certified for ham" in text
    actions.adopt("mail", 0.9, label="spam", by=ANN, because=WHY, uncertified=True)
    bare = measure.gather(
        classes.run(), classes.in_force(), classes.cases(), progress_by_scope, NO_LABELS, runs.clock()
    )
    assert "stay with people" not in report.lines(bare)
    assert "Nothing is certified for spam, and it is released all the same." in report.lines(bare)
    assert summary.proposed(bare) == ("Wait", "The threshold in force is not certified for spam.")
    assert "certified" == whole.verdict
    assert [("ham", True), ("spam", False)] == [(line.label, line.certified is not None) for line in whole.classes]
    assert "Class by class" in report.page(whole)
    assert ["ham", "spam"] == [line["label"] for line in as_json.whole(whole)["classes"]]


def test_a_line_per_class_is_another_certificate_and_begins_another_epoch(desk: Desk) -> None:
    per_class = Desk(desk.folder, desk.book, "each").describe()
    assert runs.changed(desk.book, desk.in_force(), per_class) is not None
    assert epochs.begin_epoch(desk.book, per_class, ANN) is True
    with pytest.raises(Misuse, match="has a threshold per class"):
        actions.adopt("mail", 0.9, by=ANN, because=WHY)
