"""Every sentence of a report holds of its own figures, in every state of a stream under every setting."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import pytest

from models import certificate
from models.policy import Policy
from models.stream import Stream
from review import certificate_text, changes, draws, headline, live, report, terminal, wording
from review.figures import Alarm, Era, Pace, Report
from tests.unit.report_facts import COUNTS, IN_FORCE, NOW, STANDING, STREAM, A, R, Row, made

NONE = replace(STANDING, certified=(), stops=(certificate.Stop(at=0, level=0.05),))
FEW = replace(NONE, labels=(20.0, 30.0), errors=(0.0, 0.0))
HOPELESS = replace(NONE, labels=(130.0, 150.0), errors=(30.0, 40.0))
BOTH = replace(STANDING, certified=(0, 1), stops=())
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
ALARM = Alarm(raised_at=NOW, labels=127, errors=8, clean_until=None, suspects=161, current=True)
EPOCHS = {  # counts, the last look, the policy in force, how the era can stand
    "unread": (UNREAD, FEW, COLD, ("nothing",)),
    "half read": (HALF_READ, FEW, COLD, ("nothing",)),
    "half read, no way seen": (HALF_READ, HOPELESS, COLD, ("nothing",)),
    "hopeless": (BAD, HOPELESS, COLD, ("nothing",)),
    "not looked at": (COUNTS, None, IN_FORCE, ("uncertified", "carried")),
    "to adopt": (HALF_READ, STANDING, COLD, ("nothing",)),
    "adopted": (COUNTS, STANDING, IN_FORCE, ("own",)),
    "gathering": (COUNTS, FEW, IN_FORCE, ("carried", "uncertified")),
    "too much released": (
        COUNTS,
        STANDING,
        replace(IN_FORCE, policy=Policy(threshold=0.3, audit_rate=0.1, blind_rate=0.3)),
        ("uncertified",),
    ),
    "adopted, disputes": (AUDITED, STANDING, IN_FORCE, ("own",)),
    "contradicted": (BAD, STANDING, COLD, ("nothing",)),
    "backwards": (BACKWARDS, BOTH, IN_FORCE, ("own", "uncertified")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the stream file says, and how long the stream has run."""

    second_opinion: bool
    capacity: int | None
    hours: float

    def stream(self) -> Stream:
        told = {"second_opinion": self.second_opinion, "capacity_per_day": self.capacity}
        return STREAM.model_copy(update={"review": STREAM.review.model_copy(update=told)})

    def pace(self) -> Pace:
        return Pace(hours=self.hours, answered=300, arrived=500, answer_hours=self.hours)


SETTINGS = [
    Setting(second_opinion=second, capacity=capacity, hours=hours)
    for second, capacity, hours in product((True, False), (None, 100), (2.0, 48.0))
]


def reports() -> Iterator[tuple[str, Setting, Report]]:
    for setting in SETTINGS:
        known = {"stream": setting.stream(), "pace": setting.pace()}
        for name, (rows, standing, policy, states) in EPOCHS.items():
            # Without a second opinion an answer against the model is settled at once.
            told = (
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
                        ends_at="2026-03-02T00:00:00.000000Z",
                        until="2026-02-10T00:00:00.000000Z",
                        state=state,  # type: ignore[arg-type]
                    )
                )
                found = made(told, policy=policy, standing=standing, totals=disputed, era=era, **known)  # type: ignore[arg-type]
                yield f"{name}, era {state}", setting, found
        classes = {"0": (STANDING, COUNTS), "1": (FEW, COUNTS[4:])}
        yield "per class", setting, made(policy=BY_CLASS, classes=classes, **known)  # type: ignore[arg-type]
        backwards = {"0": (BOTH, BACKWARDS), "1": (FEW, COUNTS[4:])}
        yield "a class backwards", setting, made(policy=BY_CLASS, classes=backwards, **known)  # type: ignore[arg-type]
        yield "alarm", setting, made(policy=COLD, standing=FEW, alarm=ALARM, **known)  # type: ignore[arg-type]
        yield "empty", setting, made((), policy=None, **known)  # type: ignore[arg-type]


@cache
def all_of_them() -> list[tuple[str, Setting, Report]]:
    return list(reports())


def plain(text: str) -> str:
    return text.replace(wording.SPACE, " ").replace(wording.THIN, "")


def said(found: Report) -> str:
    """Everything that is said of a report in sentences."""
    rows = [str(value) for row in live.of(found)["rows"] for value in row["say"].values()]
    return plain("\n".join([report.lines(found), changes.forecast(found), *changes.drift(found), *rows]))


def check(name: str, rule: str, holds: object) -> None:
    assert holds, f"{name}: {rule}"


def test_what_is_disputed_or_not_sent_is_told_beside_every_estimate_that_takes_it_for_wrong() -> None:
    for name, _, found in all_of_them():
        disputed = found.audits_disputed if found.released else draws.at(found.draws, 0.0).disputed
        basis = plain(headline.of(found).basis)
        check(name, "disputed", (f"{disputed} of the wrong wait for another reader" in basis) == bool(disputed))
        check(name, "an unsent draw is never an error", found.everything.errors <= found.everything.n)
        check(name, "only answers are labels", found.everything.n == draws.at(found.draws, 0.0).read)


def test_another_reader_is_named_only_where_there_is_one() -> None:
    for name, setting, found in all_of_them():
        if not setting.second_opinion:
            check(name, "nobody else reads it", "another read" not in said(found))
        elif found.totals["disputed"]:
            check(name, "disputes are told", "another reads it" in terminal.queue(found))


