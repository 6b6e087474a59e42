"""The models that `retrain` trained: what each is, by the run that trained it."""

import json
from dataclasses import dataclass

from review.ledger.ledger import Ledger

FLOW = "retrain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A trained model. `keeps`: the model whose answers it only scores anew; None: it answers by itself. `digest`: SHA-256 of
    its file, in hex; `labels`: what it learned from."""

    name: str
    kind: str
    keeps: str | None
    digest: str
    labels: int


def of(ledger: Ledger, stream: str) -> dict[str, Candidate]:
    """Name -> the candidate, as its first run registered it."""
    runs = ledger.read(
        "SELECT counts FROM run WHERE stream = :stream AND flow = :flow ORDER BY finished_at DESC",
        stream=stream,
        flow=FLOW,
    )
    known = (json.loads(counts) for counts in runs["counts"])
    return {
        one["model"]: Candidate(
            name=one["model"], kind=one["kind"], keeps=one["keeps"], digest=one["sha256"], labels=one["labels"]
        )
        for one in known
    }


def answering_as(ledger: Ledger, stream: str, model_id: str) -> list[str]:
    """The models whose answers are those of this one: a second stage that was promoted has a name of its own, and keeps them."""
    keeps = {name: one.keeps for name, one in of(ledger, stream).items() if one.keeps is not None}

    def root(name: str) -> str:
        return root(keeps[name]) if name in keeps else name

    return sorted({one for one in (*keeps, *keeps.values(), model_id) if root(one) == root(model_id)})
