"""What rests on answers that were changed or taken back goes with them; and each era's certificate is held against its labels."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import measure
from flows.governance import actions, eras, revoked, safeguards
from flows.runtime import runs
from models.errors import Misuse
from review.queries import certificates
from review.report import certificate_text
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, NO_LABELS, WHY, Clock, Desk, opened


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    """A stream whose first era certified 0.99 and 0.9 from labels without an error."""
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, monkeypatch) as built:
        built.arrive("a", 300, 0.99)
        built.arrive("b", 300, 0.9)
        assert certificates.held(built.look()) == [0.99, 0.9]
        yield built


def act(desk: Desk) -> tuple[str, float | None]:
    """What `measure` does after a look at today's labels, and the threshold in force then."""
    safeguards.act(desk.run(), desk.in_force(), desk.looks(), runs.clock())
    assert safeguards.act(desk.run(), desk.in_force(), desk.looks(), runs.clock()) is False, "again changes nothing"
    return desk.in_force().adopted_by, desk.in_force().policy.threshold


def revise(desk: Desk, prefix: str, now: str, **changed: facts.Value) -> None:
    """Every answer to some cases is taken back, or becomes another."""
    sent = desk.book.read(
        "SELECT case_id, task_id FROM dispatch WHERE slot = 0 AND case_id LIKE :prefix", prefix=f"{prefix}-%"
    )
    rows: list[dict[str, facts.Value]] = [
        {"case_id": case, "annotation_id": task, "task_id": task, "blind": True, "revision": now, "submitted_at": now}
        | changed
        for case, task in sent.iter_rows()
    ]
    desk.book.append({"review": facts.reviews(*rows)}, now=now)


def delete(desk: Desk, prefix: str, now: str) -> None:
    revise(desk, prefix, now, answer=None, outcome="deleted")


def test_when_its_answers_are_deleted_a_threshold_is_revoked_and_it_comes_back_with_them(
    desk: Desk, clock: Clock
) -> None:
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    now = clock.later(1)
    for part in "ab":
        delete(desk, part, now)
    assert act(desk) == (safeguards.ERA, None)
    assert desk.look().certified == ()
    stopped = desk.in_force()
    assert (stopped.because, stopped.certified) == (f"{revoked.BECAUSE}: nothing is released", False)
    report = measure.gather(desk.run(), stopped, desk.cases(), desk.looks(), NO_LABELS, now)
    assert certificate_text.REVOKED in certificate_text.lines(report)
    assert report.verdict != "certified"
    with pytest.raises(Misuse, match="is not certified"):
        actions.adopt("mail", 0.9, by=ANN, because=WHY)
    looks = desk.book.read("SELECT threshold FROM look ORDER BY look")["threshold"].to_list()
    assert looks == [0.9, None], "what earlier looks said is history"
    now = clock.later(1)
    for part in "ab":
        revise(desk, part, now, answer="ham")
    assert act(desk) == (safeguards.ERA, 0.9)
    assert desk.in_force().certified is True


def test_labels_at_a_strict_threshold_certify_a_lower_one_and_take_it_along_when_they_are_corrected(
    desk: Desk, clock: Clock
) -> None:
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    delete(desk, "b", clock.later(1))
    desk.arrive("c", 200, 0.9, wrong=60)
    assert certificates.held(desk.look()) == [0.99, 0.9], "300 labels at 0.99 alone certify what lies at 0.9, too"
    revise(desk, "a", clock.later(1), answer="spam")
    assert act(desk) == (safeguards.ERA, None)


def test_adopt_asks_todays_labels_though_nobody_has_measured_since(desk: Desk, clock: Clock) -> None:
    now = clock.later(1)
    for part in "ab":
        delete(desk, part, now)
    with pytest.raises(Misuse, match="no threshold of mail is certified yet"):
        actions.adopt("mail", None, by=ANN, because=WHY)
    assert actions.adopt("mail", 0.9, by=ANN, because=WHY, uncertified=True).certified is False


def test_what_was_adopted_without_a_certificate_is_not_touched(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)
    now = clock.later(1)
    for part in "ab":
        delete(desk, part, now)
    assert act(desk) == (ANN, 0.5)


def test_what_carries_over_goes_with_the_labels_of_its_era(desk: Desk, clock: Clock) -> None:
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    now = clock.later(61)
    assert act(desk) == (ANN, 0.9)
    for part in "ab":
        delete(desk, part, now)
    assert act(desk) == (safeguards.ERA, None)
    assert desk.in_force().because == f"{revoked.BECAUSE}: nothing is released"


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, monkeypatch) as built:
        yield built


def second_era(desk: Desk, clock: Clock) -> None:
    clock.later(61)
    eras.under_way(desk.book, desk.describe(), desk.in_force(), runs.clock())


def test_errors_of_an_era_speak_against_its_certificate_however_good_the_one_before_was(
    bare: Desk, clock: Clock
) -> None:
    bare.arrive("a", 2000, 0.995)
    bare.look()
    second_era(bare, clock)
    bare.arrive("b", 250, 0.995)
    bare.arrive("c", 500, 0.995, wrong=60)
    assert certificates.held(bare.look()) == [0.995]
    with pytest.raises(Misuse, match=r"but by the labels of era 2 so far at least .* is wrong, with 5 % asked for"):
        actions.adopt("mail", None, by=ANN, because=WHY)
    report = measure.gather(bare.run(), bare.in_force(), bare.cases(), bare.looks(), NO_LABELS, runs.clock())
    assert report.ruling.state == "contradicted"


def test_errors_of_the_era_before_do_not_speak_against_a_clean_one(bare: Desk, clock: Clock) -> None:
    bare.arrive("a", 300, 0.995, wrong=60)
    bare.arrive("b", 100, 0.9)
    assert bare.look().certified == ()
    second_era(bare, clock)
    bare.arrive("c", 300, 0.995)
    assert certificates.held(bare.look())
    report = measure.gather(bare.run(), bare.in_force(), bare.cases(), bare.looks(), NO_LABELS, runs.clock())
    assert (report.ruling.state, report.ruling.contradicted, report.ruling.refusals) == ("move", (), ())
    assert report.everything.errors > 0, "the figure of all eras stays on the page"
    assert actions.adopt("mail", None, by=ANN, because=WHY).certified is True
