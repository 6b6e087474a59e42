"""A field of a record may have a target of its own: what is certified, proposed, adopted and watched then keeps that, too."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from flows import measure
from flows.governance import actions, adoption, epochs, evidence
from flows.runtime import runs
from models.certification import case_counts, certificate, era_plan
from models.errors import Misuse
from review.integrity import verify
from review.queries import alarms, certificates, field_outcomes
from review.report import as_json, report, summary, timeline
from review.report.figures import Report
from tests.integration import record_desk
from tests.integration.desk import ANN, WHY, Clock
from tests.integration.record_desk import RecordDesk


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[RecordDesk]:
    with record_desk.opened(ledger_url, tmp_path, monkeypatch, total="error = 0.03") as desk:
        yield desk


def reported(desk: RecordDesk) -> Report:
    cases = desk.cases()
    labels = evidence.labels(desk.describe(), desk.in_force(), cases, runs.clock())
    progress = evidence.look(desk.run(), desk.in_force(), cases, runs.clock())
    return measure.gather(desk.run(), desk.in_force(), cases, progress, labels, runs.clock())


def test_a_plan_registers_the_targets_of_fields_and_keeps_them(desk: RecordDesk) -> None:
    desk.records("a", 60, 0.9, {})
    desk.look()
    registered = certificates.plans(desk.book, desk.in_force().epoch_id)[""]
    assert registered.by_field == (era_plan.FieldTarget(field="total", alpha=0.03),)
    assert verify.ledger(desk.book) == []


def test_what_is_certified_keeps_the_target_of_the_field_too(desk: RecordDesk) -> None:
    desk.records("a", 90, 0.9, {})  # enough for one record in ten, not for one total in thirty
    seen = desk.look()
    assert seen.certified == ()
    assert [one.field for one in seen.by_field] == ["total"]
    needed = certificate.needed(seen)
    assert needed is not None
    assert needed.field == "total"
    assert f"about {needed.labels} more blind labels" in _refusal("no threshold of mail is certified yet")
    desk.records("b", 60, 0.9, {})
    assert desk.look().threshold == 0.9
    computed = desk.look()
    left = certificates.progress_by_scope(desk.book, desk.in_force().epoch_id)[""]
    assert (left.by_field, left.looks) == (seen_again(desk), computed.looks), "what a look left is read back as it was"
    actions.adopt("mail", None, by=ANN, because=WHY)
    assert desk.in_force().policy.threshold == 0.9


def seen_again(desk: RecordDesk) -> tuple[certificate.FieldProgress, ...]:
    """What today's labels say of the fields, without what an earlier look left."""
    cases, book = desk.cases(), desk.book
    plan = certificates.plans(book, desk.in_force().epoch_id)[""]
    versions = {policy_id: number for number, policy_id in enumerate(certificates.policies(book, plan.epoch))}
    samples = certificates.samples(cases, versions, plan.thresholds)
    counts = pl.DataFrame({"bin": [0], "version": [0], "n": [len(samples.settled)]})
    routed = case_counts.of(counts, dict(enumerate(certificates.policies(book, plan.epoch).values())), plan.thresholds)
    losses = field_outcomes.losses(book, cases, plan)
    return certificate.look(plan, samples, routed, losses=losses).by_field


def _refusal(begins: str) -> str:
    with pytest.raises(Misuse, match=begins) as caught:
        actions.adopt("mail", None, by=ANN, because=WHY)
    return str(caught.value)


def test_errors_in_another_field_are_held_against_the_records_alone(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {"vendor": 8})
    assert desk.look().threshold == 0.9
    assert desk.look().by_field[0].errors == (0.0,)


def test_errors_in_the_field_take_the_certificate(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {"total": 8})
    seen = desk.look()
    assert (seen.threshold, seen.errors, seen.by_field[0].errors) == (None, (8.0,), (8.0,))


