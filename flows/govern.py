"""Who moves the line: a named person, with a reason, on the record."""

import hashlib
import json
import secrets

import polars as pl

from flows import runs, settings
from models import policy as policies
from models.errors import Misuse
from models.stream import Stream
from review import form, label_studio, ledger, states


def begin(stream_name: str, *, by: str) -> tuple[int, bool]:
    """Make ready what a stream needs: the ledger, an epoch, a policy that releases nothing, the Label Studio project.

    Doing it again changes nothing, unless the stream's model or labels have changed: then a new epoch begins.
    Returns the project's id and whether a new epoch began.
    """
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    ledger.migrate(config.ledger.get_secret_value())
    with ledger.open(config.ledger.get_secret_value()) as book, book.exclusive("govern", stream.name):
        began = begin_epoch(book, stream, by)
        connection = label_studio.connect(config.label_studio_url, settings.label_studio_token(config))
        labelling = form.config(stream)
        project_id = label_studio.ensure_project(
            connection,
            title=stream.review.project,
            config=labelling,
            instructions=stream.review.instructions,
            marker=stream.name,
        )
        now = runs.clock()
        row = {
            "stream": stream.name,
            "config_hash": _hash(labelling),
            "project_id": project_id,
            "config": labelling,
            "created_at": now,
        }
        book.append({"project": pl.DataFrame([row])}, now=now)
    return project_id, began


def adopt(stream_name: str, threshold: float | None, *, by: str, because: str) -> int:
    """Put a threshold in force (None: release nothing). Returns the new version.

    Nothing certifies it yet, so the record says `certified = false` for ever.
    """
    config = settings.read()
    stream = settings.read_stream(stream_name, config)
    for name, value in (("--by", by), ("--because", because)):
        if not value.strip():
            raise Misuse(f"{name} is empty; the record of who moved the line and why is kept for ever")
    with ledger.open(config.ledger.get_secret_value()) as book, book.exclusive("govern", stream.name):
        in_force = states.policy_in_force(book, stream.name)
        if in_force is None:
            raise Misuse(f"stream {stream.name!r} has no policy yet; run: second-reader init {stream.name}")
        try:
            policy = policies.Policy(
                threshold=threshold,
                audit_rate=stream.policy.audit_rate,
                blind_rate=stream.policy.cold_blind_rate if threshold is None else stream.policy.blind_rate,
            )
        except ValueError as error:
            raise Misuse(str(error)) from None
        _put_in_force(book, stream, in_force.epoch_id, policy, by=by, because=because, replaced=in_force)
        return in_force.version + 1


def begin_epoch(book: ledger.Ledger, stream: Stream, by: str) -> bool:
    """Begin an epoch if the stream has none or its model or labels have changed; whether one began."""
    in_force = states.policy_in_force(book, stream.name)
    if in_force is not None and (in_force.model_id, in_force.labels) == (stream.model.id, tuple(stream.labels)):
        return False
    now = runs.clock()
    content = {
        "stream": stream.name,
        "model_id": stream.model.id,
        "labels": json.dumps(stream.labels, ensure_ascii=False),
        "calibrator": "identity",
        "salt": secrets.token_hex(16),
        "opened_at": now,
    }
    epoch_id = _hash(content)
    cold = policies.Policy(
        threshold=None, audit_rate=stream.policy.audit_rate, blind_rate=stream.policy.cold_blind_rate
    )
    epoch = pl.DataFrame([{"epoch_id": epoch_id, **content}])
    because = f"a new epoch begins with model {stream.model.id}: every case goes to a person"
    _put_in_force(book, stream, epoch_id, cold, by=by, because=because, replaced=in_force, epoch=epoch)
    return True


def _put_in_force(
    book: ledger.Ledger,
    stream: Stream,
    epoch_id: str,
    policy: policies.Policy,
    *,
    by: str,
    because: str,
    replaced: states.PolicyInForce | None,
    epoch: pl.DataFrame | None = None,
) -> None:
    """One transaction: the epoch if it is new, the policy, its adoption."""
    now = runs.clock()
    content = {
        "stream": stream.name,
        "epoch_id": epoch_id,
        "threshold": policy.threshold,
        "audit_rate": policy.audit_rate,
        "blind_rate": policy.blind_rate,
        "target_error": stream.target.error,
        "delta": stream.target.delta,
        "cost_error": stream.costs.error,
        "cost_review_minute": stream.costs.review_minute,
    }
    policy_id = _hash(content)
    adoption = {
        "stream": stream.name,
        "version": 1 if replaced is None else replaced.version + 1,
        "policy_id": policy_id,
        "replaced": None if replaced is None else replaced.policy_id,
        "adopted_by": by,
        "because": because,
        "certified": False,
        "evidence": json.dumps(states.totals(book, stream.name), sort_keys=True),
        "adopted_at": now,
    }
    facts = {
        "policy": pl.DataFrame([{"policy_id": policy_id, **content}], schema_overrides={"threshold": pl.Float64}),
        "adoption": pl.DataFrame([adoption], schema_overrides={"replaced": pl.String}),
    }
    book.append(facts if epoch is None else {"epoch": epoch, **facts}, now=now)


def _hash(content: object) -> str:
    """SHA-256 of canonical JSON, in hex."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
