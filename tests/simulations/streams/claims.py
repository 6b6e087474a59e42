"""What a report claims, sentence by sentence, and what the ledger and the planted truth say to it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.simulations.streams import driver, facts, product, world
from tests.simulations.streams.facts import Facts, Row

# Digits are grouped by a narrow no-break space, and a no-break space stands before a unit.
N, P, T = r"([\d\u202f]+)", r"([\d.]+)\u00a0%", r"confidence \u2265\u00a0([\d.e+-]+)"
W = r"(\d+ \w+ \d{4}, \d\d:\d\d UTC)"
LABELS = rf"{N} blind labels?, {N} wrong"
PENDING = (
    rf"(?:{N} waits? for another reader)?(?:, )?(?:{N} (?:was|were) passed on)?(?:, )?(?:{N} (?:is|are) unanswered)?(?:, )?"
    rf"(?:{N} (?:is|are) not sent yet)?"
)
Said = Iterator[tuple[str, str]]
Check = Callable[[re.Match[str], "Scene"], Said]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a report spoke of: the ledger then, the policy in force, the epoch's cases, and what people had said of them.

    `before`: earlier reports of the stream by the time they name. `limits`: of each kind the newest limit, and whether the
    planted truth is beyond it.
    """

    known: Facts
    policy: Row
    adoption: Row
    era: Row | None
    cases: list[Row]
    readings: Mapping[str, list[Row]]
    truth: Mapping[str, driver.Truth]
    before: Mapping[str, "Scene"]
    limits: dict[str, bool]

    @staticmethod
    def of(
        known: Facts, truth: Mapping[str, driver.Truth], before: Mapping[str, "Scene"], limits: dict[str, bool]
    ) -> "Scene":
        """The scene of a ledger as it is."""
        policy = known.in_force()
        assert policy is not None, "a stream begins with a policy"
        epoch_id = policy["epoch_id"]
        eras = [row for row in known.tables["era_plan"] if row["epoch_id"] == epoch_id]
        return Scene(
            known,
            policy,
            max(known.tables["adoption"], key=lambda row: row["version"]),
            max(eras, key=lambda row: row["era"], default=None),
            known.cases(epoch_id),
            known.readings(),
            truth,
            dict(before),
            limits,
        )

    @property
    def released(self) -> list[Row]:
        """The released ones."""
        return [row for row in self.cases if row["route"] == "AUTOMATE"]

    @property
    def scored(self) -> list[Row]:
        """Those that have a confidence."""
        return [row for row in self.cases if row["confidence"] is not None]

    def at(self, line: float) -> list[Row]:
        """Those at or above a threshold."""
        return [row for row in self.scored if row["confidence"] >= line]

    def line(self, shown: str) -> float:
        """The registered threshold that a number on the page stands for: it is cut, never rounded up."""
        plans = [row for row in self.known.tables["era_plan"] if row["epoch_id"] == self.policy["epoch_id"]]
        lines = {line for row in plans for line in facts.thresholds(row)} | {0.0}
        lines |= {row["threshold"] for row in self.known.tables["policy"] if row["threshold"] is not None}
        return min((line for line in lines if line >= float(shown)), default=float(shown))

    def certified(self, era: int) -> set[float]:
        """What an era of the epoch has certified so far."""
        return self.known.certified(self.policy["epoch_id"], era)

    @property
    def now_certified(self) -> set[float]:
        """What the era under way has certified so far."""
        return set() if self.era is None else self.certified(self.era["era"])

    def labels(self, cases: list[Row]) -> list[str]:
        """What blind readings say of those that were read: right, wrong or disputed."""
        said = [self.known.said(row, self.readings) for row in cases if row["blind"]]
        return [one for one in said if one != "none"]

    def share_wrong(self, cases: list[Row]) -> float:
        """The planted share of wrong ones."""
        return sum(self.truth[row["case_id"]].wrong for row in cases) / max(len(cases), 1)


