"""Every sentence of a report holds of its own figures, in every state of a stream under every setting."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import polars as pl
import pytest

from models.certification import certificate
from models.config.stream import Stream
from models.evaluation import slices
from models.evaluation.estimate import Estimate
from models.evaluation.slices import Slice
from models.routing.policy import Policy
from review import formats
from review.queries import blind_samples
from review.report import certificate_text, changes, report, slider, summary, terminal
from review.report.figures import Alarm, Era, Pace, Report
from tests.unit.review.report.report_facts import COUNTS, IN_FORCE, NOW, PROGRESS, STREAM, A, R, Row, report_of, table

pytestmark = pytest.mark.xdist_group("sentences")  # what they share takes half a minute to make

NONE = replace(PROGRESS, certified=(), stops=(certificate.Stop(at=0, level=0.05),))
FEW = replace(NONE, labels=(20.0, 30.0), errors=(0.0, 0.0))
HOPELESS = replace(NONE, labels=(130.0, 150.0), errors=(30.0, 40.0))
BOTH = replace(PROGRESS, certified=(0, 1), stops=())
COLD = replace(IN_FORCE, policy=Policy(threshold=None, audit_rate=0.1, blind_rate=1.0))
BY_CLASS = replace(
    IN_FORCE, policy=Policy(threshold=None, by_class={"0": 0.9, "1": None}, audit_rate=0.1, blind_rate=0.3)
)
UNREAD: tuple[Row, ...] = ((0.95, R, True, 1.0, "waiting", False, 700), (0.4, R, True, 1.0, "open", False, 200))
HALF_READ: tuple[Row, ...] = (
    (0.95, R, True, 1.0, "right", False, 238),
    (0.95, R, True, 1.0, "disputed", False, 40),
    (0.95, R, True, 1.0, "waiting", False, 650),
    (0.95, R, True, 1.0, "skipped", False, 1),
    (0.4, R, True, 1.0, "open", False, 71),
)
BAD: tuple[Row, ...] = ((0.95, R, True, 1.0, "right", False, 60), (0.95, R, True, 1.0, "wrong", False, 40))
BACKWARDS: tuple[Row, ...] = (
    (0.95, A, True, 0.1, "right", False, 80),
    (0.95, A, True, 0.1, "wrong", False, 20),
    (0.4, R, True, 0.3, "right", False, 900),
)
AUDITED: tuple[Row, ...] = (
    *COUNTS[:3],
    (0.95, A, True, 0.1, "disputed", False, 6),
    (0.95, A, True, 0.1, "waiting", False, 9),
)
WHEN = formats.when(IN_FORCE.adopted_at)
ALARM = Alarm(raised_at=NOW, labels=127, errors=8, clean_until=None, suspects=161, current=True)
# Few audits say little of the released, and the labels of the cold start put the threshold above the target.
DOUBTED: tuple[Row, ...] = (
    (0.95, R, True, 1.0, "right", False, 260),
    (0.95, R, True, 1.0, "wrong", False, 40),
    (0.95, A, False, 0.1, "unsampled", False, 90),
    (0.95, A, True, 0.1, "right", False, 10),
)
ENDS, UNTIL = "2026-03-02T00:00:00.000000Z", "2026-02-10T00:00:00.000000Z"


def by_itself(stream: Stream) -> Stream:
    return stream.model_copy(update={"policy": stream.policy.model_copy(update={"per_class": "each"})})


EPOCHS = {  # counts, the last look, the policy in force, how the era can stand
    "unread": (UNREAD, FEW, COLD, ("nothing",)),
    "half read": (HALF_READ, FEW, COLD, ("nothing",)),
    "half read, no way seen": (HALF_READ, HOPELESS, COLD, ("nothing",)),
    "hopeless": (BAD, HOPELESS, COLD, ("nothing",)),
    "not looked at": (COUNTS, None, IN_FORCE, ("uncertified", "carried")),
    "to adopt": (HALF_READ, PROGRESS, COLD, ("nothing",)),
    "adopted": (COUNTS, PROGRESS, IN_FORCE, ("own",)),
    "gathering": (COUNTS, FEW, IN_FORCE, ("carried", "uncertified")),
    "too much released": (
        COUNTS,
        PROGRESS,
        replace(IN_FORCE, policy=Policy(threshold=0.3, audit_rate=0.1, blind_rate=0.3)),
        ("uncertified",),
    ),
    "adopted, disputes": (AUDITED, PROGRESS, IN_FORCE, ("own",)),
    "contradicted": (BAD, PROGRESS, COLD, ("nothing",)),
    "backwards": (BACKWARDS, BOTH, IN_FORCE, ("own", "uncertified")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the stream file says, and how long the stream has run."""

    second_opinion: bool
    capacity: int | None
    hours: float

    def stream(self) -> Stream:
        reported = {"second_opinion": self.second_opinion, "capacity_per_day": self.capacity}
        return STREAM.model_copy(update={"review": STREAM.review.model_copy(update=reported)})

    def pace(self) -> Pace:
        return Pace(hours=self.hours, answered=300, arrived=500, answer_hours=self.hours)


