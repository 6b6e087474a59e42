"""What a report says has changed since an earlier one."""

import re

from tests.simulations.streams.scene import Claim, N, Said, Scene, T, W, number, same, stands_for


def _since(found: re.Match[str], scene: Scene) -> Said:
    yield from same(found, True, found[1] in scene.before)


def _newest(scene: Scene) -> Scene:
    """The report of an earlier day that changes are told against."""
    return list(scene.before.values())[-1]


def _new_epoch(found: re.Match[str], scene: Scene) -> Said:
    yield from same(found, True, scene.policy["epoch_id"] != _newest(scene).policy["epoch_id"])


def _moved(found: re.Match[str], scene: Scene) -> Said:
    before = _newest(scene).adoption["version"]
    yield from same(found, (int(found[1]), int(found[2])), (before, scene.adoption["version"]))
    yield from _told(found, found[3], scene.policy["threshold"])


def _told(found: re.Match[str], shown: str | None, line: float | None) -> Said:
    """A printed threshold, which may be one of an earlier plan, stands for the line; None for nothing."""
    if shown is None or line is None or not stands_for(shown, line):
        yield from same(found, shown, line)


def _more_cases(found: re.Match[str], scene: Scene) -> Said:
    before = _newest(scene)
    true = len(scene.cases) - len(before.cases), len(scene.released) - len(before.released)
    yield from same(found, (number(found[1]), number(found[2])), true)


def _more_labels(found: re.Match[str], scene: Scene) -> Said:
    counts = []
    for one in (_newest(scene), scene):
        there = one.labels(one.scored)
        counts.append((len(there), len(there) - there.count("right")))
    (labels, wrong), (more, worse) = counts
    true = more - labels, max(worse - wrong, 0), max(wrong - worse, 0)
    yield from same(found, (number(found[1]), number(found[2]), number(found[3])), true)


def _certified_now(found: re.Match[str], scene: Scene) -> Said:
    then = _newest(scene)
    for shown, one in ((found[1], then), (found[2], scene)):
        yield from _told(found, shown, min(one.now_certified, default=None))


def _for_people(found: re.Match[str], scene: Scene) -> Said:
    yield from same(found, (number(found[1]), number(found[2])), (_queue(_newest(scene)), _queue(scene)))


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
    yield from same(found, len(before.cases), len(scene.cases))


CLAIMS: tuple[Claim, ...] = (
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
)
