"""Every claim of a report, in the order in which its sentences are looked for, and what two of them must not say together."""

import re

from tests.simulations.streams import world
from tests.simulations.streams.claims import alarms, certificates, eras, news, readers, released
from tests.simulations.streams.scene import Claim, Findings, P, Scene, T

CLAIMS: tuple[Claim, ...] = (
    *released.CLAIMS,
    *eras.CLAIMS,
    *readers.CLAIMS,
    *alarms.CLAIMS,
    *certificates.CLAIMS,
    *news.CLAIMS,
)


def contradictions(text: str, scene: Scene) -> Findings:
    """What the wider of two figures on one page rules out, the other must not promise without a word."""
    everything = re.search(rf"Were everything released, {P} \({P} limits {P} to {P}\)", text)
    certified = re.search(rf"Certified: {T} \({P} of cases\)\. [^.]*\.( But)?", text)
    if not everything or not certified or certified[3]:
        return
    line = scene.line(certified[1])
    if float(everything[3]) > 100 * world.ALPHA and len(scene.at(line)) == len(scene.scored):
        yield "contradiction", f"{certified[0]!r} beside {everything[0]!r}"
