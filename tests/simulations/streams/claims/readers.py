"""What a report says of the errors that readers miss."""

import re

from tests.simulations.streams.facts import Row
from tests.simulations.streams.scene import REGION, Claim, Findings, N, P, Scene, number, same


def _checked(region: str, scene: Scene) -> list[list[Row]]:
    """The readings of each case of a region whose first blind answer agreed with the model and that was read again."""
    cases = [row for row in scene.cases if row["blind"] and row["case_id"] in scene.readings]
    if region == "the released":
        cases = [row for row in cases if row["route"] == "AUTOMATE"]
    pairs = ((row, scene.readings[row["case_id"]]) for row in cases)
    return [read for row, read in pairs if len(read) > 1 and read[0]["answer"] == row["prediction"]]


def _readers(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, number(result[1]), len(_checked(result[6], scene)))
    region = scene.released if result[6] == "the released" else scene.scored
    share = 100 * scene.share_wrong(region)
    scene.limits["readers, too high"] = share < float(result[4])
    scene.limits["readers, too low"] = share > float(result[5])


def _readers_few(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, number(result[2]), len(_checked(result[1], scene)))


def _readers_none(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, 0, len(_checked(result[1], scene)), "absent")


def _not_measured(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, True, scene.known.alone)


def _caught(result: re.Match[str], scene: Scene) -> Findings:
    """Errors that two readers found: no more than cases that two hold to be wrong."""
    against = {row["case_id"]: row["prediction"] for row in scene.cases if row["blind"]}
    both = sum(
        sum(one["answer"] != against[case] for one in read) > 1
        for case, read in scene.readings.items()
        if case in against
    )
    if number(result[2]) > both:
        yield "count", f"{result[0]!r}, but two readers hold {both} to be wrong"


CLAIMS: tuple[Claim, ...] = (
    (
        rf"Readers were checked on {N} answers? that agreed with the model: (?:none was wrong|{N} (?:was|were) wrong)\. "
        rf"Corrected for what one reader misses, {P} \({P} to {P}\) of {REGION} are wrong\.",
        _readers,
    ),
    (
        rf"Nothing is known yet of what readers miss of {REGION}: {N} of {N} answers? sampled from those that agreed with "
        r"the model (?:was|were) read twice\.",
        _readers_few,
    ),
    (
        rf"Nothing is known yet of what readers miss of {REGION}: no answer that agreed with the model was sampled to be read "
        r"twice so far\.",
        _readers_none,
    ),
    (
        rf"Nothing is known yet of what readers miss of {REGION}: {N} errors? caught by two readers so far\.",
        _caught,
    ),
    (r"How many errors readers miss is not measured: review\.overlap is 0\.", _not_measured),
)
