"""What a report says of what is released and of how wrong it is: counts exactly, limits at their level."""

import json
import re

from tests.simulations.streams import world
from tests.simulations.streams.facts import Row
from tests.simulations.streams.scene import LABELS, Claim, Findings, N, P, Scene, near, number, same


def _every(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, (number(result[1]), 0), (len(scene.cases), len(scene.released)))


def _none_arrived(result: re.Match[str], scene: Scene) -> Findings:
    before = bool(scene.known.tables["decision"])
    yield from same(result, (0, result[1] is not None), (len(scene.cases), before))


def _alone(result: re.Match[str], scene: Scene) -> Findings:
    share = len(scene.released) / max(len(scene.cases), 1)
    if not near(result[1], share):
        yield "count", f"{result[0]!r}, but {len(scene.released)} of {len(scene.cases)} are released"
    yield from same(result, True, scene.policy["threshold"] is not None)
    if result[2]:
        wrong = 100 * scene.share_wrong(scene.released)
        scene.limits["released, too high"] = wrong < float(result[2])
        scene.limits["released, too low"] = wrong > float(result[3])


def _alone_once(result: re.Match[str], scene: Scene) -> Findings:
    if not near(result[1], len(scene.released) / max(len(scene.cases), 1)):
        yield "count", f"{result[0]!r}, but {len(scene.released)} of {len(scene.cases)} are released"
    yield from same(result, None, scene.policy["threshold"])


def _released(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, (number(result[1]), number(result[2])), (len(scene.released), len(scene.cases)))


def _at_most(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, number(result[3]), len(scene.released))
    scene.limits["released"] = 100 * scene.share_wrong(scene.released) > float(result[2])


def _labelled(result: re.Match[str], texts: tuple[str, str], cases: list[Row], scene: Scene) -> Findings:
    """Labels that are reported exist, and those that exist are reported; what is disputed counts as wrong until it is settled."""
    there = scene.labels(cases)
    true = len(there), there.count("wrong") + there.count("disputed")
    yield from same(result, (number(texts[0]), number(texts[1])), true)


def _estimate(result: re.Match[str], scene: Scene) -> Findings:
    yield from _labelled(result, (result[2], result[3]), scene.released, scene)


def _best(result: re.Match[str], scene: Scene) -> Findings:
    yield from _labelled(result, (result[1], result[2]), scene.released, scene)


def _everything(result: re.Match[str], scene: Scene) -> Findings:
    yield from _labelled(result, (result[5], result[6]), scene.scored, scene)
    share = 100 * scene.share_wrong(scene.scored)
    scene.limits["everything, too low"] = share > float(result[4])
    scene.limits["everything, too high"] = share < float(result[3])


def _waits(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, number(result[1]), scene.labels(scene.released or scene.scored).count("disputed"))


def _wider(result: re.Match[str], scene: Scene) -> Findings:
    line = scene.policy["threshold"]
    true = len(scene.labels(scene.released)), len(scene.labels(scene.at(line)))
    yield from same(result, (number(result[1]), number(result[2])), true)


def _at_threshold(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, number(result[3]), len(scene.labels(scene.at(scene.policy["threshold"]))))
    least = min((rate for _, rate in _by_band(scene)), default=scene.policy["audit_rate"])
    if abs(number(result[4]) - 1 / least) > 0.5:
        yield "count", f"{result[0]!r}, but one in {1 / least:.3g} is sampled"


def _by_band(scene: Scene) -> list[tuple[float, float]]:
    return [(begin, rate) for begin, rate in json.loads(scene.policy["by_band"] or "[]")]


def _bands(result: re.Match[str], scene: Scene) -> Findings:
    """The mean rate, and as many bands with a rate of their own as the policy has."""
    rates = [round(100 * rate, 1) for _, rate in _by_band(scene)]
    shown = [float(one) for one in re.findall(r"([\d.]+)\u00a0% from confidence", result[2])]
    yield from same(result, (float(result[1]), shown), (100 * scene.policy["audit_rate"], rates))


def _none_answered(result: re.Match[str], scene: Scene) -> Findings:
    sampled = [row for row in scene.released or scene.scored if row["blind"]]
    if there := scene.labels(sampled):
        yield "absent", f"{result[0]!r}, but {len(there)} are"
    yield from same(result, number(result[1]), len(sampled))


def _none_sampled(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, 0, sum(row["blind"] for row in scene.released or scene.scored), "absent")


def _no_release(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, None, scene.policy["threshold"])


