"""The models that `retrain` trained: what each is and what its labels taught it, by the run that trained it."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.learned import Curve, Fitted, Point
from review.ledger.ledger import Ledger

FLOW = "retrain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a candidate was kept for, in groups that it did not learn from, and the same of the model's own score.

    `measure`: as in `learning_curve`. `reorders`: whether cases pass others by it.
    """

    measure: str
    after: float
    before: float
    reorders: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A trained model. `keeps`: the model whose answers it only scores anew; None: it answers by itself. `digest`: SHA-256 of
    its file, in hex; `labels`: what it learned from. `check`: None where it was not asked. `curve`: accuracy against the time of
    people, `timed` in seconds, else in readings; None: it was not asked for. `at`: when it was trained, in the ledger's words.
    """

    name: str
    kind: str
    keeps: str | None
    digest: str
    labels: int
    check: Check | None = None
    curve: Curve | NotEnoughEvidence | None = None
    timed: bool = True
    at: str = ""


def of(ledger: Ledger, stream: str) -> dict[str, Candidate]:
    """Name -> the candidate, as its first run registered it."""
    runs = ledger.read(
        "SELECT counts, finished_at FROM run WHERE stream = :stream AND flow = :flow ORDER BY finished_at DESC",
        stream=stream,
        flow=FLOW,
    )
    return {one["model"]: _candidate(one, at) for one, at in ((json.loads(text), at) for text, at in runs.rows())}


def with_curve(ledger: Ledger, stream: str) -> Candidate | None:
    """The candidate that was trained last, of those whose accuracy against the time of people is known; None: of none."""
    known = [one for one in of(ledger, stream).values() if isinstance(one.curve, Curve)]
    return max(known, key=lambda one: one.at, default=None)


def counts(one: Candidate) -> dict[str, Any]:
    """A candidate as a run records it. `of` reads it."""
    curve = None if one.curve is None else asdict(one.curve) | {"timed": one.timed}
    check = None if one.check is None else asdict(one.check)
    named = {"sha256": one.digest, "labels": one.labels, "keeps": one.keeps}
    return {"model": one.name, "kind": one.kind} | named | {"check": check, "curve": curve}


def _candidate(one: dict[str, Any], at: str) -> Candidate:
    check, curve = one.get("check"), one.get("curve")  # a run of before has neither
    return Candidate(
        name=one["model"],
        kind=one["kind"],
        keeps=one["keeps"],
        digest=one["sha256"],
        labels=one["labels"],
        check=None if check is None else Check(**check),
        curve=None if curve is None else _curve(curve),
        timed=curve is None or curve["timed"],
        at=at,
    )


def _curve(one: dict[str, Any]) -> Curve | NotEnoughEvidence:
    if "points" not in one:
        return NotEnoughEvidence(reason=one["reason"], n=one["n"], errors=one["errors"])
    points = [
        Point(verdicts=Fitted(**point["verdicts"]), first=Fitted(**point["first"]), spent=point["spent"])
        for point in one["points"]
    ]
    gain, better = (
        Estimate(**part) if "value" in part else NotEnoughEvidence(**part) for part in (one["gain"], one["better"])
    )
    return Curve(measure=one["measure"], points=tuple(points), gain=gain, better=better, better_at=one["better_at"])


def answering_as(ledger: Ledger, stream: str, model_id: str) -> list[str]:
    """The models whose answers are those of this one: a second stage that was promoted has a name of its own, and keeps them."""
    keeps = {name: one.keeps for name, one in of(ledger, stream).items() if one.keeps is not None}

    def root(name: str) -> str:
        return root(keeps[name]) if name in keeps else name

    return sorted({one for one in (*keeps, *keeps.values(), model_id) if root(one) == root(model_id)})