SETTINGS = [
    Setting(second_opinion=second, capacity=capacity, hours=hours)
    for second, capacity, hours in product((True, False), (None, 100), (2.0, 48.0))
]


def reports() -> Iterator[tuple[str, Setting, Report]]:
    for setting in SETTINGS:
        known = {"stream": setting.stream(), "pace": setting.pace()}
        for name, (rows, progress, policy, states) in EPOCHS.items():
            # Without a second opinion an answer against the model is settled at once.
            reported = (
                rows
                if setting.second_opinion
                else tuple((*row[:4], row[4].replace("disputed", "wrong"), *row[5:]) for row in rows)
            )
            disputed = {"disputed": sum(row[-1] for row in rows if row[4] == "disputed")}
            for state in (None, *states):
                era = (
                    None
                    if state is None
                    else Era(
                        number=2,
                        ends_at=ENDS,
                        until=UNTIL,
                        state=state,  # type: ignore[arg-type]
                    )
                )
                result = report_of(reported, policy=policy, progress=progress, totals=disputed, era=era, **known)  # type: ignore[arg-type]
                yield f"{name}, era {state}", setting, result
        classes = {"0": (PROGRESS, COUNTS), "1": (FEW, COUNTS[4:])}
        yield "per class", setting, report_of(policy=BY_CLASS, classes=classes, **known)  # type: ignore[arg-type]
        backwards = {"0": (BOTH, BACKWARDS), "1": (FEW, COUNTS[4:])}
        yield "a class backwards", setting, report_of(policy=BY_CLASS, classes=backwards, **known)  # type: ignore[arg-type]
        each = known | {"stream": by_itself(setting.stream())}
        yield "per class, each", setting, report_of(policy=BY_CLASS, classes=classes, **each)  # type: ignore[arg-type]
        for who in ("ann@example.org", "the era"):
            stopped = replace(COLD, adopted_by=who)
            yield f"stopped by {who}", setting, report_of(policy=stopped, progress=PROGRESS, **known)  # type: ignore[arg-type]
        for silence, goes_on in product(("stopped", "unsettled", "doubted"), (True, False)):
            era = None if goes_on else Era(number=2, ends_at=ENDS, until=ENDS, state="nothing")
            silent = known | {"silence": silence, "goes_on": goes_on, "era": era}
            policy = replace(COLD, adopted_by="the silence rule")
            result = report_of(policy=policy, progress=PROGRESS, **silent)  # type: ignore[arg-type]
            yield f"silenced, {silence}, goes on: {goes_on}", setting, result
        carried = Era(number=2, ends_at=ENDS, until=UNTIL, state="carried")
        own = replace(carried, state="own")
        for era, progress in ((carried, FEW), (own, PROGRESS)):
            result = report_of(DOUBTED, progress=progress, era=era, **known)  # type: ignore[arg-type]
            yield f"released against the labels, era {era.state}", setting, result
        before = {"decisions": 900, "disputed": 3}
        for name, alarm in (("a new epoch", None), ("a new epoch after an alarm", ALARM)):
            yield name, setting, report_of((), policy=COLD, totals=before, alarm=alarm, **known)  # type: ignore[arg-type]
        past = replace(ALARM, current=False, model="m-1")
        yield "past alarm", setting, replace(report_of(progress=PROGRESS, **known), past_alarms=(past,))  # type: ignore[arg-type]
        yield "alarm", setting, report_of(policy=COLD, progress=FEW, alarm=ALARM, **known)  # type: ignore[arg-type]
        yield "empty", setting, report_of((), policy=None, **known)  # type: ignore[arg-type]


@cache
def all_of_them() -> list[tuple[str, Setting, Report]]:
    return list(reports())


def plain(text: str) -> str:
    return text.replace(formats.SPACE, " ").replace(formats.THIN, "")


def text_of(result: Report) -> str:
    """Everything that is said of a report in sentences."""
    rows = [str(value) for row in slider.of(result)["rows"] for value in row["say"].values()]
    return plain("\n".join([report.lines(result), changes.forecast(result), *changes.drift(result), *rows]))


def check(name: str, rule: str, holds: object) -> None:
    assert holds, f"{name}: {rule}"


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