def _none_so_sure(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, (True, 0), (scene.policy["threshold"] is not None, len(scene.released)))


def _repeats(result: re.Match[str], scene: Scene) -> Findings:
    yield from same(result, number(result[1]), sum(row["held"] is not None for row in scene.cases))


def _few_errors(result: re.Match[str], scene: Scene) -> Findings:
    labels = scene.labels(scene.scored)
    low, high = labels.count("wrong"), labels.count("wrong") + labels.count("disputed")
    if not low <= number(result[1]) <= high:
        yield "count", f"{result[0]!r}, but {low} are wrong and {high - low} disputed"


def _part(result: re.Match[str], scene: Scene) -> Findings:
    if float(result[2]) < 100 * world.ALPHA:  # it is printed rounded down
        yield "contradiction", f"{result[0]!r}, with a target of {100 * world.ALPHA:g} %"
    yield from same(result, True, bool(scene.released))


def _sentence(result: re.Match[str], scene: Scene) -> Findings:
    """Of a target that nothing certifies: no figure beside it."""
    yield from same(result, f"{100 * world.ALPHA:g}", result[1])


CLAIMS: tuple[Claim, ...] = (
    (rf"Every one of {N} cases? goes to a person\.", _every),
    (r"No case (of this epoch )?has arrived yet\.", _none_arrived),
    (r"Nothing is released alone until a named person sets the threshold\.", _no_release),
    (r"Nothing has gone out alone yet at today's threshold\.", _none_so_sure),
    (rf"The machine answered {P} of cases alone so far; nothing is released now\.", _alone_once),
    (
        rf"The machine answers {P} of cases alone(?:\.|; by the labels so far between {P} and {P} of these are wrong\.)",
        _alone,
    ),
    (rf"Released: {N} of {N} cases?\.", _released),
    (rf"With {P} confidence at most {P} of the {N} released are wrong\.", _at_most),
    (rf"Today's estimate: {P} wrong, from {LABELS} \([\d.]+\u00a0% limits, [^()]*\)\.", _estimate),
    (
        rf"From {LABELS}\. Best estimate [^.]*[\d.]+\u00a0% \([\d.]+\u00a0% limits [\d.]+\u00a0% to [\d.]+\u00a0%\), [^.]*\.",
        _best,
    ),
    (rf"Were everything released, {P} \({P} limits {P} to {P}\) would be wrong, from {LABELS}\.", _everything),
    (rf"{N} of the wrong waits? for another reader, and counts? as wrong until then\.", _waits),
    (
        rf"These limits rest on the {N} labels? of released cases only and narrow with each audit; all {N} at or above the "
        r"threshold give [\d.]+\u00a0% to [\d.]+\u00a0%\.",
        _wider,
    ),
    (
        rf"At the threshold the limits are {P} to {P}, wider than {N} labels? alike would give: since the threshold was moved "
        rf"one audit stands for (?:up to )?{N} cases?\.",
        _at_threshold,
    ),
    (
        rf"Of what is released {P} is sampled for a blind label, more often where earlier labels showed errors: (.*) on\.",
        _bands,
    ),
    (
        r"(?:Of these themselves nothing is known yet|About the model nothing can be said yet|How many of these answers are "
        rf"wrong is not known yet): none of {N} blind samples is answered yet\.",
        _none_answered,
    ),
    (
        r"(?:Of these themselves nothing is known yet|About the model nothing can be said yet|How many of these answers are "
        r"wrong is not known yet): no case has been sampled for a blind label\.",
        _none_sampled,
    ),
    (
        r"The target is at most ([\d.]+) % wrong among the released(?:\.|: the limit is below it, at this look; no certificate "
        r"says so\.|: even the lower limit is above it\.|: the limits still reach to both sides\.)".replace(
            " %", "\u00a0%"
        ),
        _sentence,
    ),
    (
        r"The target is at most ([\d.]+)\u00a0% wrong among the released: today's threshold is certified, but by the labels "
        r"(?:of era \d+ )?so far more of what it releases is wrong\.",
        _sentence,
    ),
    (
        rf"{N} cases? went to people, however sure the model was, for as many of (?:its|their) group as its plan allows had "
        r"come before\.",
        _repeats,
    ),
    (rf"Beware: {N} errors? seen, fewer than 5: whether the confidence means anything is not known yet\.", _few_errors),
    (
        rf"Beware: [^.]*? is above the target: {P} \([\d.]+\u00a0% limits {P} to [\d.]+\u00a0%\) of the released there are "
        r"wrong\.",
        _part,
    ),
)
