"""Who may move the threshold, and on what: certificates from the ledger's own facts, the watchdog, recall. Both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import measure
from flows.governance import actions, epochs, evidence, recall
from flows.runtime import runs
from models import timestamps
from models.certification import certificate
from models.errors import Misuse
from review import formats
from review.queries import alarms, blind_samples, pending_cases, totals
from review.report import report, timeline
from tests.integration.desk import ANN, NO_LABELS, WHY, Desk, opened


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with opened(ledger_url, tmp_path, monkeypatch) as built:
        yield built


def test_with_few_labels_nothing_is_certified_and_the_labels_still_needed_are_said(desk: Desk) -> None:
    desk.arrive("a", 30, 0.995)
    assert desk.look().threshold is None
    with pytest.raises(Misuse, match=r"no threshold of mail is certified yet; about \d+ more blind labels"):
        actions.adopt("mail", None, by=ANN, because=WHY)
    with pytest.raises(Misuse, match=r"threshold 0\.9 of mail is not certified \(none is; about \d+ more"):
        actions.adopt("mail", 0.9, by=ANN, because=WHY)


def certified_twice(desk: Desk) -> certificate.Progress:
    """Two confidences come in, and both are certified."""
    desk.arrive("a", 300, 0.99)
    desk.arrive("z", 300, 0.9)
    return desk.look()


def test_samples_that_nobody_has_read_never_make_it_look_hopeless(desk: Desk) -> None:
    desk.arrive("a", 40, 0.995, answer=False)
    desk.look(timestamps.text(datetime.now(UTC) + timedelta(hours=49)))
    with pytest.raises(
        Misuse, match=r"no threshold of mail is certified yet; (samples count as wrong until|about \d+ more)"
    ):
        actions.adopt("mail", None, by=ANN, because=WHY)


def test_enough_right_labels_certify_and_what_is_certified_is_adopted_as_certified(desk: Desk) -> None:
    progress = certified_twice(desk)
    assert (progress.plan.thresholds, progress.certified) == ((0.99, 0.9), (0, 1))
    now = actions.adopt("mail", 0.99, by=ANN, because=WHY)
    assert (now.version, now.policy.threshold, now.certified) == (2, 0.99, True)
    with pytest.raises(Misuse, match=r"threshold 0\.5001 of mail is not certified"):
        actions.adopt("mail", 0.5001, by=ANN, because=WHY)
    assert actions.adopt("mail", 0.5001, by=ANN, because=WHY, uncertified=True).certified is False


def test_a_look_at_nothing_new_leaves_no_record(desk: Desk) -> None:
    desk.arrive("a", 100, 0.995)
    assert [desk.look().looks, desk.look().looks] == [1, 1]
    assert desk.book.read("SELECT count(*) AS n FROM look")["n"].item() == 1
    desk.arrive("b", 10, 0.995)
    assert desk.look().looks == 2


def test_samples_that_wait_take_nothing_from_what_was_answered_before_them_however_late_they_are(desk: Desk) -> None:
    desk.arrive("a", 300, 0.995)
    before = desk.look()
    desk.arrive("b", 3, 0.995, answer=False)
    later = desk.look(timestamps.text(datetime.now(UTC) + timedelta(hours=49)))
    assert (later.cases[-1], later.labels[-1], later.errors[-1], later.pending[-1]) == (303, 300, 0, 3)
    assert later.log_e == before.log_e
    assert later.certified == before.certified != ()


def test_another_target_or_model_is_another_epoch_and_evidence_starts_at_zero(desk: Desk) -> None:
    desk.arrive("a", 300, 0.995)
    assert desk.look().threshold is not None
    for change in ({"target": 0.02}, {"model": "m-2"}):
        described = desk.describe(**change)
        with pytest.raises(Misuse, match="start a new epoch"):
            runs.policy_in_force(desk.book, described)
    before = desk.in_force().epoch_id
    assert epochs.begin_epoch(desk.book, desk.describe(target=0.02), "ann@example.org")
    now = desk.in_force()
    assert (now.epoch_id != before, now.policy.threshold) == (True, None)


def test_halt_resume_and_rollback_move_between_versions_on_the_record(desk: Desk) -> None:
    certified_twice(desk)
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    assert actions.halt("mail", by=ANN, because=WHY).policy.threshold is None
    assert actions.resume("mail", by=ANN, because=WHY).policy.threshold == 0.9
    back = actions.rollback("mail", 2, by=ANN, because=WHY)
    assert (back.version, back.policy.threshold, back.certified) == (6, 0.99, True)
    with pytest.raises(Misuse, match="is not halted"):
        actions.resume("mail", by=ANN, because=WHY)
    with pytest.raises(Misuse, match=r"no version 9; in this epoch there are 5 \(released at 0.9 and above\), 4 "):
        actions.rollback("mail", 9, by=ANN, because=WHY)
    reported = timeline.policies(desk.book, "mail")
    assert [f"version {number}:" in reported for number in range(1, 7)] == [True] * 6
    assert "certified down to 0.9" in reported


def test_who_adopts_a_line_hears_who_has_stopped_the_stream(desk: Desk) -> None:
    assert actions.stopped("mail") is None  # an epoch begins with nothing released
    certified_twice(desk)
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    assert actions.stopped("mail") is None
    actions.halt("mail", by="bob", because="odd images")
    text = str(actions.stopped("mail"))
    assert (text.startswith("nothing was released, by bob since "), text.endswith(" UTC: odd images")) == (True, True)
    actions.adopt("mail", 0.9, by=ANN, because=WHY)
    assert actions.stopped("mail") is None


def watched(desk: Desk) -> bool:
    labels = evidence.labels(desk.describe(), desk.in_force(), desk.cases(), runs.clock())
    return evidence.watch(desk.run(), desk.in_force(), labels, runs.clock())


def test_an_alarm_closes_the_epoch_also_if_somebody_has_moved_the_line_meanwhile(desk: Desk) -> None:
    certified_twice(desk)
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    desk.arrive("b", 40, 0.995, wrong=40)
    seen = desk.in_force()
    labels = evidence.labels(desk.describe(), seen, desk.cases(), runs.clock())
    actions.adopt("mail", 0.9, by=ANN, because=WHY, uncertified=True)
    assert evidence.watch(desk.run(), seen, labels, runs.clock()) is True
    now = desk.in_force()
    assert (now.adopted_by, now.policy.threshold, now.version) == (evidence.WATCHDOG, None, seen.version + 2)


def test_errors_among_the_released_close_the_epoch_and_recall_sends_the_suspects_to_people(desk: Desk) -> None:
    certified_twice(desk)
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    desk.arrive("b", 100, 0.995)
    assert watched(desk) is False
    desk.arrive("c", 40, 0.995, wrong=40)
    epoch = desk.in_force().epoch_id
    assert watched(desk) is True
    now = desk.in_force()
    assert (now.adopted_by, now.policy.threshold, now.epoch_id != epoch) == (evidence.WATCHDOG, None, True)
    desk.arrive("d", 5, 0.995)
    assert desk.book.read("SELECT DISTINCT route FROM decision WHERE case_id LIKE 'd-%'")["route"].to_list() == [
        "REVIEW"
    ]

    suspects = alarms.suspects(desk.book, "mail")
    assert suspects is not None
    sampled = desk.book.read("SELECT case_id FROM decision WHERE case_id LIKE 'c-%' AND NOT blind")
    assert set(sampled["case_id"]) <= set(suspects["case_id"])
    assert not {case for case in suspects["case_id"] if case.startswith("a-")}
    assert recall.recall("mail", by=ANN, because=WHY) == len(suspects)
    assert recall.recall("mail", by=ANN, because=WHY) == 0
    again = pending_cases.pending(desk.book, "mail", 1000)
    assert set(again["case_id"]) == set(suspects["case_id"])
    assert not again["blind"].any()
    assert totals.waiting(desk.book, "mail") == len(suspects)
    with pytest.raises(Misuse, match="released nothing in this epoch"):
        actions.resume("mail", by=ANN, because=WHY)
    assert "ALARM" in timeline.policies(desk.book, "mail")
    assert "recalled" in timeline.case(desk.book, "mail", suspects["case_id"][0])


def test_a_case_is_known_from_its_input_to_its_readers_and_an_unknown_one_is_refused(desk: Desk) -> None:
    desk.arrive("a", 3, 0.7)
    reported = timeline.case(desk.book, "mail", "a-0001")
    for text in (
        "a.parquet, line 2",
        "m-1 said 'ham'",
        "REVIEW",
        "propensity 1: blind",
        "by ben@example.org: answered 'ham'",
    ):
        assert text in reported
    assert "NOT what the sample says" not in reported
    with pytest.raises(Misuse, match="has no case 'zzz'"):
        timeline.case(desk.book, "mail", "zzz")


def test_a_halt_is_taken_also_while_the_file_says_other_terms_than_the_epoch(desk: Desk) -> None:
    certified_twice(desk)
    actions.adopt("mail", 0.99, by=ANN, because=WHY)
    desk.describe(model="m-2")
    assert actions.halt("mail", by=ANN, because=WHY).policy.releases is False


def test_a_rollback_names_its_version_and_pressed_again_it_changes_nothing(desk: Desk) -> None:
    actions.adopt("mail", 0.95, by=ANN, because=WHY, uncertified=True)
    actions.halt("mail", by=ANN, because=WHY)
    actions.adopt("mail", 0.97, by=ANN, because=WHY, uncertified=True)
    with pytest.raises(Misuse, match=r"with --to; .* 3 \(nothing released\), 2 \(released at 0.95 and above\), 1 \("):
        actions.rollback("mail", None, by=ANN, because=WHY)
    first = actions.rollback("mail", 3, by=ANN, because=WHY)
    again = actions.rollback("mail", 3, by=ANN, because=WHY)
    assert (first.version, first.policy.releases) == (5, False)
    assert again == first
    assert actions.rollback("mail", 5, by=ANN, because=WHY) == first


def test_undo_never_releases_more_than_is_certified(desk: Desk) -> None:
    actions.adopt("mail", 0.95, by=ANN, because=WHY, uncertified=True)
    actions.adopt("mail", 0.97, by=ANN, because=WHY, uncertified=True)
    with pytest.raises(
        Misuse, match=r"version 2 of mail releases more than now \(0.97\): threshold 0.95, and it is not"
    ):
        actions.rollback("mail", 2, by=ANN, because=WHY)
    actions.halt("mail", by=ANN, because=WHY)
    with pytest.raises(Misuse, match=r"releases again: threshold 0\.95, and it is not certified"):
        actions.rollback("mail", 2, by=ANN, because=WHY)
    with pytest.raises(Misuse, match=r"releases again: threshold 0\.97, and it is not certified"):
        actions.resume("mail", by=ANN, because=WHY)
    assert desk.in_force().policy.releases is False
    assert actions.resume("mail", by=ANN, because=WHY, uncertified=True).policy.threshold == 0.97
    assert actions.rollback("mail", 1, by=ANN, because=WHY).policy.releases is False, "releasing less asks for nothing"


def test_where_the_confidence_ranks_backwards_the_report_proposes_nothing_and_adopt_refuses_it(desk: Desk) -> None:
    desk.arrive("a", 1000, 0.99, wrong=15)
    desk.arrive("b", 3000, 0.6)
    progress_by_scope = desk.looks()
    assert progress_by_scope[""].threshold == 0.6
    whole = measure.gather(desk.run(), desk.in_force(), desk.cases(), progress_by_scope, NO_LABELS, runs.clock())
    text = report.lines(whole)
    assert "Do not release: Wrong answers have the higher confidence" in text
    assert "it must not be routed by" in text
    for threshold in (None, 0.6):
        with pytest.raises(Misuse, match="it is certified, but wrong answers have the higher confidence"):
            actions.adopt("mail", threshold, by=ANN, because=WHY)
    assert desk.in_force().version == 1
    now = actions.adopt("mail", 0.6, by=ANN, because=WHY, uncertified=True)
    assert (now.policy.threshold, now.certified) == (0.6, False)


def test_what_todays_labels_put_above_the_target_is_not_proposed_and_takes_the_mark(desk: Desk) -> None:
    assert certified_twice(desk).threshold == 0.9
    desk.arrive("b", 300, 0.9, wrong=90)
    progress_by_scope = desk.looks()
    assert progress_by_scope[""].threshold == 0.9, "certified stays certified"
    whole = measure.gather(desk.run(), desk.in_force(), desk.cases(), progress_by_scope, NO_LABELS, runs.clock())
    assert whole.ruling.threshold == 0.99
    with pytest.raises(
        Misuse, match=r"threshold 0\.9 of mail cannot be adopted: .* at least \d+\.\d.% of what it would release"
    ):
        actions.adopt("mail", 0.9, by=ANN, because=WHY)
    assert actions.adopt("mail", None, by=ANN, because=WHY).policy.threshold == whole.ruling.threshold


def test_what_waits_for_another_reader_is_kept_apart_and_speaks_against_nothing_yet(desk: Desk) -> None:
    desk.arrive("a", 300, 0.995)
    desk.looks()
    desk.arrive("b", 100, 0.7, wrong=40, second=False)
    whole = measure.gather(desk.run(), desk.in_force(), desk.cases(), desk.looks(), NO_LABELS, runs.clock())
    there = blind_samples.at(whole.samples, 0.7)
    assert (there.right, there.wrong, there.disputed, there.unsent) == (360, 0, 40, 0)
    assert whole.ruling.contradicted == ()
    assert (
        "In 40 cases people disagree with the model or are not sure, and another reads it; until then it counts as wrong."
        in (report.lines(whole).replace(formats.SPACE, " "))
    )


def test_a_threshold_is_adopted_by_the_text_it_is_shown_with(desk: Desk) -> None:
    for file in range(4):
        scores = [0.9999 + 0.0001 * (250 * file + n) / 1001 for n in range(250)]
        desk.arrive(f"{'abcd'[file]}", 250, scores[-1])
    desk.looks()
    whole = measure.gather(desk.run(), desk.in_force(), desk.cases(), desk.looks(), NO_LABELS, runs.clock())
    held = [line for line in whole.shown if line in whole.ruling.allowed]
    texts = [whole.shown[line] for line in held]
    assert len(set(texts)) == len(held)
    for line, text in zip(held[:3], texts, strict=False):
        assert actions.adopt("mail", float(text), by=ANN, because=WHY).policy.threshold == line


@pytest.mark.parametrize("name", ["the watchdog", "The  Era", "ann\u202egro"])
def test_a_name_that_no_person_has_moves_no_line(desk: Desk, name: str) -> None:
    with pytest.raises(Misuse, match="--by"):
        actions.halt("mail", by=name, because=WHY)
    assert desk.in_force().version == 1