def test_no_blind_label_is_said_only_where_there_is_none_and_counts_are_those_of_the_draws() -> None:
    for name, _, found in all_of_them():
        text, proposal = plain(certificate_text.needed(found)), found.proposal
        if proposal is None or proposal.needed is None:
            check(name, "no label is missed where none is needed", "There is no blind label" not in said(found))
            continue
        there = draws.at(found.draws, proposal.needed.threshold)
        check(name, "no blind label", ("no blind label" in text) == (there.read == 0))
        check(name, "labels", not there.read or f"{there.read} blind label" in text)
        check(name, "disputed", not there.disputed or f"{there.disputed} of them wait for another reader" in text)
        check(name, "unsent", not there.unsent or f"{there.unsent} are not sent yet" in text)
        check(name, "work", found.in_force is None or " of people" in text)


def test_that_no_number_of_labels_would_do_is_said_by_settled_labels_only() -> None:
    hopeless = []
    for name, _, found in all_of_them():
        if "no number of labels would certify one" in said(found):
            assert found.proposal is not None
            for at in found.proposal.next:
                there = draws.at(found.draws, at)
                check(name, "settled errors are too many", there.wrong >= found.target * there.settled > 0)
            hopeless.append(name)
    assert {name.split(",")[0] for name in hopeless} == {
        "hopeless",
        "half read",
    }  # the latter: disputes settled as wrong


def test_the_promise_leads_only_where_it_is_proved_and_stands_alone() -> None:
    led = set()
    for name, _, found in all_of_them():
        words = headline.of(found)
        first = plain(f"{words.lead} {words.promise}")
        if "(certified" not in first:
            check(name, "where the badge says certified the promise leads", found.verdict != "certified")
            continue
        led.add(name)
        check(name, "one at most", first.count("at most") == 1)
        check(name, "the target", f"at most {wording.whole(found.target)}".replace(wording.SPACE, " ") in first)
        check(name, "the badge", headline.verdict(found)[1] == "Certified")
        assert found.in_force is not None
        lines = [(one.in_force, one.verdict) for one in found.classes] or [
            (found.in_force.policy.threshold, found.ruling)
        ]
        for line, verdict in lines:
            check(name, "the gate is silent", line is None or not verdict.refusals)
            stands = found.era is not None and found.era.state in ("own", "carried")
            check(name, "it is certified", line is None or stands or line in verdict.allowed)
        check(
            name,
            "carried is said",
            ("in era 1, until" in first) == (found.era is not None and found.era.state == "carried"),
        )
    assert led == {
        "adopted, era None",
        "adopted, era own",
        "adopted, disputes, era None",
        "adopted, disputes, era own",
        "gathering, era carried",
        "not looked at, era carried",
        "per class",
    }


def test_only_what_may_be_adopted_is_proposed_and_every_command_says_whether_it_is_certified() -> None:
    moved = set()
    for name, _, found in all_of_them():
        word = headline.proposed(found)[0]
        barred = found.ruling.refusals or any(one.verdict.refusals for one in found.classes)
        if word.startswith("Move"):
            moved.add(name)
            check(name, "nothing speaks against it", not barred and not (found.alarm and found.alarm.current))
            check(name, "it may be adopted", found.ruling.threshold in found.ruling.allowed)
        if barred:
            check(name, "the gate", word == "Do not release")
            certified = [line for line in certificate_text.lines(found) if line.startswith("Certified")]
            check(name, "the certificate", all("must not be routed by" in line for line in certified))
        check(name, "the alarm", (word == "Find the cause") == (found.alarm is not None))
        news = dict(changes.news(found, None))
        check(name, "news", ("proposal" in news) == word.startswith("Move"))
        for row in found.what_if.rows.iter_rows(named=True):
            if row["threshold"] is not None and not found.classes:
                asks = "--uncertified" in live.command(found, row)
                check(name, "the command", asks == (found.ruling.against(row["threshold"]) is not None))
    assert {name.split(",")[0] for name in moved} == {"to adopt", "too much released"}


def test_a_pace_is_told_after_a_day_and_days_only_where_it_is_known() -> None:
    for name, setting, found in all_of_them():
        forecast = changes.forecast(found)
        waits = found.queue.open + found.queue.waiting
        check(name, "the forecast", ("known after a day" in forecast) == bool(waits and setting.hours < 24))
        needed = certificate_text.needed(found)
        if " of people" in needed:
            # How much people can read may be in the stream file; how many cases come nobody knows before there is a day.
            of = "cases" if setting.capacity is not None else "cases and of answers"
            check(
                name, "the days", (f"in how many days is known after a day of {of}" in needed) == (setting.hours < 24)
            )


def test_an_era_is_spoken_of_where_there_is_one_with_its_end() -> None:
    for name, _, found in all_of_them():
        text = said(found)
        check(name, "no era, no word", found.era is not None or " era " not in text)
        if found.era is not None:
            carried = found.era.state == "carried"
            check(name, "its end", ("10 February 2026" if carried else "2 March 2026") in text)
            check(name, "no other end", not carried or "2 March 2026" not in text)
            check(name, "it lapses", ("lapses" in text) == (found.era.state in ("carried", "uncertified")))


@pytest.mark.parametrize(
    "name", ["half read, era nothing", "gathering, era carried", "a class backwards", "unread, era None"]
)
def test_the_page_says_the_same_sentences(name: str) -> None:
    found = next(found for one, _, found in all_of_them() if one == name)
    page = plain(report.page(found)).replace("&#39;", "'").replace("&gt;", ">")
    words = headline.of(found)
    for sentence in (words.lead, words.promise, words.basis, *headline.proposed(found), *certificate_text.lines(found)):
        assert plain(sentence) in page
    assert not re.search(r"\bNone\b", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