def number(digits: str | None) -> int:
    """A count as it is printed; None, where a sentence leaves it out, is 0."""
    return int(digits.replace("\u202f", "")) if digits else 0


def near(printed: str, share: float) -> bool:
    """Whether a percentage is this share, to the decimals it is printed with."""
    decimals = len(printed.partition(".")[2])
    return abs(float(printed) - 100 * share) <= 0.5000001 / 10.0**decimals


def when(written: str) -> str:
    """An instant of the ledger as a report writes it."""
    instant = datetime.fromisoformat(written).astimezone(UTC)
    return f"{instant.day} {instant:%B %Y, %H:%M} UTC"


def _is(found: re.Match[str], said: object, true: object, kind: str = "count") -> Said:
    if said != true:
        yield kind, f"{found[0]!r}: {said}, but it is {true}"


def _every(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, (number(found[1]), 0), (len(scene.cases), len(scene.released)))


def _none_arrived(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, 0, len(scene.cases))


def _alone(found: re.Match[str], scene: Scene) -> Said:
    share = len(scene.released) / max(len(scene.cases), 1)
    if not near(found[1], share):
        yield "count", f"{found[0]!r}, but {len(scene.released)} of {len(scene.cases)} are released"
    if found[2]:
        wrong = 100 * scene.share_wrong(scene.released)
        scene.limits["released, too high"] = wrong < float(found[2])
        scene.limits["released, too low"] = wrong > float(found[3])


def _released(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, (number(found[1]), number(found[2])), (len(scene.released), len(scene.cases)))


def _at_most(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, number(found[3]), len(scene.released))
    scene.limits["released"] = 100 * scene.share_wrong(scene.released) > float(found[2])


def _labelled(found: re.Match[str], said: tuple[str, str], cases: list[Row], scene: Scene) -> Said:
    """Labels that are told exist, and those that exist are told; what is disputed counts as wrong until it is settled."""
    there = scene.labels(cases)
    true = len(there), there.count("wrong") + there.count("disputed")
    yield from _is(found, (number(said[0]), number(said[1])), true)


def _estimate(found: re.Match[str], scene: Scene) -> Said:
    yield from _labelled(found, (found[2], found[3]), scene.released, scene)


def _best(found: re.Match[str], scene: Scene) -> Said:
    yield from _labelled(found, (found[1], found[2]), scene.released, scene)


def _everything(found: re.Match[str], scene: Scene) -> Said:
    yield from _labelled(found, (found[5], found[6]), scene.scored, scene)
    share = 100 * scene.share_wrong(scene.scored)
    scene.limits["everything, too low"] = share > float(found[4])
    scene.limits["everything, too high"] = share < float(found[3])


def _waits(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, number(found[1]), scene.labels(scene.released or scene.scored).count("disputed"))


def _wider(found: re.Match[str], scene: Scene) -> Said:
    line = scene.policy["threshold"]
    true = len(scene.labels(scene.released)), len(scene.labels(scene.at(line)))
    yield from _is(found, (number(found[1]), number(found[2])), true)


def _at_line(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, number(found[3]), len(scene.labels(scene.at(scene.policy["threshold"]))))
    if abs(number(found[4]) - 1 / scene.policy["audit_rate"]) > 0.5:
        yield "count", f"{found[0]!r}, but one in {1 / scene.policy['audit_rate']:.3g} is drawn"


def _none_answered(found: re.Match[str], scene: Scene) -> Said:
    drawn = [row for row in scene.released or scene.scored if row["blind"]]
    if there := scene.labels(drawn):
        yield "absent", f"{found[0]!r}, but {len(there)} are"
    yield from _is(found, number(found[1]), len(drawn))


def _none_drawn(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, 0, sum(row["blind"] for row in scene.released or scene.scored), "absent")


def _no_release(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, None, scene.policy["threshold"])


def _none_so_sure(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, (True, 0), (scene.policy["threshold"] is not None, len(scene.released)))


