"""What a report says has changed since an earlier one."""

import re

from tests.simulations.streams.scene import Claim, Findings, N, Scene, T, W, number, same, stands_for


def _since(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, True, result[1] in scene.before)


def _newest(scene: Scene) -> Scene:
    """The report of an earlier day that changes are reported against."""
    return list(scene.before.values())[-1]


def _new_epoch(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, True, scene.policy["epoch_id"] != _newest(scene).policy["epoch_id"])


def _moved(result: re.Match[str], scene: Scene) -> Findings:
    before = _newest(scene).adoption["version"]
    yield from same(result, (int(result[1]), int(result[2])), (before, scene.adoption["version"]))
    yield from _reported(result, result[3], scene.policy["threshold"])


def _reported(result: re.Match[str], shown: str | None, line: float | None) -> Findings:
    """A printed threshold, which may be one of an earlier plan, stands for the threshold; None for nothing."""
    if shown is None or line is None or not stands_for(shown, line):
        yield from same(result, shown, line)


def _more_cases(result: re.Match[str], scene: Scene) -> Findings:
    before = _newest(scene)
    true = len(scene.cases) - len(before.cases), len(scene.released) - len(before.released)
    yield from same(result, (number(result[1]), number(result[2])), true)


def _more_labels(result: re.Match[str], scene: Scene) -> Findings:
    counts = []
    for one in (_newest(scene), scene):
        there = one.labels(one.scored)
        counts.append((len(there), len(there) - there.count("right")))
    (labels, wrong), (more, worse) = counts
    true = more - labels, max(worse - wrong, 0), max(wrong - worse, 0)
    yield from same(result, (number(result[1]), number(result[2]), number(result[3])), true)


def _certified_now(result: re.Match[str], scene: Scene) -> Findings:
    then = _newest(scene)
    for shown, one in ((result[1], then), (result[2], scene)):
        yield from _reported(result, shown, min(one.now_certified, default=None))


def _for_people(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, (number(result[1]), number(result[2])), (_queue(_newest(scene)), _queue(scene)))


def _queue(scene: Scene) -> int:
    """Readings that are asked for and not given: of what was sent, and of what waits to be sent for the first time."""
    tables = scene.known.tables
    sent = {(row["case_id"], row["slot"]) for row in tables["dispatch"]}
    reviews = {(row["case_id"], row["slot"]) for row in tables["review"] if row["outcome"] == "answer"}
    recalled = {row["case_id"] for row in tables["recall"]}
    due = {
        row["case_id"]
        for row in tables["decision"]
        if row["route"] == "REVIEW" or row["blind"] or row["case_id"] in recalled
    }
    return len(sent - reviews) + len(due - {case for case, _ in sent})


def _unchanged(result: re.Match[str], scene: Scene) -> Findings:
    before = _newest(scene)
    yield from same(result, len(before.cases), len(scene.cases))


CLAIMS: tuple[Claim, ...] = (
    (rf"Compared with the report of {W}\.", _since),
    (r"A new epoch has begun since: evidence starts at zero, and every case goes to a person\.", _new_epoch),
    (
        r"The threshold was moved \(version (\d+) to (\d+)\): now (?:nothing released|released at ([\d.e+-]+) and above)\.",
        _moved,
    ),
    (rf"{N} more cases?, {N} of them released\.", _more_cases),
    (rf"{N} more blind labels?, {N} wrong(?:; {N} no longer wrong, by another reading)?\.", _more_labels),
    (rf"Certified: (?:nothing|{T}) before, (?:nothing|{T}) now\.", _certified_now),
    (rf"For people: {N} before, {N} now\.", _for_people),
    (rf"Nothing has changed since the report of {W}\.", _unchanged),
)
