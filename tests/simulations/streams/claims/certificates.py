"""What a report says of certified thresholds, and of the labels that the next one takes."""

import re

from tests.simulations.streams import world
from tests.simulations.streams.facts import Row
from tests.simulations.streams.scene import LONG, PENDING, Claim, Findings, N, P, Scene, T, near, number, same


def _nothing(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, set(), scene.now_certified)


def _looked_at_none(result: re.Match[str], scene: Scene) -> Findings:
    looks = [row for row in scene.known.tables["look"] if row["epoch_id"] == scene.policy["epoch_id"]]
    yield from same(result, 0, len(looks), "absent")


def _certificate(result: re.Match[str], scene: Scene) -> Findings:
    line = scene.line(result[1])
    if line not in scene.now_certified:
        yield "promise", f"{result[0]!r}, but certified is {sorted(scene.now_certified)[:3]}"
    share = len(scene.at(line)) / len(scene.scored)
    if not near(result[2], share):
        yield "count", f"{result[0]!r}, but {100 * share:.2f} % of cases are at or above it"


def _rests_on(result: re.Match[str], scene: Scene) -> Findings:
    """Labels that a certificate counts are there: weighted to the smallest chance of a sample, and of a prefix, never more."""
    line = min(scene.now_certified, default=0.0)
    after = -1 if scene.era is None else scene.era["after_seal"]
    there = scene.labels([row for row in scene.at(line) if row["seal"] > after and row["held"] is None])
    pending = sum(row["blind"] for row in scene.at(line)) - len(there)
    if number(result[1]) > len(there) + pending or number(result[2]) > len(there) - there.count("right") + pending:
        yield "count", f"{result[0]!r}, but there are {len(there)}, {there.count('wrong')} of them wrong"


def _stay(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, True, scene.policy["threshold"] in scene.now_certified)


def _against(result: re.Match[str], scene: Scene) -> Findings:
    if float(result[1]) < 100 * world.ALPHA or scene.line(result[2]) not in scene.now_certified:
        yield "contradiction", f"{result[0]!r}, with certified {sorted(scene.now_certified)[:3]}"


def _so_far(result: re.Match[str], scene: Scene) -> Findings:
    there = scene.at(scene.line(result[2]))
    labels = scene.labels(there)
    numbers = number(result[1]), number(result[3]), number(result[4])
    yield from same(result, numbers, (len(labels), labels.count("wrong"), labels.count("disputed")))
    yield from _pending(result, ("0", *result.groups()[5:8]), there, scene, disputed=0)


def _no_label(result: re.Match[str], scene: Scene) -> Findings:
    there = scene.at(scene.line(result[1]))
    if labels := scene.labels(there):
        yield "absent", f"{result[0]!r}, but there are {len(labels)}"
    yield from _pending(result, result.groups()[1:5], there, scene, disputed=0)


def _pending(
    result: re.Match[str], texts: tuple[str | None, ...], cases: list[Row], scene: Scene, *, disputed: int
) -> Findings:
    """Samples that nobody has answered, distinguished: passed on, before people, not sent."""
    sent = {row["case_id"] for row in scene.known.tables["dispatch"]}
    skipped = {row["case_id"] for row in scene.known.tables["review"] if row["outcome"] == "skip"}
    unread = [row["case_id"] for row in cases if row["blind"] and row["case_id"] not in scene.readings]
    passed = sum(case in skipped for case in unread)
    unsent = sum(case not in sent for case in unread)
    yield from same(result, tuple(map(number, texts)), (disputed, passed, len(unread) - passed - unsent, unsent))


def _hopeless(result: re.Match[str], scene: Scene) -> Findings:
    if set(scene.labels(scene.cases)) <= {"right"}:
        yield "absent", f"{result[0]!r}, but no error was seen"


def _unsettled(result: re.Match[str], scene: Scene) -> Findings:
    """Samples that count as wrong until they are settled: of each kind no more than there are."""
    sampled = [row for row in scene.scored if row["blind"]]
    unread = sum(row["case_id"] not in scene.readings for row in sampled)
    disputed = scene.labels(sampled).count("disputed")
    if number(result[1]) > disputed or sum(map(number, result.groups()[1:4])) > unread:
        yield "count", f"{result[0]!r}, but {disputed} are disputed and {unread} unread"


CLAIMS: tuple[Claim, ...] = (
    (r"Nothing is certified yet\.", _nothing),
    (r"Era \d+ has certified nothing yet\.", _nothing),
    (r"No label has been looked at in this epoch\.", _looked_at_none),
    (
        rf"Certified: {T} \({P} of cases\)\. At most [\d.]+\u00a0% of what it releases is wrong, with [\d.]+\u00a0% confidence, "
        r"however often one looks\.",
        _certificate,
    ),
    (rf"(?:Today's threshold releases more than is certified; certified|Certified) is {T}, {P} of cases", _certificate),
    (r"Today's threshold is the one that releases most of what may be adopted", _stay),
    (rf", from {N} settled blind labels? at or above it, {N} wrong\.", _rests_on),
    (
        rf"(?:But |What is certified cannot be proposed: )by the labels (?:of era \d+ )?so far at least {P} of what {T} would "
        r"release is wrong, above the target: it cannot be adopted without --uncertified\.",
        _against,
    ),
    (
        rf"(?:So far|In all eras so far) there are {N} blind labels? at {T}(?:, {N} wrong)?"
        rf"(?:, {N} of them waits? for another reader)?"
        rf"(?:; of more samples there, {PENDING})?\.",
        _so_far,
    ),
    (
        rf"There is no blind label at {T} yet(?: \(of the samples there, {PENDING}\))?; about [\d\u202f]+ blind labels? there, "
        rf"all right, would certify that{LONG}\.",
        _no_label,
    ),
    (r"At the errors seen so far no number of labels would certify one\.", _hopeless),
    (rf"(?:Not settled|Samples count as wrong until they are settled): {PENDING}\.", _unsettled),
)
