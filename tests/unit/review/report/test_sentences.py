"""Every sentence of a report holds of its own figures, in every state of a stream under every setting."""

import re
from dataclasses import replace

import polars as pl
import pytest

from models.evaluation import slices
from models.evaluation.estimate import Estimate
from models.evaluation.slices import Slice
from review import formats
from review.queries import blind_samples
from review.report import certificate_text, changes, report, slider, summary, terminal
from tests.unit.review.report.report_facts import A, report_of, table
from tests.unit.review.report.report_settings import WHEN, all_of_them, check, plain, text_of

pytestmark = pytest.mark.xdist_group("sentences")  # what they share takes half a minute to make


def test_what_is_disputed_or_not_sent_is_reported_beside_every_estimate_that_takes_it_for_wrong() -> None:
    for name, _, result in all_of_them():
        disputed = result.audits_disputed if result.released else blind_samples.at(result.samples, 0.0).disputed
        basis = plain(summary.of(result).basis)
        check(name, "disputed", (f"{disputed} of the wrong wait for another reader" in basis) == bool(disputed))
        check(name, "an unsent sample is never an error", result.everything.errors <= result.everything.n)
        check(name, "only answers are labels", result.everything.n == blind_samples.at(result.samples, 0.0).read)


def test_another_reader_is_named_only_where_there_is_one() -> None:
    for name, setting, result in all_of_them():
        if not setting.second_opinion:
            check(name, "nobody else reads it", "another read" not in text_of(result))
        elif result.totals["disputed"]:
            check(name, "disputes are reported", "another reads it" in terminal.queue(result))


def test_no_blind_label_is_said_only_where_there_is_none_and_counts_are_those_of_the_samples() -> None:
    for name, _, result in all_of_them():
        text, proposal = plain(certificate_text.needed(result)), result.proposal
        if proposal is None or proposal.needed is None:
            check(name, "no label is missed where none is needed", "There is no blind label" not in text_of(result))
            continue
        there = blind_samples.at(result.samples, proposal.needed.threshold)
        check(name, "no blind label", ("no blind label" in text) == (there.read == 0))
        check(name, "labels", not there.read or f"{there.read} blind label" in text)
        check(name, "disputed", not there.disputed or f"{there.disputed} of them wait for another reader" in text)
        check(name, "unsent", not there.unsent or f"{there.unsent} are not sent yet" in text)
        check(name, "work", result.in_force is None or " of people" in text)


def test_that_no_number_of_labels_would_do_is_said_by_settled_labels_only() -> None:
    hopeless = []
    for name, _, result in all_of_them():
        if "no number of labels would certify one" in text_of(result):
            assert result.proposal is not None
            for at in result.proposal.next:
                there = blind_samples.at(result.samples, at)
                check(name, "settled errors are too many", there.wrong >= result.target * there.settled > 0)
            hopeless.append(name)
    assert {name.split(",")[0] for name in hopeless} == {
        "hopeless",
        "half read",
    }  # the latter: disputes settled as wrong


def test_a_field_that_stands_in_the_way_is_named() -> None:
    counts = pl.DataFrame({"confidence": [0.9, 0.9], "outcome": ["right", "wrong"], "n": [60, 2]})
    assert blind_samples.no_number(counts, [0.8], 0.01, ["total"]) == (
        "At the errors seen so far no number of labels would certify one: the field total is wrong too often for its own target."
    )
    both = blind_samples.no_number(counts, [0.8], 0.01, ["total", "day"])
    assert both.endswith("certify one: the fields total, day are wrong too often for their own target.")
    waits = pl.concat([counts, pl.DataFrame({"confidence": [0.9], "outcome": ["open"], "n": [5]})])
    assert blind_samples.no_number(waits, [0.8], 0.1, ["total"]).endswith(
        "How many more labels it takes is known when more of them are. What stands in the way is the target of the field total."
    )
    assert "field" not in blind_samples.no_number(waits, [0.8], 0.1)