def _promised(found: re.Match[str], scene: Scene) -> Said:
    """The first line: the line in force is certified by the era it names, or else the one under way."""
    yield from _is(found, (found[1], found[2]), (f"{100 * (1 - world.DELTA):g}", f"{100 * world.ALPHA:g}"))
    era = scene.era
    if era is None or not _holds(scene, int(found[3]) if found[3] else era["era"]):
        yield "promise", f"{found[0]!r}, but no certificate of that era holds {scene.policy['threshold']}"
    elif found[3]:
        yield from _is(found, (int(found[3]), found[4]), (era["era"] - 1, when(_two_thirds(era))))


def _holds(scene: Scene, era: int) -> bool:
    return scene.policy["threshold"] in scene.certified(era)


def _two_thirds(era: Row) -> str:
    began, ends = (datetime.fromisoformat(era[name]) for name in ("registered_at", "ends_at"))
    return (began + timedelta(days=(ends - began).days * 2 // 3)).isoformat()


def _target_certified(found: re.Match[str], scene: Scene) -> Said:
    era = scene.era
    if era is None or not _holds(scene, era["era"]):
        yield "promise", f"{found[0]!r}, but no certificate holds {scene.policy['threshold']}"
    elif found[1]:
        yield from _is(found, found[1], when(era["ends_at"]))


def _target_carried(found: re.Match[str], scene: Scene) -> Said:
    yield from _carries(found, scene, int(found[1]), int(found[3]), found[2])


def _gathers(found: re.Match[str], scene: Scene) -> Said:
    era = scene.era
    true = (None, None) if era is None else (era["era"], when(era["ends_at"]))
    yield from _is(found, (int(found[1]), found[2]), true)


def _own(found: re.Match[str], scene: Scene) -> Said:
    yield from _gathers(found, scene)
    if not _holds(scene, int(found[1])):
        yield "promise", f"{found[0]!r}, but that era does not certify {scene.policy['threshold']}"


def _carried(found: re.Match[str], scene: Scene) -> Said:
    yield from _carries(found, scene, int(found[1]), int(found[2]), found[3])


def _carries(found: re.Match[str], scene: Scene, before: int, now: int, lapses: str) -> Said:
    era = scene.era
    assert era is not None, "an era is named"
    yield from _is(found, (before, now, lapses), (era["era"] - 1, era["era"], when(_two_thirds(era))))
    if not _holds(scene, before) or _holds(scene, era["era"]):
        yield "promise", f"{found[0]!r}, but {scene.policy['threshold']} is not certified by just era {before}"


def _uncertified(found: re.Match[str], scene: Scene) -> Said:
    yield from _gathers(found, scene)
    if _holds(scene, int(found[1])):
        yield "promise", f"{found[0]!r}, but that era certifies {scene.policy['threshold']}"
    if found[3] and scene.era is not None:
        yield from _is(found, found[3], when(_two_thirds(scene.era)))


def _checked(region: str, scene: Scene) -> list[list[Row]]:
    """The readings of each case of a region whose first blind answer agreed with the model and that was read again."""
    cases = [row for row in scene.cases if row["blind"] and row["case_id"] in scene.readings]
    if region == "the released":
        cases = [row for row in cases if row["route"] == "AUTOMATE"]
    pairs = ((row, scene.readings[row["case_id"]]) for row in cases)
    return [read for row, read in pairs if len(read) > 1 and read[0]["answer"] == row["prediction"]]


def _readers(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, number(found[1]), len(_checked(found[6], scene)))
    region = scene.released if found[6] == "the released" else scene.scored
    share = 100 * scene.share_wrong(region)
    scene.limits["readers, too high"] = share < float(found[4])
    scene.limits["readers, too low"] = share > float(found[5])


def _readers_few(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, number(found[2]), len(_checked(found[1], scene)))


def _readers_none(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, 0, len(_checked(found[1], scene)), "absent")


def _not_measured(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, True, scene.known.alone)


def _caught(found: re.Match[str], scene: Scene) -> Said:
    """Errors that two readers found: no more than cases that two hold to be wrong."""
    against = {row["case_id"]: row["prediction"] for row in scene.cases if row["blind"]}
    both = sum(
        sum(one["answer"] != against[case] for one in read) > 1
        for case, read in scene.readings.items()
        if case in against
    )
    if number(found[2]) > both:
        yield "count", f"{found[0]!r}, but two readers hold {both} to be wrong"


def _repeats(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, number(found[1]), sum(row["held"] is not None for row in scene.cases))


def _stopped(found: re.Match[str], scene: Scene) -> Said:
    said = scene.adoption["adopted_by"] == product.SILENCE and scene.policy["threshold"] is None
    yield from _is(found, True, said)


def _stops_soon(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, True, scene.policy["threshold"] is not None)
    drawn = [row for row in scene.released if row["blind"]]
    yield from _is(found, True, any(row["case_id"] not in scene.readings for row in drawn), "absent")


def _alarm(found: re.Match[str], scene: Scene) -> Said:
    alarm = scene.known.tables["alarm"][-1]
    yield from _is(found, (number(found[1]), number(found[2])), (alarm["errors"], alarm["labels"]))
    sent = {row["case_id"] for row in scene.known.tables["recall"]}
    there = {
        row["case_id"]
        for one in scene.known.tables["alarm"]
        for row in scene.known.cases(one["epoch_id"])
        if row["route"] == "AUTOMATE" and row["seal"] > one["clean_seal"]
    }
    yield from _is(found, number(found[3]), sum(one not in sent and one not in scene.readings for one in there))


def _closed(found: re.Match[str], scene: Scene) -> Said:
    alarms = scene.known.tables["alarm"]
    yield from _is(found, True, bool(alarms) and scene.policy["threshold"] is None)


def _nothing(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, set(), scene.now_certified)


def _looked_at_none(found: re.Match[str], scene: Scene) -> Said:
    looks = [row for row in scene.known.tables["look"] if row["epoch_id"] == scene.policy["epoch_id"]]
    yield from _is(found, 0, len(looks), "absent")


def _certificate(found: re.Match[str], scene: Scene) -> Said:
    line = scene.line(found[1])
    if line not in scene.now_certified:
        yield "promise", f"{found[0]!r}, but certified is {sorted(scene.now_certified)[:3]}"
    share = len(scene.at(line)) / len(scene.scored)
    if not near(found[2], share):
        yield "count", f"{found[0]!r}, but {100 * share:.2f} % of cases are at or above it"


def _rests_on(found: re.Match[str], scene: Scene) -> Said:
    """Labels that a certificate counts are there: weighted to the smallest chance of a draw, and of a prefix, never more."""
    line = min(scene.now_certified, default=0.0)
    after = -1 if scene.era is None else scene.era["after_seal"]
    there = scene.labels([row for row in scene.at(line) if row["seal"] > after and row["held"] is None])
    pending = sum(row["blind"] for row in scene.at(line)) - len(there)
    if number(found[1]) > len(there) + pending or number(found[2]) > len(there) - there.count("right") + pending:
        yield "count", f"{found[0]!r}, but there are {len(there)}, {there.count('wrong')} of them wrong"


def _stay(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, True, scene.policy["threshold"] in scene.now_certified)


def _against(found: re.Match[str], scene: Scene) -> Said:
    if float(found[1]) < 100 * world.ALPHA or scene.line(found[2]) not in scene.now_certified:
        yield "contradiction", f"{found[0]!r}, with certified {sorted(scene.now_certified)[:3]}"


def _so_far(found: re.Match[str], scene: Scene) -> Said:
    there = scene.at(scene.line(found[2]))
    labels = scene.labels(there)
    said = number(found[1]), number(found[3]), number(found[4])
    yield from _is(found, said, (len(labels), labels.count("wrong"), labels.count("disputed")))
    yield from _pending(found, ("0", *found.groups()[5:8]), there, scene, disputed=0)


def _no_label(found: re.Match[str], scene: Scene) -> Said:
    there = scene.at(scene.line(found[1]))
    if labels := scene.labels(there):
        yield "absent", f"{found[0]!r}, but there are {len(labels)}"
    yield from _pending(found, found.groups()[1:5], there, scene, disputed=0)


def _pending(
    found: re.Match[str], said: tuple[str | None, ...], cases: list[Row], scene: Scene, *, disputed: int
) -> Said:
    """Draws that nobody has answered, told apart: passed on, before people, not sent."""
    sent = {row["case_id"] for row in scene.known.tables["dispatch"]}
    skipped = {row["case_id"] for row in scene.known.tables["review"] if row["outcome"] == "skip"}
    unread = [row["case_id"] for row in cases if row["blind"] and row["case_id"] not in scene.readings]
    passed = sum(case in skipped for case in unread)
    unsent = sum(case not in sent for case in unread)
    yield from _is(found, tuple(map(number, said)), (disputed, passed, len(unread) - passed - unsent, unsent))


def _hopeless(found: re.Match[str], scene: Scene) -> Said:
    if set(scene.labels(scene.cases)) <= {"right"}:
        yield "absent", f"{found[0]!r}, but no error was seen"


def _unsettled(found: re.Match[str], scene: Scene) -> Said:
    """Draws that count as wrong until they are settled: of each kind no more than there are."""
    drawn = [row for row in scene.scored if row["blind"]]
    unread = sum(row["case_id"] not in scene.readings for row in drawn)
    disputed = scene.labels(drawn).count("disputed")
    if number(found[1]) > disputed or sum(map(number, found.groups()[1:4])) > unread:
        yield "count", f"{found[0]!r}, but {disputed} are disputed and {unread} unread"


def _few_errors(found: re.Match[str], scene: Scene) -> Said:
    labels = scene.labels(scene.scored)
    low, high = labels.count("wrong"), labels.count("wrong") + labels.count("disputed")
    if not low <= number(found[1]) <= high:
        yield "count", f"{found[0]!r}, but {low} are wrong and {high - low} disputed"


def _part(found: re.Match[str], scene: Scene) -> Said:
    if float(found[2]) <= 100 * world.ALPHA:
        yield "contradiction", f"{found[0]!r}, with a target of {100 * world.ALPHA:g} %"
    yield from _is(found, True, bool(scene.released))


def _since(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, True, found[1] in scene.before)


def _newest(scene: Scene) -> Scene:
    """The report of an earlier day that changes are told against."""
    return list(scene.before.values())[-1]


def _new_epoch(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, True, scene.policy["epoch_id"] != _newest(scene).policy["epoch_id"])


def _moved(found: re.Match[str], scene: Scene) -> Said:
    before = _newest(scene).adoption["version"]
    yield from _is(found, (int(found[1]), int(found[2])), (before, scene.adoption["version"]))
    line = scene.policy["threshold"]
    shown = None if found[3] is None else scene.line(found[3])
    yield from _is(found, shown, line)


def _more_cases(found: re.Match[str], scene: Scene) -> Said:
    before = _newest(scene)
    true = len(scene.cases) - len(before.cases), len(scene.released) - len(before.released)
    yield from _is(found, (number(found[1]), number(found[2])), true)


def _more_labels(found: re.Match[str], scene: Scene) -> Said:
    counts = []
    for one in (_newest(scene), scene):
        there = one.labels(one.scored)
        counts.append((len(there), len(there) - there.count("right")))
    (labels, wrong), (more, worse) = counts
    true = more - labels, max(worse - wrong, 0), max(wrong - worse, 0)
    yield from _is(found, (number(found[1]), number(found[2]), number(found[3])), true)


def _certified_now(found: re.Match[str], scene: Scene) -> Said:
    then = _newest(scene)
    for shown, one in ((found[1], then), (found[2], scene)):
        line = min(one.now_certified, default=None)
        yield from _is(found, None if shown is None else one.line(shown), line)


def _for_people(found: re.Match[str], scene: Scene) -> Said:
    yield from _is(found, (number(found[1]), number(found[2])), (_queue(_newest(scene)), _queue(scene)))


def _queue(scene: Scene) -> int:
    """Readings that are asked for and not given: of what was sent, and of what waits to be sent for the first time."""
    tables = scene.known.tables
    sent = {(row["case_id"], row["slot"]) for row in tables["dispatch"]}
    given = {(row["case_id"], row["slot"]) for row in tables["review"] if row["outcome"] == "answer"}
    recalled = {row["case_id"] for row in tables["recall"]}
    due = {
        row["case_id"]
        for row in tables["decision"]
        if row["route"] == "REVIEW" or row["blind"] or row["case_id"] in recalled
    }
    return len(sent - given) + len(due - {case for case, _ in sent})


def _unchanged(found: re.Match[str], scene: Scene) -> Said:
    before = _newest(scene)
    yield from _is(found, len(before.cases), len(scene.cases))


def _watched(found: re.Match[str], scene: Scene) -> Said:
    labels = facts.released_labels(scene.known, scene.policy["epoch_id"])
    yield from _is(found, number(found[2]), sum(wrong for _, wrong in labels))
    least = len(labels) - facts.perhaps_due(scene.known, scene.policy["epoch_id"])
    if not least <= number(found[1]) <= len(labels):
        yield "count", f"{found[0]!r}, but there are {least} to {len(labels)}"


def _watched_none(found: re.Match[str], scene: Scene) -> Said:
    labels = facts.released_labels(scene.known, scene.policy["epoch_id"])
    if len(labels) > facts.perhaps_due(scene.known, scene.policy["epoch_id"]):
        yield "absent", f"{found[0]!r}, but there are {len(labels)}"


def _shifted(found: re.Match[str], scene: Scene) -> Said:
    if number(found[1]) + number(found[2]) > len(scene.cases):
        yield "count", f"{found[0]!r}, but there are {len(scene.cases)}"


def _sentence(found: re.Match[str], scene: Scene) -> Said:
    """Of a target that nothing certifies: no figure beside it."""
    yield from _is(found, f"{100 * world.ALPHA:g}", found[1])


_TARGET = rf"The target is at most {P} wrong among the released".replace(P, r"[\d.]+\u00a0%")
_REGION = r"(the released|all cases)"
_LONG = r"(?: \([^()]*\))?"
CLAIMS: tuple[tuple[str, Check], ...] = (
    (rf"Every one of {N} cases? goes to a person\.", _every),
    (r"No case has arrived yet\.", _none_arrived),
    (r"Nothing is released alone until a named person draws the line\.", _no_release),
    (r"No case so far was as sure as today's line asks\.", _none_so_sure),
    (
        rf"The machine answers {P} of cases alone(?:\.|; by the labels so far between {P} and {P} of these are wrong\.)",
        _alone,
    ),
    (rf"Released: {N} of {N} cases?\.", _released),
    (rf"With {P} confidence at most {P} of the {N} released are wrong\.", _at_most),
    (
        rf"With {P} confidence at most {P} of what it releases is wrong \(certified(?: in era (\d+), until {W})?\)\.",
        _promised,
    ),
    (rf"Today's estimate: {P} wrong, from {LABELS} \([\d.]+\u00a0% limits, [^()]*\)\.", _estimate),
    (
        rf"From {LABELS}\. Best estimate [^.]*[\d.]+\u00a0% \([\d.]+\u00a0% limits [\d.]+\u00a0% to [\d.]+\u00a0%\), [^.]*\.",
        _best,
    ),
    (rf"Were everything released, {P} \({P} limits {P} to {P}\) would be wrong, from {LABELS}\.", _everything),
    (rf"{N} of the wrong waits? for another reader, and counts? as wrong until then\.", _waits),
    (
        rf"These limits rest on the {N} labels? of released cases only and narrow with each audit; all {N} at or above the line "
        r"give [\d.]+\u00a0% to [\d.]+\u00a0%\.",
        _wider,
    ),
    (
        rf"At the line the limits are {P} to {P}, wider than {N} labels? alike would give: since the line was moved one audit "
        rf"stands for {N} cases?\.",
        _at_line,
    ),
    (
        r"(?:Of these themselves nothing is known yet|About the model nothing can be said yet|How many of these answers are "
        rf"wrong is not known yet): none of {N} blind draws is answered yet\.",
        _none_answered,
    ),
    (
        r"(?:Of these themselves nothing is known yet|About the model nothing can be said yet|How many of these answers are "
        r"wrong is not known yet): no case has been drawn for a blind label\.",
        _none_drawn,
    ),
    (
        rf"{_TARGET}: certified for today's line, from all blind labels at or above it(?:, until {W})?\.",
        _target_certified,
    ),
    (
        rf"{_TARGET}: certified for today's line, by the labels of era (\d+); it lapses {W} unless era (\d+) certifies it\.",
        _target_carried,
    ),
    (
        r"The target is at most ([\d.]+) % wrong among the released(?:\.|: the limit is below it, at this look; no certificate "
        r"says so\.|: even the lower limit is above it\.|: the limits still reach to both sides\.)".replace(
            " %", "\u00a0%"
        ),
        _sentence,
    ),
    (rf"Labels count for era (\d+), until {W}; then evidence starts anew\.", _gathers),
    (rf"Today's line is certified by the labels of era (\d+); the promise stands until {W}\.", _own),
    (rf"Today's line stands by the certificate of era (\d+), until {W}; see what speaks against it\.", _own),
    (
        rf"Today's line was certified in era (\d+) and carries over while era (\d+) gathers labels of its own; without a "
        rf"certificate of its own it lapses {W}, and every case goes to a person\.",
        _carried,
    ),
    (
        rf"Today's line is not certified in era (\d+), which ends {W}(?:; without a certificate it lapses {W})?\.",
        _uncertified,
    ),
    (
        rf"Readers were checked on {N} answers? that agreed with the model: (?:none was wrong|{N} (?:was|were) wrong)\. "
        rf"Corrected for what one reader misses, {P} \({P} to {P}\) of {_REGION} are wrong\.",
        _readers,
    ),
    (
        rf"Nothing is known yet of what readers miss of {_REGION}: {N} of {N} answers? drawn from those that agreed with "
        r"the model (?:was|were) read twice\.",
        _readers_few,
    ),
    (
        rf"Nothing is known yet of what readers miss of {_REGION}: no answer that agreed with the model was drawn to be read "
        r"twice so far\.",
        _readers_none,
    ),
    (
        rf"Nothing is known yet of what readers miss of {_REGION}: {N} errors? caught by two readers so far\.",
        _caught,
    ),
    (r"How many errors readers miss is not measured: review\.overlap is 0\.", _not_measured),
    (
        rf"{N} cases? went to people, however sure the model was, for as many of (?:its|their) group as its plan allows had "
        r"come before\.",
        _repeats,
    ),
    (
        r"Nothing is released, waiting for readers: of what was released before, no label has come for as long as "
        r"policy\.max_silence allows\. It goes on by itself when they have answered\.",
        _stopped,
    ),
    (
        r"Release stops within a day unless somebody reads what was drawn of the released: no label of it has come for nearly as "
        r"long as policy\.max_silence allows\.",
        _stops_soon,
    ),
    (
        rf"Alarm, [^:]*:[^:]*: the error among the released has risen \({N} wrong at the end of {N} blind labels?\)\. "
        rf"Nothing is released since; (?:every case under suspicion was read or recalled|{N} released cases? under suspicion, "
        r"read by nobody: second-reader recall)\.",
        _alarm,
    ),
    (r"The watchdog has closed the epoch\. No line can be proposed before new evidence is in\.", _closed),
    (r"Nothing is certified yet\.", _nothing),
    (r"Era \d+ has certified nothing yet\.", _nothing),
    (r"No label has been looked at in this epoch\.", _looked_at_none),
    (
        rf"Certified: {T} \({P} of cases\)\. At most [\d.]+\u00a0% of what it releases is wrong, with [\d.]+\u00a0% confidence, "
        r"however often one looks\.",
        _certificate,
    ),
    (rf"(?:Today's line releases more than is certified; certified|Certified) is {T}, {P} of cases", _certificate),
    (r"Today's line is the one that releases most of what may be adopted", _stay),
    (rf", from {N} settled blind labels? at or above it, {N} wrong\.", _rests_on),
    (
        rf"(?:But |What is certified cannot be proposed: )by the labels so far at least {P} of what {T} would release is wrong, "
        r"above the target: it cannot be adopted without --uncertified\.",
        _against,
    ),
    (
        rf"So far there are {N} blind labels? at {T}(?:, {N} wrong)?(?:, {N} of them waits? for another reader)?"
        rf"(?:; of more draws there, {PENDING})?\.",
        _so_far,
    ),
    (
        rf"There is no blind label at {T} yet(?: \(of the draws there, {PENDING}\))?; about [\d\u202f]+ blind labels? there, all "
        rf"right, would certify that{_LONG}\.",
        _no_label,
    ),
    (r"At the errors seen so far no number of labels would certify one\.", _hopeless),
    (rf"(?:Not settled|Draws count as wrong until they are settled): {PENDING}\.", _unsettled),
    (rf"Beware: {N} errors? seen, fewer than 5: whether the confidence means anything is not known yet\.", _few_errors),
    (
        rf"Beware: [^.]*? is above the target: {P} \([\d.]+\u00a0% limits {P} to [\d.]+\u00a0%\) of the released there are "
        r"wrong\.",
        _part,
    ),
    (rf"Compared with the report of {W}\.", _since),
    (r"A new epoch has begun since: evidence starts at zero, and every case goes to a person\.", _new_epoch),
    (
        r"The line was moved \(version (\d+) to (\d+)\): now (?:nothing released|released at ([\d.e+-]+) and above)\.",
        _moved,
    ),
    (rf"{N} more cases?, {N} of them released\.", _more_cases),
    (rf"{N} more blind labels?, {N} wrong(?:; {N} no longer wrong, by another reading)?\.", _more_labels),
    (rf"Certified: (?:nothing|{T}) before, (?:nothing|{T}) now\.", _certified_now),
    (rf"For people: {N} before, {N} now\.", _for_people),
    (rf"Nothing has changed since the report of {W}\.", _unchanged),
    (
        rf"The watchdog has looked at {N} blind labels? of released cases, {N} wrong\. Its evidence that the error has risen "
        r"stands at [\d.]+\u00a0% of what raises an alarm \(on a logarithmic scale\)\.",
        _watched,
    ),
    (r"The watchdog has no blind label of a released case to look at yet\.", _watched_none),
    (
        rf"The confidences of the newest day \({N} cases?\) differ from those before \({N} cases?\) by at most [\d.]+\u00a0% of "
        r"cases: (?:more than chance and more than is harmless|no cause for a warning)\.",
        _shifted,
    ),
)


def contradictions(text: str, scene: Scene) -> Said:
    """What the wider of two figures on one page rules out, the other must not promise without a word."""
    everything = re.search(rf"Were everything released, {P} \({P} limits {P} to {P}\)", text)
    certified = re.search(rf"Certified: {T} \({P} of cases\)\. [^.]*\.( But)?", text)
    if not everything or not certified or certified[3]:
        return
    line = scene.line(certified[1])
    if float(everything[3]) > 100 * world.ALPHA and len(scene.at(line)) == len(scene.scored):
        yield "contradiction", f"{certified[0]!r} beside {everything[0]!r}"
