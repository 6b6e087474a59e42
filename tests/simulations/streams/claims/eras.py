"""What a report says of the promise in force: which era certifies the threshold, and until when."""

import re

from tests.simulations.streams import world
from tests.simulations.streams.scene import TARGET, Claim, Findings, P, Scene, W, same, when


def _promised(result: re.Match[str], scene: Scene) -> Findings:
    """The first line: the threshold in force is certified by the era it names, or else the one under way."""
    yield from same(result, (result[1], result[2]), (f"{100 * (1 - world.DELTA):g}", f"{100 * world.ALPHA:g}"))
    era = scene.era
    if era is None or not _holds(scene, int(result[3]) if result[3] else era["era"]):
        yield "promise", f"{result[0]!r}, but no certificate of that era holds {scene.policy['threshold']}"
    elif result[3]:
        yield from same(result, (int(result[3]), result[4]), (era["era"] - 1, scene.lapses))


def _holds(scene: Scene, era: int) -> bool:
    return scene.policy["threshold"] in scene.certified(era)


def _target_certified(result: re.Match[str], scene: Scene) -> Findings:
    era = scene.era
    if era is None or not _holds(scene, era["era"]):
        yield "promise", f"{result[0]!r}, but no certificate holds {scene.policy['threshold']}"
    elif result[1]:
        yield from same(result, result[1], when(era["ends_at"]))


def _target_carried(result: re.Match[str], scene: Scene) -> Findings:
    yield from _carries(result, scene, int(result[1]), int(result[3]), result[2])


def _gathers(result: re.Match[str], scene: Scene) -> Findings:
    era = scene.era
    true = (None, None) if era is None else (era["era"], when(era["ends_at"]))
    yield from same(result, (int(result[1]), result[2]), true)


def _own(result: re.Match[str], scene: Scene) -> Findings:
    yield from _gathers(result, scene)
    if not _holds(scene, int(result[1])):
        yield "promise", f"{result[0]!r}, but that era does not certify {scene.policy['threshold']}"


def _carried(result: re.Match[str], scene: Scene) -> Findings:
    yield from _carries(result, scene, int(result[1]), int(result[2]), result[3])


def _carries(result: re.Match[str], scene: Scene, before: int, now: int, lapses: str) -> Findings:
    era = scene.era
    assert era is not None, "an era is named"
    yield from same(result, (before, now, lapses), (era["era"] - 1, era["era"], scene.lapses))
    if not _holds(scene, before) or _holds(scene, era["era"]):
        yield "promise", f"{result[0]!r}, but {scene.policy['threshold']} is not certified by just era {before}"


def _uncertified(result: re.Match[str], scene: Scene) -> Findings:
    yield from _gathers(result, scene)
    if _holds(scene, int(result[1])):
        yield "promise", f"{result[0]!r}, but that era certifies {scene.policy['threshold']}"
    if result[3] and scene.era is not None:
        yield from same(result, result[3], scene.lapses)


CLAIMS: tuple[Claim, ...] = (
    (
        rf"With {P} confidence at most {P} of what it releases is wrong \(certified(?: in era (\d+), until {W})?\)\.",
        _promised,
    ),
    (
        rf"{TARGET}: certified for today's threshold, from all blind labels at or above it(?:, until {W})?\.",
        _target_certified,
    ),
    (
        rf"{TARGET}: certified for today's threshold, by the labels of era (\d+); it lapses {W} unless era (\d+) certifies it\.",
        _target_carried,
    ),
    (rf"Labels count for era (\d+), until {W}; then evidence starts anew\.", _gathers),
    (rf"Today's threshold is certified by the labels of era (\d+); the promise stands until {W}\.", _own),
    (rf"Today's threshold stands by the certificate of era (\d+), until {W}; see what speaks against it\.", _own),
    (
        rf"Today's threshold was certified in era (\d+) and carries over while era (\d+) gathers labels of its own; without a "
        rf"certificate of its own it lapses {W}, and every case goes to a person\.",
        _carried,
    ),
    (
        rf"Today's threshold is not certified in era (\d+), which ends {W}(?:; without a certificate it lapses {W})?\.",
        _uncertified,
    ),
)