def test_a_certified_threshold_that_the_fields_labels_speak_against_is_not_adopted(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    assert desk.look().threshold == 0.9
    desk.records("b", 100, 0.9, {"total": 24})  # 8 % of all totals, where 3 % may be wrong; of records 10 % may
    assert desk.look().threshold == 0.9, "later errors take nothing of what a beginning has shown"
    ruling = adoption.of(desk.book, desk.describe(), desk.in_force()).verdicts[""]
    assert (ruling.state, ruling.contradicted, ruling.allowed) == ("contradicted", (), ())
    assert [one.field for one in ruling.speaks_against] == ["total"]
    refusal = _refusal("threshold 0.9 of mail cannot be adopted: it is certified, but by the labels so far at least")
    assert "of what it would release is wrong in the field total, with 3 % asked for" in refusal.replace("\u00a0", " ")
    assert "wrong in the field total, above the target" in report.lines(reported(desk))


def test_a_rise_of_the_fields_error_stops_release_where_the_records_still_keep_theirs(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    desk.records("b", 100, 0.9, {"total": 16})
    labels = evidence.labels(desk.describe(), desk.in_force(), desk.cases(), runs.clock())
    by_field = evidence.field_labels(desk.run(), desk.in_force(), desk.cases(), runs.clock())
    target = desk.in_force().target_error
    assert evidence.nearest(labels, target, ()) < 0.9 < evidence.nearest(labels, target, by_field) == 1.0
    assert evidence.watch(desk.run(), desk.in_force(), labels, runs.clock()) is False, (
        "16 % for a while is no alarm at 10 %"
    )
    assert evidence.watch(desk.run(), desk.in_force(), labels, runs.clock(), by_field=by_field) is True
    assert "blind labels of released cases are wrong in the field total, with 0.03 allowed" in desk.in_force().because


def test_an_alarm_in_a_field_names_it_and_suspects_by_what_is_said_of_it_later(desk: RecordDesk, clock: Clock) -> None:
    desk.records("a", 200, 0.9, {})
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    for batch in ("b", "c", "d"):
        desk.records(batch, 60, 0.9, {})
    desk.records("e", 100, 0.9, {"total": 16})
    before, now = desk.in_force(), runs.clock()
    labels = evidence.labels(desk.describe(), before, desk.cases(), now)
    by_field = evidence.field_labels(desk.run(), before, desk.cases(), now)
    assert evidence.watch(desk.run(), before, labels, now, by_field=by_field) is True
    assert alarms.alarms(desk.book, "mail")["field"].to_list() == ["total"]
    assert "the error in the field total among the released has risen" in report.lines(reported(desk))
    assert "of the last ones wrong in the field total" in timeline.policies(desk.book, "mail")
    clean = alarms.suspicions(desk.book, "mail")[0].clean
    assert clean > 0
    clock.later(0.1)
    desk.corrects("c", 6, {"vendor": "Other"})
    assert alarms.suspicions(desk.book, "mail")[0].clean == clean, "nothing was said of the totals"
    clock.later(0.1)
    desk.corrects("c", 6, {"total": 99})
    assert 0 < alarms.suspicions(desk.book, "mail")[0].clean < clean


def test_release_does_not_go_on_while_disputes_of_the_field_speak_of_a_rise(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    assert evidence.quiet(desk.run(), desk.in_force(), desk.cases()) is True
    desk.records("b", 100, 0.9, {"total": 16}, readers=1)
    assert evidence.quiet(desk.run(), desk.in_force(), desk.cases()) is False


def test_a_rise_in_the_field_of_what_a_closed_epoch_released_is_reported(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    desk.records("b", 100, 0.9, {"total": 16})
    epochs.open_epoch(desk.book, desk.describe(), desk.in_force(), by=ANN, because=WHY)
    assert evidence.watch_closed(desk.run(), desk.in_force(), desk.cases(), runs.clock()) == 1
    assert alarms.alarms(desk.book, "mail")["field"].to_list() == ["total"]


def test_the_report_promises_the_field_beside_the_records(desk: RecordDesk) -> None:
    desk.records("a", 200, 0.9, {})
    desk.look()
    actions.adopt("mail", None, by=ANN, because=WHY)
    desk.records("b", 20, 0.9, {})
    new_report = reported(desk)
    lead = summary.of(new_report).lead.replace("\u00a0", " ")
    assert lead.startswith(
        "With 95 % confidence at most 10 % of what it releases is wrong, and at most 3 % of it in the field total"
    )
    assert [field["target"] for field in as_json.whole(new_report)["fields"]] == [0.03, None]
    assert "at most 3" in report.page(new_report)


def test_the_verdict_names_the_field_that_keeps_the_target_from_being_shown(desk: RecordDesk) -> None:
    desk.records("a", 30, 0.9, {})
    desk.look()
    actions.adopt("mail", 0.9, by=ANN, because=WHY, uncertified=True)
    desk.records("b", 90, 0.9, {})
    new_report = reported(desk)
    assert (new_report.verdict, new_report.needed) == ("open", None), (
        "10 % of the records are shown, 3 % of the totals not"
    )
    sentence = summary.verdict(new_report)[2].replace("\u00a0", " ")
    assert sentence == (
        "The target is at most 10 % wrong among the released, and at most 3 % of it in the field total: the limits in the field "
        "total still reach to "
        "both sides."
    )


def test_the_verdict_names_the_field_by_which_the_target_is_missed(desk: RecordDesk) -> None:
    desk.records("a", 30, 0.9, {})
    desk.look()
    actions.adopt("mail", 0.9, by=ANN, because=WHY, uncertified=True)
    desk.records("b", 200, 0.9, {"total": 16})
    new_report = reported(desk)
    assert new_report.verdict == "missed"
    assert "even the lower limit in the field total is above it" in summary.verdict(new_report)[2]
