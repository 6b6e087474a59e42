"""What becomes of the threshold in force when one era follows another."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import measure
from flows.governance import actions, safeguards
from models import timestamps
from models.certification import era as ages
from review.queries import certificates
from tests.integration.desk import ANN, NO_LABELS, WHY, Desk, opened


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path, monkeypatch) as built:
        yield built


def at(days: float) -> str:
    return timestamps.text(datetime.now(UTC) + timedelta(days=days))


def act(desk: Desk, days: float) -> bool:
    in_force = desk.in_force()
    return safeguards.act(desk.run(), in_force, certificates.progress_by_scope(desk.book, in_force.epoch_id), at(days))


def line(desk: Desk) -> tuple[str, float | None]:
    in_force = desk.in_force()
    return in_force.adopted_by, in_force.policy.threshold


def test_a_stricter_threshold_that_an_era_put_in_force_carries_over_into_the_next_like_any_other(desk: Desk) -> None:
    desk.arrive("a", 300, 0.99)
    desk.arrive("b", 300, 0.999)
    desk.look()
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    desk.look(at(61))
    desk.arrive("c", 100, 0.99, wrong=30)
    desk.arrive("d", 300, 0.999)
    assert desk.look(at(62)).threshold == 0.999
    assert act(desk, 62) is True
    assert line(desk) == (safeguards.ERA, 0.999)
    desk.look(at(123))
    assert act(desk, 123) is False, "it lapsed at the turn of the era"
    assert line(desk) == (safeguards.ERA, 0.999)
    assert act(desk, 123 + 41) is True
    assert line(desk) == (safeguards.ERA, None)


def test_an_era_can_certify_what_a_person_adopted_though_nothing_was_in_force_when_it_began(desk: Desk) -> None:
    desk.arrive("a", 300, 0.99)
    desk.look()
    actions.adopt("mail", 0.985, by=ANN, because=WHY, uncertified=True)
    desk.arrive("b", 100, 0.99, answer=False)
    assert act(desk, 8) is True
    assert line(desk) == (safeguards.SILENCE, None)
    assert 0.985 in desk.look(at(61)).plan.thresholds


def test_what_comes_back_after_a_silence_is_what_the_era_allows_by_then(desk: Desk) -> None:
    desk.arrive("a", 300, 0.99)
    desk.look()
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    desk.arrive("b", 100, 0.99, answer=False)
    assert act(desk, 8) is True
    desk.look(at(61))
    for case, task in desk.book.read("SELECT case_id, task_id FROM dispatch WHERE case_id LIKE 'b-%'").iter_rows():
        desk.answer(case, task, "ham", at(102))
    assert act(desk, 102) is True  # the certificate of the first era carries over for 40 days of the second
    assert line(desk) == (safeguards.ERA, None), "an old certificate was in force again"
    assert act(desk, 103) is False


@pytest.mark.parametrize(("adopted", "state"), [(0.99, "carried"), (0.985, "uncertified")])
def test_the_report_says_until_when_a_line_carries_over_and_calls_none_certified_that_was_not(
    desk: Desk, adopted: float, state: str
) -> None:
    desk.arrive("a", 300, 0.99)
    desk.look()
    actions.adopt("mail", adopted, by=ANN, because=WHY, uncertified=True)
    desk.look(at(61))
    now = at(62)
    in_force = desk.in_force()
    progress_by_scope = certificates.progress_by_scope(desk.book, in_force.epoch_id)
    assert act(desk, 62) is False
    era = measure._era(desk.run(), in_force, progress_by_scope, now)
    assert era is not None
    assert (era.number, era.state) == (2, state)
    days = timestamps.parse(era.ends_at) - timestamps.parse(now) + timedelta(days=1)
    assert era.until[:10] == at(60 + ages.carries(round(days / timedelta(days=1))))[:10] < era.ends_at[:10]
    report = measure.gather(desk.run(), in_force, desk.cases(now), progress_by_scope, NO_LABELS, now)
    assert (report.verdict == "certified") == (state == "carried")


def test_days_between_two_eras_count_among_those_that_a_line_carries_over(desk: Desk) -> None:
    desk.arrive("a", 300, 0.99)
    desk.look()
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    desk.look(at(60 + 30))
    assert act(desk, 90) is False, "the certificate ended a month ago, and carries over for longer than that"
    assert act(desk, 90 + 18) is True
    assert line(desk) == (safeguards.ERA, None)


def test_nothing_carries_over_into_an_era_that_begins_a_year_after_the_one_before(desk: Desk) -> None:
    desk.arrive("a", 300, 0.99)
    desk.look()
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    desk.look(at(425))
    assert act(desk, 425) is True
    assert line(desk) == (safeguards.ERA, None)
