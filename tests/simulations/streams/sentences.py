"""A report's sentences, held against the ledger's tables and the planted truth: counts exactly, limits at their level.

Each sentence that holds a figure of the ledger has a check in `claims`. What is a forecast, advice or about how the
confidence is spread is listed in `ADVICE`. What neither knows is a finding: the oracle would be blind to it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.simulations.streams import driver, product
from tests.simulations.streams.claims import page as claims
from tests.simulations.streams.facts import Facts
from tests.simulations.streams.scene import LONG, Findings, N, P, Scene, T, when

ADVICE = (
    r"This page fills with the first answers of the model\.",
    r"Put them where the stream looks for its input, then: .*",
    r"Cases and labels of earlier epochs are no evidence about this one\.",
    r"By the labels (?:of era \d+ )?so far more of what today's threshold releases is wrong than is asked for\.",
    r"A share of them is sampled for a blind label; as people answer, the error shows\.",
    r"They narrow with each audit\.",
    r"Raise the threshold, or halt\.",
    rf"About {N} more blind labels?, all right, would show it{LONG}\.",
    rf"About {N} more blind labels? at {T} would certify that, were errors to stay as rare as so far{LONG}\.",
    r"How many more labels it takes is known when more of them are\.",
    r"Beware: the confidence is off by [\d.]+ on average \(above [\d.]+\): it is no probability until it is calibrated "
    r"\(retrain --kind calibrator\)\.",
    r"Beware: the confidence hardly tells right from wrong \(AUROC [\d.]+, below [\d.]+\)\.",
    r"(?:Beware: w|W)rong answers have the higher confidence \(AUROC 0\.[0-4]\d?\): do not route by it\.",
    rf"Beware: the confidences of the newest day have moved: up to {P} of cases lie elsewhere than before\.",
    r"That needs no label to see and is no proof of errors; look at the input\.",
    r"Errors that all readers miss alike are not in this: only cases whose answer is known can show them\.",
    r"At [\d.\u202f]+ audits a day a false alarm comes about once in [\d.e+]+ years\.",
    r"A jump of the error to 1\.5 times the target goes unnoticed for about [^;]*\(medians\); a slow rise takes longer\.",
    r"Whether the confidences have moved cannot be said before there are two days of 100 cases\.",
    r"(?:It will not become empty|Empty in about [\d.\u202f]+\u00a0?\s?\w+): people answer [^;]* come in \(last [^)]*\)\.",
    r"When it will be empty is known after a day of cases and of answers\.",
    rf"At [\d.\u202f]+ blind labels a day it cannot certify anything: that takes {N} blind labels?, and it lasts [^.]*\.",
)


@dataclass(slots=True)
class Page:
    """The reports of one stream so far, by the time they name; `limits`: whether each kind of limit is broken; `read`: how
    many sentences were held against the truth."""

    truth: Mapping[str, driver.Truth]
    before: dict[str, Scene] = field(default_factory=dict)
    limits: dict[str, bool] = field(default_factory=dict)
    read: int = 0


def false(reported: product.Shown, known: Facts, page: Page, made_at: str) -> Findings:
    """What is not true of what a report says: kind and text. `made_at`: as the ledger writes times."""
    scene = Scene.of(known, page.truth, page.before, page.limits, made_at)
    parts = (
        *reported.headline,
        reported.target,
        *reported.proposed[1:],
        *reported.certificate,
        *reported.changes,
        *reported.watchdog,
        reported.queue,
    )
    for text in filter(None, parts):
        yield from _of(text, scene, page)
    yield from claims.contradictions(" ".join(parts), scene)
    page.before[when(made_at)] = scene


def _of(text: str, scene: Scene, page: Page) -> Iterator[tuple[str, str]]:
    for pattern, check in claims.CLAIMS:
        while result := re.search(pattern, text):
            page.read += 1
            yield from check(result, scene)
            text = f"{text[: result.start()]} {text[result.end() :]}"
    for pattern in ADVICE:
        text = re.sub(pattern, "", text)
    if message := text.strip():
        yield "unread", message
