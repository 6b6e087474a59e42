"""A report's sentences, held against the ledger's tables and the planted truth: counts exactly, limits at their level."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.simulations.streams import driver, facts, product, world
from tests.simulations.streams.facts import Facts, Row

# Digits are grouped by a narrow no-break space, and a no-break space stands before a unit.
_N, _P, _T = r"([\d\u202f]+)", r"([\d.]+)\u00a0%", r"confidence \u2265\u00a0([\d.e+-]+)"
_LABELS = rf"{_N} blind labels?, {_N} wrong"
_ADVICE = (  # what is advice, a forecast, or about the confidence: nothing here to hold against the truth
    "Nothing is released alone until a named person draws the line.",
    "No case so far was as sure as today's line asks.",
    "This page fills with the first answers of the model.",
    "Put them where the stream looks for its input",
    "About the model nothing can be said yet: ",
    "How many of these answers are wrong is not known yet: ",
    "A share of them is drawn for a blind label; as people answer, the error shows.",
    "Nothing is certified yet.",
    "About ",
    "Beware: ",
    "That needs no label to see and is no proof of errors; look at the input.",
)
Said = Iterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a report spoke of: the ledger then, the epoch in force, its cases, and what people had said of them."""

    known: Facts
    cases: list[Row]
    readings: Mapping[str, list[Row]]
    truth: Mapping[str, driver.Truth]

    @property
    def released(self) -> list[Row]:
        """The released ones."""
        return [row for row in self.cases if row["route"] == "AUTOMATE"]

    def labels(self, cases: list[Row]) -> list[str]:
        """What blind readings say of those that were read: right, wrong or disputed."""
        said = [facts.label(row, self.readings.get(row["case_id"], ())) for row in cases if row["blind"]]
        return [one for one in said if one != "none"]

    def share_wrong(self, cases: list[Row]) -> float:
        """The planted share of wrong ones."""
        return sum(self.truth[row["case_id"]].wrong for row in cases) / len(cases)


def false(
    told: product.Told, known: Facts, truth: Mapping[str, driver.Truth], limits: dict[str, bool]
) -> Iterator[tuple[str, str]]:
    """What is not true of what a report says: kind and text. Puts into `limits` whether each kind of limit is broken."""
    policy = known.in_force()
    assert policy is not None, "a stream begins with a policy"
    scene = Scene(known, known.cases(policy["epoch_id"]), known.readings(), truth)
    text = " ".join((*told.headline, *told.certificate))
    yield from _counts(text, scene)
    yield from _labels(text, scene)
    yield from _limits(text, scene, limits)
    yield from _certificate(text, scene)
    yield from _unread(text)


def _number(digits: str) -> int:
    return int(digits.replace("\u202f", ""))


def _near(printed: str, share: float) -> bool:
    """Whether a percentage is this share, to the decimals it is printed with."""
    decimals = len(printed.partition(".")[2])
    return abs(float(printed) - 100 * share) <= 0.5000001 / 10.0**decimals


def _counts(text: str, scene: Scene) -> Said:
    cases, released = len(scene.cases), len(scene.released)
    found = re.search(rf"Every one of {_N} cases? goes to a person", text)
    if found and (_number(found[1]), 0) != (cases, released):
        yield "count", f"{found[0]!r}, but there are {cases} cases, {released} released"
    if "No case has arrived yet" in text and cases:
        yield "count", f"no case has arrived, but there are {cases}"
    if (found := re.search(rf"The machine answers {_P} of cases alone", text)) and not _near(
        found[1], released / cases
    ):
        yield "count", f"{found[0]!r}, but {released} of {cases} are released"
    found = re.search(rf"Released: {_N} of {_N} cases?", text)
    if found and (_number(found[1]), _number(found[2])) != (released, cases):
        yield "count", f"{found[0]!r}, but {released} of {cases} are released"
    if found := re.search(rf"{_N} released cases? under suspicion, read by nobody", text):
        alarm = scene.known.tables["alarm"][-1]
        suspects = facts.under_suspicion(scene.known, alarm, world.ALPHA)
        unread = [row["case_id"] for row in suspects if row["case_id"] not in scene.readings]
        wrong = sum(scene.truth[case].wrong for case in unread)
        if _number(found[1]) < len(unread):
            yield "count", f"{found[0]!r}, but {len(unread)} are, {wrong} of them wrong"


