"""What a report says of the promise in force: which era certifies the line, and until when."""

import re

from tests.simulations.streams import world
from tests.simulations.streams.scene import TARGET, Claim, P, Said, Scene, W, same, when


def _promised(found: re.Match[str], scene: Scene) -> Said:
    """The first line: the line in force is certified by the era it names, or else the one under way."""
    yield from same(found, (found[1], found[2]), (f"{100 * (1 - world.DELTA):g}", f"{100 * world.ALPHA:g}"))
    era = scene.era
    if era is None or not _holds(scene, int(found[3]) if found[3] else era["era"]):
        yield "promise", f"{found[0]!r}, but no certificate of that era holds {scene.policy['threshold']}"
    elif found[3]:
        yield from same(found, (int(found[3]), found[4]), (era["era"] - 1, scene.lapses))


def _holds(scene: Scene, era: int) -> bool:
    return scene.policy["threshold"] in scene.certified(era)


def _target_certified(found: re.Match[str], scene: Scene) -> Said:
    era = scene.era
    if era is None or not _holds(scene, era["era"]):
        yield "promise", f"{found[0]!r}, but no certificate holds {scene.policy['threshold']}"
    elif found[1]:
        yield from same(found, found[1], when(era["ends_at"]))


def _target_carried(found: re.Match[str], scene: Scene) -> Said:
    yield from _carries(found, scene, int(found[1]), int(found[3]), found[2])


def _gathers(found: re.Match[str], scene: Scene) -> Said:
    era = scene.era
    true = (None, None) if era is None else (era["era"], when(era["ends_at"]))
    yield from same(found, (int(found[1]), found[2]), true)


def _own(found: re.Match[str], scene: Scene) -> Said:
    yield from _gathers(found, scene)
    if not _holds(scene, int(found[1])):
        yield "promise", f"{found[0]!r}, but that era does not certify {scene.policy['threshold']}"


def _carried(found: re.Match[str], scene: Scene) -> Said:
    yield from _carries(found, scene, int(found[1]), int(found[2]), found[3])


def _carries(found: re.Match[str], scene: Scene, before: int, now: int, lapses: str) -> Said:
    era = scene.era
    assert era is not None, "an era is named"
    yield from same(found, (before, now, lapses), (era["era"] - 1, era["era"], scene.lapses))
    if not _holds(scene, before) or _holds(scene, era["era"]):
        yield "promise", f"{found[0]!r}, but {scene.policy['threshold']} is not certified by just era {before}"


def _uncertified(found: re.Match[str], scene: Scene) -> Said:
    yield from _gathers(found, scene)
    if _holds(scene, int(found[1])):
        yield "promise", f"{found[0]!r}, but that era certifies {scene.policy['threshold']}"
    if found[3] and scene.era is not None:
        yield from same(found, found[3], scene.lapses)


CLAIMS: tuple[Claim, ...] = (
    (
        rf"With {P} confidence at most {P} of what it releases is wrong \(certified(?: in era (\d+), until {W})?\)\.",
        _promised,
    ),
    (
        rf"{TARGET}: certified for today's line, from all blind labels at or above it(?:, until {W})?\.",
        _target_certified,
    ),
    (
        rf"{TARGET}: certified for today's line, by the labels of era (\d+); it lapses {W} unless era (\d+) certifies it\.",
        _target_carried,
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
)