def test_the_promise_leads_only_where_it_is_proved_and_stands_alone() -> None:
    led = set()
    for name, _, result in all_of_them():
        words = summary.of(result)
        first = plain(f"{words.lead} {words.promise}")
        if "(certified" not in first:
            check(name, "where the badge says certified the promise leads", result.verdict != "certified")
            continue
        led.add(name)
        check(name, "one at most", first.count("at most") == 1)
        check(name, "the target", f"at most {formats.whole(result.target)}".replace(formats.SPACE, " ") in first)
        check(name, "the badge", summary.verdict(result)[1] == "Certified")
        assert result.in_force is not None
        lines = [(one.in_force, one.verdict) for one in result.classes] or [
            (result.in_force.policy.threshold, result.ruling)
        ]
        for line, verdict in lines:
            check(name, "the gate is silent", line is None or not verdict.refusals)
            stands = result.era is not None and result.era.state in ("own", "carried")
            check(name, "it is certified", line is None or stands or line in verdict.allowed)
        check(
            name,
            "carried is said",
            ("in era 1, until" in first) == (result.era is not None and result.era.state == "carried"),
        )
    assert led == {
        "adopted, era None",
        "adopted, era own",
        "adopted, disputes, era None",
        "adopted, disputes, era own",
        "gathering, era carried",
        "not looked at, era carried",
        "past alarm",
        "per class",
        "per class, each",
    }


def test_todays_threshold_is_certified_below_the_chart_where_the_badge_says_so() -> None:
    seen = set()
    for name, _, result in all_of_them():
        at = None if result.in_force is None else result.in_force.policy.threshold
        words = slider.first(result)
        if at is None or result.what_if.labels is not None or result.what_if.rows["threshold"].is_in([at]).sum() == 0:
            continue
        badge = summary.verdict(result)[1]
        seen.add(badge)
        if badge in ("Certified", "Target kept"):  # of the other no certificate says so
            check(name, "one voice", (badge == "Certified") is words["certified"].startswith("\u2713"))
    assert {"Certified", "Target kept"} <= seen


def test_only_what_may_be_adopted_is_proposed_and_every_command_says_whether_it_is_certified() -> None:
    moved = set()
    for name, _, result in all_of_them():
        word = summary.proposed(result)[0]
        barred = result.ruling.refusals or any(one.verdict.refusals for one in result.classes)
        if word.startswith("Move"):
            moved.add(name)
            check(name, "nothing speaks against it", not barred and not (result.alarm and result.alarm.current))
            check(name, "it may be adopted", result.ruling.threshold in result.ruling.allowed)
        if barred:
            check(name, "the gate", word == "Do not release")
            certified = [line for line in certificate_text.lines(result) if line.startswith("Certified")]
            check(name, "the certificate", all("must not be routed by" in line for line in certified))
        check(name, "the alarm", (word == "Find the cause") == (result.alarm is not None))
        news = dict(changes.news(result, None))
        check(name, "news", ("proposal" in news) == word.startswith("Move"))
        for row in result.what_if.rows.iter_rows(named=True):
            if row["threshold"] is not None and not result.classes:
                asks = "--uncertified" in slider.command(result, row)
                check(name, "the command", asks == (result.ruling.against(row["threshold"]) is not None))
    assert {name.split(",")[0] for name in moved} == {
        "to adopt",
        "too much released",
        "stopped by ann@example.org",
        "stopped by the era",
    }


def test_a_pace_is_reported_after_a_day_and_days_only_where_it_is_known() -> None:
    for name, setting, result in all_of_them():
        forecast = changes.forecast(result)
        waits = result.queue.open + result.queue.waiting
        check(name, "the forecast", ("known after a day" in forecast) == bool(waits and setting.hours < 24))
        needed = certificate_text.needed(result)
        if " of people" in needed:
            # How much people can read may be in the stream file; how many cases come nobody knows before there is a day.
            of = "cases" if setting.capacity is not None else "cases and of answers"
            check(
                name, "the days", (f"in how many days is known after a day of {of}" in needed) == (setting.hours < 24)
            )


def test_an_era_is_spoken_of_where_there_is_one_with_its_end() -> None:
    for name, _, result in all_of_them():
        text = text_of(result)
        check(name, "no era, no word", result.era is not None or " era " not in text)
        if result.era is not None:
            carried = result.era.state == "carried"
            check(name, "its end", ("10 February 2026" if carried else "2 March 2026") in text)
            check(name, "no other end", not carried or "2 March 2026" not in text)
            check(name, "it lapses", ("lapses" in text) == (result.era.state in ("carried", "uncertified")))


def test_what_is_released_no_more_is_reported_as_past_and_by_whom_it_ended() -> None:
    for name, _, result in all_of_them():
        lead, text = plain(summary.of(result).lead), text_of(result)
        releases = result.in_force is not None and result.in_force.policy.releases
        check(name, "present only where it is released", releases or "machine answers" not in text)
        past = bool(result.released) and not releases
        check(name, "past", ("alone so far; nothing is released now." in lead) == past)
        check(name, "nothing is promised of it", not past or "(certified" not in text)
        if past and name.startswith("stopped"):
            assert result.in_force is not None
            check(name, "who", f"Nothing is released since {plain(WHEN)}, by {result.in_force.adopted_by}." in text)
        check(name, "nothing is left to halt", releases or "or halt" not in text)


