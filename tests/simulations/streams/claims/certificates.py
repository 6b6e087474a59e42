"""What a report says of certified thresholds, and of the labels that the next one takes."""

import re

from tests.simulations.streams import world
from tests.simulations.streams.facts import Row
from tests.simulations.streams.scene import LONG, PENDING, Claim, N, P, Said, Scene, T, near, number, same


def _nothing(found: re.Match[str], scene: Scene) -> Said:
    yield from same(found, set(), scene.now_certified)


def _looked_at_none(found: re.Match[str], scene: Scene) -> Said:
    looks = [row for row in scene.known.tables["look"] if row["epoch_id"] == scene.policy["epoch_id"]]
    yield from same(found, 0, len(looks), "absent")


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
    yield from same(found, True, scene.policy["threshold"] in scene.now_certified)


def _against(found: re.Match[str], scene: Scene) -> Said:
    if float(found[1]) < 100 * world.ALPHA or scene.line(found[2]) not in scene.now_certified:
        yield "contradiction", f"{found[0]!r}, with certified {sorted(scene.now_certified)[:3]}"


def _so_far(found: re.Match[str], scene: Scene) -> Said:
    there = scene.at(scene.line(found[2]))
    labels = scene.labels(there)
    said = number(found[1]), number(found[3]), number(found[4])
    yield from same(found, said, (len(labels), labels.count("wrong"), labels.count("disputed")))
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
    yield from same(found, tuple(map(number, said)), (disputed, passed, len(unread) - passed - unsent, unsent))


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


CLAIMS: tuple[Claim, ...] = (
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
        rf"(?:But |What is certified cannot be proposed: )by the labels (?:of era \d+ )?so far at least {P} of what {T} would "
        r"release is wrong, above the target: it cannot be adopted without --uncertified\.",
        _against,
    ),
    (
        rf"(?:So far|In all eras so far) there are {N} blind labels? at {T}(?:, {N} wrong)?"
        rf"(?:, {N} of them waits? for another reader)?"
        rf"(?:; of more draws there, {PENDING})?\.",
        _so_far,
    ),
    (
        rf"There is no blind label at {T} yet(?: \(of the draws there, {PENDING}\))?; about [\d\u202f]+ blind labels? there, all "
        rf"right, would certify that{LONG}\.",
        _no_label,
    ),
    (r"At the errors seen so far no number of labels would certify one\.", _hopeless),
    (rf"(?:Not settled|Draws count as wrong until they are settled): {PENDING}\.", _unsettled),
)
