"""What governs a stream: the policy in force, those before it, and the looks of its certificate."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from models import names_and_reasons
from models.routing.policy import Policy
from review.ledger.ledger import Ledger

RULE = ("threshold", "by_class", "audit_rate", "blind_rate", "by_band")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInForce:
    """The policy of the highest version, the epoch it belongs to, and who adopted it."""

    version: int
    policy_id: str
    epoch_id: str
    salt: str = field(repr=False)  # knowing it would foretell the audits
    model_id: str
    labels: tuple[str, ...]
    policy: Policy
    target_error: float
    delta: float
    adopted_by: str
    adopted_at: str
    because: str
    certified: bool
    replaced: str | None  # the policy before it
    seal: int  # of its adoption: tells what was decided before and after


def policy_in_force(ledger: Ledger, stream: str) -> PolicyInForce | None:
    """The policy in force; None if the stream was never opened."""
    rows = ledger.read(
        """
        SELECT a.version, a.policy_id, a.adopted_by, a.adopted_at, a.because, a.certified, a.replaced, a.seal,
               p.threshold, p.by_class, p.audit_rate, p.blind_rate, p.by_band, p.target_error, p.delta,
               e.epoch_id, e.salt, e.model_id, e.labels
        FROM adoption a JOIN policy p ON p.policy_id = a.policy_id JOIN epoch e ON e.epoch_id = p.epoch_id
        WHERE a.stream = :stream ORDER BY a.version DESC LIMIT 1
        """,
        stream=stream,
    )
    if rows.is_empty():
        return None
    row = rows.row(0, named=True)
    rule = rule_of({name: row.pop(name) for name in RULE})
    return PolicyInForce(**row | {"labels": tuple(json.loads(row["labels"]))}, policy=rule)


def rule_of(row: Mapping[str, Any]) -> Policy:
    """A policy from its columns RULE."""
    by_class = None if row["by_class"] is None else json.loads(row["by_class"])
    by_band = None if row["by_band"] is None else tuple((begin, rate) for begin, rate in json.loads(row["by_band"]))
    rates = {name: row[name] for name in ("threshold", "audit_rate", "blind_rate")}
    return Policy(by_class=by_class, by_band=by_band, **rates)


def history(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every adoption with its policy, oldest first."""
    return ledger.read(
        """
        SELECT a.version, a.adopted_at, a.adopted_by, a.because, a.certified, a.policy_id, a.replaced, a.seal,
               p.epoch_id, p.threshold, p.by_class, p.audit_rate, p.blind_rate, p.by_band, p.target_error, p.delta
        FROM adoption a JOIN policy p ON p.policy_id = a.policy_id
        WHERE a.stream = :stream ORDER BY a.version
        """,
        stream=stream,
    )


def decided(ledger: Ledger, stream: str) -> dict[int, dict[str, bool]]:
    """Of each version that says so: the parts whose threshold was decided with it, and whether `--uncertified`.

    A version that does not say decided the threshold of every part.
    """
    rows = ledger.read("SELECT version, evidence FROM adoption WHERE stream = :stream", stream=stream)
    recorded = {version: json.loads(evidence).get("drawn") for version, evidence in rows.iter_rows()}
    return {version: parts for version, parts in recorded.items() if parts is not None}


def named(ledger: Ledger, stream: str, epoch_id: str) -> pl.DataFrame:
    """The adoptions of an epoch (`history`) but for what the product put in force by itself."""
    return history(ledger, stream).filter(
        pl.col("epoch_id") == epoch_id, ~pl.col("adopted_by").is_in([names_and_reasons.ERA, names_and_reasons.SILENCE])
    )


def adopted(ledger: Ledger, stream: str, epoch_id: str) -> dict[str, Any] | None:
    """The last adoption of an epoch by a named person, as a row of `history`; None: there is none."""
    past = named(ledger, stream, epoch_id)
    # An epoch begins with nothing released: that is nobody's decision.
    return past.row(-1, named=True) if len(past) > 1 else None


def targets(ledger: Ledger, stream: str) -> dict[str, float]:
    """The target error that each epoch of the stream was opened with, by epoch_id."""
    rows = ledger.read(
        "SELECT DISTINCT epoch_id, target_error FROM policy WHERE stream = :stream ORDER BY epoch_id", stream=stream
    )
    return dict(rows.iter_rows())


def releasing_since(ledger: Ledger, stream: str) -> int | None:
    """The seal of the adoption since which the stream has been releasing without a break; None: nothing is released now."""
    since: int | None = None
    for row in reversed(history(ledger, stream).to_dicts()):
        if not rule_of(row).releases:
            break
        since = int(row["seal"])
    return since


def stopped(ledger: Ledger, stream: str) -> dict[str, Any] | None:
    """The adoption in force, as a row of `history`, if somebody has put nothing in force with it; else None.

    An epoch begins with nothing released: that is nobody's decision.
    """
    past = history(ledger, stream)
    if past.is_empty():
        return None
    of_epoch = past.filter(pl.col("epoch_id") == past["epoch_id"].last()).to_dicts()
    return of_epoch[-1] if len(of_epoch) > 1 and not rule_of(of_epoch[-1]).releases else None


NO_LOOKS = pl.DataFrame(
    schema={"part": pl.String, "era": pl.Int64, "look": pl.Int64, "threshold": pl.Float64, "made_at": pl.String}
)


def looks(ledger: Ledger, epoch_id: str) -> pl.DataFrame:
    """Each look of the epoch at which something had changed, oldest first: part, era, look, threshold, made_at."""
    return ledger.read(
        "SELECT part, era, look, threshold, made_at FROM look WHERE epoch_id = :epoch ORDER BY era, look, part",
        epoch=epoch_id,
    ).cast({"threshold": pl.Float64, "look": pl.Int64, "era": pl.Int64})