def _labels(text: str, scene: Scene) -> Said:
    """Labels that are told exist, and those that exist are told."""
    drawn = scene.released or [row for row in scene.cases if row["confidence"] is not None]
    there = scene.labels(drawn)
    settled, wrong = len(there) - there.count("disputed"), there.count("wrong")
    if found := re.search(rf"[Ff]rom {_LABELS}", text):
        labels, errors = _number(found[1]), _number(found[2])
        if not settled <= labels <= len(there) or not wrong <= errors <= wrong + there.count("disputed"):
            yield (
                "count",
                f"{found[0]!r}, but people gave {len(there)}: {wrong} wrong, {there.count('disputed')} disputed",
            )
    if found := re.search(rf"There is no blind label at {_T} yet", text):
        at = [row for row in scene.cases if row["confidence"] is not None and row["confidence"] >= float(found[1])]
        if labels := len(scene.labels(at)):
            yield "absent", f"{found[0]!r}, but there are {labels}"
    if "none of" in text and (found := re.search(rf"none of {_N} blind draws is answered yet", text)) and there:
        yield "absent", f"{found[0]!r}, but {len(there)} are"
    everywhere = scene.labels(scene.cases)
    if "At the errors seen so far no number of labels would certify one" in text and set(everywhere) <= {"right"}:
        yield (
            "absent",
            f"no number of labels would do at the errors seen, but none was seen: {len(everywhere)} labels, all right",
        )


def _limits(text: str, scene: Scene, limits: dict[str, bool]) -> Said:
    """Limits may be broken, though not often: what they come to is judged over many streams."""
    if found := re.search(rf"at most {_P} of the {_N} released are wrong", text):
        limits["released"] = 100 * scene.share_wrong(scene.released) > float(found[1])
    if found := re.search(rf"Were everything released, {_P} \({_P} limits {_P} to {_P}\)", text):
        share = 100 * scene.share_wrong([row for row in scene.cases if row["confidence"] is not None])
        limits["everything, too low"] = share > float(found[4])
        limits["everything, too high"] = share < float(found[3])
        # What the wider of two figures on one page rules out, the other must not promise.
        target = 100 * world.ALPHA
        certified = re.search(rf"Certified: {_T} \({_P} of cases\)", text)
        if certified and float(found[3]) > target and float(certified[2]) == 100:
            yield "contradiction", f"{certified[0]!r} beside {found[0]!r}, with a target of {target:g} %"


def _certificate(text: str, scene: Scene) -> Said:
    if not (found := re.search(rf"Certified: {_T} \({_P} of cases\)", text)):
        return
    scored = [row["confidence"] for row in scene.cases if row["confidence"] is not None]
    newest = [row["threshold"] for row in scene.known.tables["certificate"]][-1]
    exact, shown = (sum(one >= line for one in scored) for line in (newest, float(found[1])))
    if exact != shown:
        yield (
            "count",
            f"{found[0]!r} is typed as a line that releases {shown} of {len(scored)}; the line releases {exact}",
        )
    if not _near(found[2], exact / len(scored)):
        yield "count", f"{found[0]!r}, but {exact} of {len(scored)} cases are at or above it"


def _unread(text: str) -> Said:
    """A sentence that nobody here understands: the oracle would be blind to it."""
    for known in (
        rf"Every one of {_N} cases? goes to a person\.",
        r"No case has arrived yet\.",
        rf"The machine answers {_P} of cases alone\.",
        rf"Released: {_N} of {_N} cases?\.",
        rf"With {_P} confidence at most {_P} of the {_N} released are wrong\.",
        rf"From {_LABELS}\.",
        rf"Best estimate {_P} \({_P} limits {_P} to {_P}\), [^.]*\.",
        rf"Were everything released, {_P} \({_P} limits {_P} to {_P}\) would be wrong, from {_LABELS}\.",
        rf"There is no blind label at {_T} yet; [^.]*\.",
        r"At the errors seen so far no number of labels would certify one\.",
        rf"Certified: {_T} \({_P} of cases\)\. At most {_P} of what it releases is wrong, with {_P} confidence, however often "
        r"one looks\.",
        rf"Alarm, [^:]*:[^:]*: the error among the released has risen \({_N} wrong at the end of {_N} blind labels?\)\. "
        r"Nothing is released since; (every case under suspicion was read or recalled|[^:]*: second-reader recall)\.",
    ):
        text = re.sub(known, "", text)
    for sentence in re.split(r"(?<=\.) +", text):
        said = sentence.strip()
        if said and not said.startswith(_ADVICE):
            yield "unread", said