def test_while_nobody_reads_no_line_is_proposed_and_what_goes_on_is_what_the_era_leaves() -> None:
    for name, _, result in all_of_them():
        word, text = summary.proposed(result)[0], text_of(result)
        silent = result.silence in ("stopped", "unsettled", "doubted")
        check(name, "it waits", (word == "Wait for readers") == silent)
        goes_on = "It goes on by itself when labels are settled again" in text
        check(name, "it goes on", goes_on == (silent and result.goes_on))
        check(name, "why", ("with disputes counted as wrong" in text) == (result.silence == "doubted"))
        check(name, "it has lapsed", ("has lapsed meanwhile" in text) == (not result.goes_on))


def test_an_alarm_about_another_model_stops_nothing_in_force() -> None:
    for name, _, result in all_of_them():
        text = text_of(result)
        check(name, "its model", ("about what model m-1 released before" in text) == bool(result.past_alarms))
        check(name, "what is in force", not result.past_alarms or "Nothing is released since" not in text)


def test_an_epoch_without_cases_is_no_stream_without_cases() -> None:
    new = set()
    for name, _, result in all_of_them():
        text, came = text_of(result), bool(result.totals["decisions"])
        check(name, "none ever", ("No case has arrived yet." in text) == (not result.cases and not came))
        check(name, "none of this epoch", ("No case of this epoch has" in text) == (not result.cases and came))
        suspects = result.past_alarms or (result.alarm is not None and result.alarm.suspects)
        later = suspects or (result.totals["disputed"] and result.second_opinion)
        none = replace(result, queue=replace(result.queue, open=0, waiting=0))
        check(name, "the queue", ("is empty" in terminal.queue(none)) == (not later))
        if "No case of this epoch has" in text:
            new.add(name)
    assert new == {"a new epoch", "a new epoch after an alarm"}


def test_a_promise_to_each_class_by_itself_is_never_said_of_all_at_once() -> None:
    for name, _, result in all_of_them():
        text = text_of(result)
        check(name, "all at once", not result.each or "of each class is wrong" not in text)
        check(
            name, "by itself", ("Each class is certified by itself" in text) == (result.each and bool(result.classes))
        )


def test_a_line_that_the_labels_speak_against_is_not_called_certified_in_the_badge() -> None:
    against = set()
    for name, _, result in all_of_them():
        lines = [(one.in_force, one.verdict) for one in result.classes] or [(0.0, result.ruling)]
        exceeds = result.released and any(line is not None and verdict.exceeding is not None for line, verdict in lines)
        check(name, "certified", result.verdict != "certified" or not exceeds)
        if result.verdict == "contradicted":
            against.add(name)
            check(name, "exceeded", exceeds)
            check(name, "no voice says stay", summary.proposed(result)[0] not in ("Stay", "Move the threshold"))
            check(name, "no promise leads", "(certified" not in text_of(result))
    assert against == {"released against the labels, era carried", "released against the labels, era own"}


def test_a_part_is_called_above_the_target_only_where_its_limits_are_and_where_it_is_no_whole() -> None:
    low = Estimate(value=0.101, low=0.044, high=0.19, alpha=0.05, n=79, errors=8, method="a test")
    high = replace(low, low=0.06)
    whole = replace(high, n=130)
    flagged = [
        Slice(name=name, error=error, flagged=True) for name, error in (("answer: 1", high), ("answer: 0", whole))
    ]
    assert ["answer: 1 is above"] == [one[:18] for one in certificate_text.beware(report_of(slices=flagged))]
    counts = table(
        (
            (0.95, A, True, 0.5, "right", False, 71),
            (0.95, A, True, 0.5, "wrong", False, 8),
        )
    ).with_columns(slice=pl.lit("answer: ham"))
    (result,) = slices.table(counts, 0.05, 0.05)
    assert isinstance(result.error, Estimate)
    assert (result.error.low < 0.05, result.flagged) == (True, False)


@pytest.mark.parametrize(
    "name", ["half read, era nothing", "gathering, era carried", "a class backwards", "unread, era None"]
)
def test_the_page_says_the_same_sentences(name: str) -> None:
    first = next(result for one, _, result in all_of_them() if one == name)
    page = plain(report.page(first)).replace("&#39;", "'").replace("&gt;", ">")
    words = summary.of(first)
    for sentence in (words.lead, words.promise, words.basis, *summary.proposed(first), *certificate_text.lines(first)):
        assert plain(sentence) in page
    assert not re.search(r"\bNone\b", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
