"""Epochs: one model, one set of labels, one target, and evidence that starts at zero."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from flows.runtime import runs, settings
from models.certification import certificate
from models.config.stream import Stream
from models.errors import ModelInvalid
from models.outputs import score_source
from models.routing import policy as policies
from review.ledger import ledger
from review.queries import certificates, policy_history, readings, registered, totals


def begin_epoch(book: ledger.Ledger, stream: Stream, by: str) -> bool:
    """Begin an epoch if the stream has none or is no longer what its epoch was opened under; whether one began."""
    in_force = policy_history.policy_in_force(book, stream.name)
    differs = None if in_force is None else runs.changed(book, in_force, stream)
    if in_force is not None and not differs:
        return False
    open_epoch(book, stream, in_force, by=by, because=_reason(stream, differs))
    return True


def open_epoch(
    book: ledger.Ledger,
    stream: Stream,
    in_force: policy_history.PolicyInForce | None,
    *,
    by: str,
    because: str,
    alarm: pl.DataFrame | None = None,
) -> None:
    """Begin an epoch: a salt, and a policy that releases nothing. One transaction. Its first era begins with its first cases
    (`flows.governance.eras`)."""
    now = runs.clock()
    content = {
        "stream": stream.name,
        "model_id": stream.model.id,
        "labels": json.dumps(stream.labels, ensure_ascii=False),
        "calibrator": score_source.calibrator(stream),
        "salt": secrets.token_hex(16),
        "opened_at": now,
        "terms": _terms(book, stream, in_force),
    }
    epoch_id = digest(content)
    cold = policies.Policy(
        threshold=None, audit_rate=stream.policy.audit_rate, blind_rate=stream.policy.cold_blind_rate
    )
    epoch = pl.DataFrame([{"epoch_id": epoch_id, **content}])
    facts = {"epoch": epoch}
    if alarm is not None:
        facts["alarm"] = alarm
    first = adoption(book, stream, epoch_id, cold, in_force, by=by, because=because, holds=False, now=now)
    book.append(facts | first, now=now)


def _reason(stream: Stream, differs: str | None) -> str:
    begins = f"a new epoch begins with model {stream.model.id}: every case goes to a person"
    return begins if differs is None else f"{begins}, evidence starts at zero, for {differs}"


def _terms(book: ledger.Ledger, stream: Stream, in_force: policy_history.PolicyInForce | None) -> str:
    """The terms of a new epoch, as canonical JSON. Raises ModelInvalid if its model was never to be read."""
    then = None if in_force is None else registered.terms(book, in_force.epoch_id)
    now = runs.terms_now(stream, then)
    if stream.model.file is not None and now["model.file"] is None:
        raise ModelInvalid(
            f"{settings.read().data / stream.model.file}: the model cannot be read, and an epoch is opened with its bytes; "
            "put it there, or correct model.file of the stream"
        )
    return _canonical(now)


def adoption(
    book: ledger.Ledger,
    stream: Stream,
    epoch_id: str,
    policy: policies.Policy,
    replaced: policy_history.PolicyInForce | None,
    *,
    by: str,
    because: str,
    holds: bool,
    now: str,
    progress_by_scope: Mapping[str, certificate.Progress] = MappingProxyType({}),
    decided: Mapping[str, bool] | None = None,
) -> dict[str, pl.DataFrame]:
    """A policy and its adoption as facts, with the evidence that was on the table; `holds`: a certificate covers it.

    `decided`: the parts whose threshold was decided with it, and of each whether against today's verdict; the others only stay
    where they are. None: all of them, none against it.
    """
    people = readings.read(book, stream.name)
    counts = totals.totals(book, stream.name, people) | {"disputed": len(readings.disputed(book, stream.name, people))}
    content = {
        "stream": stream.name,
        "epoch_id": epoch_id,
        "threshold": policy.threshold,
        "by_class": None if policy.by_class is None else json.dumps(dict(policy.by_class), sort_keys=True),
        "audit_rate": policy.audit_rate,
        "blind_rate": policy.blind_rate,
        "target_error": stream.target.error,
        "delta": stream.target.delta,
        "cost_error": stream.costs.error,
        "cost_review_minute": stream.costs.review_minute,
    }
    policy_id = digest(content)
    adopted = {
        "stream": stream.name,
        "version": 1 if replaced is None else replaced.version + 1,
        "policy_id": policy_id,
        "replaced": None if replaced is None else replaced.policy_id,
        "adopted_by": by,
        "because": because,
        "certified": holds,
        "evidence": json.dumps(
            counts | _evidence(progress_by_scope) | ({} if decided is None else {"drawn": dict(decided)}),
            sort_keys=True,
        ),
        "adopted_at": now,
    }
    return {
        "policy": pl.DataFrame(
            [{"policy_id": policy_id, **content, "by_band": None}],
            schema_overrides={"threshold": pl.Float64, "by_class": pl.String, "by_band": pl.String},
        ),
        "adoption": pl.DataFrame([adopted], schema_overrides={"replaced": pl.String}),
    }


def _evidence(progress_by_scope: Mapping[str, certificate.Progress]) -> dict[str, object]:
    """The certificate's part of the evidence: which look, and what it held; by class where there is one for each."""
    if "" in progress_by_scope:
        whole = progress_by_scope[""]
        return {"era": whole.plan.era, "look": whole.looks, "certified_thresholds": certificates.held(whole)}
    by_class = {part: certificates.held(left) for part, left in progress_by_scope.items()}
    return (
        {"era": next(iter(progress_by_scope.values())).plan.era, "certified_by_class": by_class}
        if progress_by_scope
        else {}
    )


def digest(content: object) -> str:
    """SHA-256 of its canonical JSON, in hex: by it a row of the ledger is known."""
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
