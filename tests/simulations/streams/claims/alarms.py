"""What a report says of alarms, of silence, and of what the watchdog has looked at."""

import re

from tests.simulations.streams import facts, product, suspects
from tests.simulations.streams.scene import Claim, Findings, N, Scene, W, number, same, when


def _stopped(result: re.Match[str], scene: Scene) -> Findings:
    stopped = scene.adoption["adopted_by"] == product.SILENCE and scene.policy["threshold"] is None
    yield from same(result, True, stopped)


def _stops_soon(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, True, scene.policy["threshold"] is not None)
    sampled = [row for row in scene.released if row["blind"]]
    yield from same(result, True, any(row["case_id"] not in scene.readings for row in sampled), "absent")


def _alarm(result: re.Match[str], scene: Scene) -> Findings:
    """Of the newest alarm that stopped release."""
    replaced = {row["replaced"] for row in scene.known.tables["adoption"] if row["adopted_by"] == product.WATCHDOG}
    closed = {row["epoch_id"] for row in scene.known.tables["policy"] if row["policy_id"] in replaced}
    alarm = [row for row in scene.known.tables["alarm"] if row["epoch_id"] in closed][-1]
    yield from _counts(result, scene, alarm, (result[1], result[2], result[3]))


def _past_alarm(result: re.Match[str], scene: Scene) -> Findings:
    """Of one that is over, or that stopped nothing: of the model whose epoch it is."""
    models = {row["epoch_id"]: row["model_id"] for row in scene.known.tables["epoch"]}
    there = [
        row
        for row in scene.known.tables["alarm"]
        if (when(row["raised_at"]), models[row["epoch_id"]]) == (result[1], result[2])
    ]
    if not there:
        yield "absent", f"{result[0]!r}, but there is no such alarm"
        return
    yield from _counts(result, scene, there[-1], (result[3], result[4], result[5]))


def _counts(result: re.Match[str], scene: Scene, alarm: facts.Row, reported: tuple[str, str, str]) -> Findings:
    yield from same(result, (number(reported[0]), number(reported[1])), (alarm["errors"], alarm["labels"]))
    least, most = suspects.counted(scene.known, alarm)
    if not least <= number(reported[2]) <= most:
        yield "count", f"{result[0]!r}, but there are {least} to {most} suspects"


def _closed(result: re.Match[str], scene: Scene) -> Findings:
    alarms = scene.known.tables["alarm"]
    yield from same(result, True, bool(alarms) and scene.policy["threshold"] is None)


def _watched(result: re.Match[str], scene: Scene) -> Findings:
    labels = facts.released_labels(scene.known, scene.policy["epoch_id"], scene.made_at)
    yield from same(result, number(result[2]), sum(wrong for _, wrong in labels))
    least = len(labels) - facts.perhaps_due(scene.known, scene.policy["epoch_id"])
    if not least <= number(result[1]) <= len(labels):
        yield "count", f"{result[0]!r}, but there are {least} to {len(labels)}"


def _watched_none(result: re.Match[str], scene: Scene) -> Findings:
    labels = facts.released_labels(scene.known, scene.policy["epoch_id"], scene.made_at)
    if len(labels) > facts.perhaps_due(scene.known, scene.policy["epoch_id"]):
        yield "absent", f"{result[0]!r}, but there are {len(labels)}"


def _shifted(result: re.Match[str], scene: Scene) -> Findings:
    if number(result[1]) + number(result[2]) > len(scene.cases):
        yield "count", f"{result[0]!r}, but there are {len(scene.cases)}"


def _ended(result: re.Match[str], scene: Scene) -> Findings:
    reported = when(scene.adoption["adopted_at"]), scene.adoption["adopted_by"]
    yield from same(
        result, (result[1], result[2], True), (*reported, scene.policy["threshold"] is None and bool(scene.released))
    )


GOES_ON = (
    r"(?:It goes on by itself when labels are settled again and do not say that the error has risen|Its threshold has lapsed "
    r"meanwhile: it goes on by itself only if labels are settled again and this era certifies it)\."
)
CLAIMS: tuple[Claim, ...] = (
    (rf"Nothing is released since {W}, by (.+?)\.(?=\s|$)", _ended),
    (r"No threshold is proposed while nobody reads what was sampled of the released\.", _stopped),
    (r"No threshold is proposed before another person has read what waits for one\.", _stopped),
    (
        r"No threshold is proposed while answers, with disputes counted as wrong, say that the error has risen\.",
        _stopped,
    ),
    (
        r"Nothing is released, waiting for readers: no label of what was released before was settled for as long as "
        rf"policy\.max_silence allows\. {GOES_ON}",
        _stopped,
    ),
    (
        r"Nothing is released, waiting for readers: people have read what was released before, and no answer is settled before "
        rf"another person reads it\. {GOES_ON}",
        _stopped,
    ),
    (
        r"Nothing is released: people have read again, and their answers, with disputes counted as wrong, say that the error "
        rf"has risen\. {GOES_ON}",
        _stopped,
    ),
    (
        r"Release stops within a day unless somebody reads what was sampled of the released: no label of it was settled for "
        r"nearly as long as policy\.max_silence allows\.",
        _stops_soon,
    ),
    (
        rf"Alarm, [^:]*:[^:]*: the error among the released has risen \({N} wrong at the end of {N} blind labels?\)\. "
        rf"Nothing is released since; (?:every case under suspicion was read or recalled|{N} released cases? under suspicion, "
        r"read by nobody: second-reader recall [a-z0-9-]+)\.",
        _alarm,
    ),
    (
        rf"Alarm of {W}, about what model (.+?) released before: the error had risen \({N} wrong at the end of {N} blind "
        rf"labels?\)\. {N} cases? of that (?:is|are) under suspicion, read by nobody: second-reader recall [a-z0-9-]+\. "
        r"What is in force now is not touched by it\.",
        _past_alarm,
    ),
    (r"The watchdog has closed the epoch\. No threshold can be proposed before new evidence is in\.", _closed),
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
