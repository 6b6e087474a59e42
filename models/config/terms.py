"""The terms of an epoch: all that makes an answer, its score and the verdict on it. Evidence gathered under some terms
says nothing of others, so they are registered when the epoch opens, and any change of them needs another epoch.

A key of the stream file is a term unless it stands below as one that bears on none of the three. What a reviewer is
asked (`question`, `kind`, `labels`) is among them, for an error is what people answer otherwise to that question.
`review.instructions` are not: a project that exists keeps those it was made with, whatever the file says.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from models.config.stream import Stream

Terms = dict[str, Any]  # key of the stream file, with its table, -> value as JSON knows it

# Which model answers, and how sure it is.
MODEL = frozenset({"model.id", "model.file", "model.features", "score.second_stage"})
# Tables whose keys say how a row is read: its answer, and how sure the model was.
_READING = ("labels", "input", "score", "field")
# Their values are the SHA-256 of the files, in hex: a path says nothing of what lies there.
FILES = ("model.file", "score.second_stage")
_FILE, _SECOND_STAGE = FILES
_NO_TERM = {
    # Where rows come from, and what is kept of each beside its answer.
    "input": {
        "source",
        "format",
        "files",
        "beside",
        "rows",
        "slices",
        "payload_by",
        "cost",
        "latency_ms",
        "produced_at",
        "channel",
        "asked_at",
        "tokens_in",
        "tokens_out",
        "join",
    },
    "model": {"file"},
    "review": {"box", "instructions", "project", "deadline_hours", "queue_depth", "capacity_per_day"},
    "target": set[str](),
}
_POLICY = ("per_class", "group_size")  # of [policy] only these: how often a case is sampled stands with each decision
_LONGEST = 60  # characters of a value in a message


def of(stream: Stream, model_digest: str | None, second_stage_digest: str | None = None) -> Terms:
    """The terms of a stream file. The digests: SHA-256 of the bytes of its `model.file` and `score.second_stage` in hex; None: it
    has none, or a second stage that was never to be read.

    Values are texts, numbers, booleans, null, lists of texts in their order, or lists of such lists.
    """
    tables = stream.model_dump(include=set(_NO_TERM))
    failed = stream.input.failed
    tables["input"]["failed"] = None if failed is None else [rule.text() for rule in failed]
    terms: Terms = {"model.id": stream.model.id, _FILE: model_digest, "labels": list(stream.labels)} | _read_by(stream)
    for table, left_out in _NO_TERM.items():
        terms |= {f"{table}.{key}": value for key, value in tables[table].items() if key not in left_out}
    terms |= {} if stream.review.box is None else {f"review.box.{key}": value for key, value in stream.review.box}
    terms |= _score(stream)
    terms |= {} if stream.ranked.second_stage is None else {_SECOND_STAGE: second_stage_digest or ""}
    terms |= {"field": [field.terms() for field in stream.field]} if stream.field else {}
    terms |= {f"policy.{key}": getattr(stream.policy, key) for key in _POLICY}
    # What is never released is no part of what is certified: dropping a rule adds cases that no evidence speaks of.
    return terms | {"never_release": [[rule.code, rule.when] for rule in stream.never_release] or None}


def _score(stream: Stream) -> Terms:
    """What makes the score, by the keys of [score] that are given; none where a column of the input is it."""
    if stream.score is None:
        return {}
    tables = {"score": stream.score.model_dump(exclude={"samples", "judge"}, exclude_none=True)}
    if stream.score.samples is not None:
        tables["score.samples"] = {"answers": stream.score.samples.answers or "rows of one id"}
    if stream.score.judge is not None:
        tables["score.judge"] = stream.score.judge.model_dump(exclude_none=True)
    return {f"{table}.{key}": value for table, keys in tables.items() for key, value in keys.items()}


def _read_by(stream: Stream) -> Terms:
    """The rule by which answers are read, null where labels are written in one way only."""
    spellings = sorted([text, label] for label, texts in stream.spellings.also.items() for text in set(texts))
    return {"labels.also": spellings or None, "labels.fold": stream.spellings.fold or None}


def differs(
    now: Mapping[str, Any], then: Mapping[str, Any] | None, *, but: Collection[str] = frozenset()
) -> str | None:
    """The first key whose value is another now than then, as half a sentence with both values; None: there is none.

    `then` None: an epoch of the first version, which registered no terms. A key that is missing has the value null. `but`: keys
    that are passed over (`MODEL`: those that say which model answers).
    """
    if then is None:
        return "the epoch in force was opened by an earlier version, whose certificates counted only settled days"
    for key in dict.fromkeys(name for name in (*now, *then) if name not in but):
        for name, ours, theirs in _pairs(key, now.get(key), then.get(key)):
            if ours == theirs:
                continue
            if key in (_FILE, _SECOND_STAGE) and ours and theirs:
                return f"the bytes of {key} have SHA-256 {ours[:12]}, those of the epoch in force {theirs[:12]}"
            return f"the file's {name} is {_shown(ours)}, that of the epoch in force {_shown(theirs)}"
    return None


def reading(registered: Mapping[str, Any]) -> Terms:
    """Those of some terms by which a row is read, whichever model answers; a key of no value is not there."""
    return {
        key: value
        for key, value in registered.items()
        if key.partition(".")[0] in _READING and key not in MODEL and value is not None
    }


def _pairs(key: str, now: Any, then: Any) -> Iterator[tuple[str, Any, Any]]:
    """What to compare under a key: its values, or where both are lists their elements, of which one names the difference."""
    if not isinstance(now, list) or not isinstance(then, list):
        yield key, now, then
        return
    if len(now) != len(then):
        yield f"number of {key}", len(now), len(then)
    for place, (ours, theirs) in enumerate(zip(now, then, strict=False), start=1):
        yield f"{key}, number {place},", ours, theirs


def _shown(value: Any) -> str:
    """A value in a line of a message, about as it would stand in the file."""
    if value is None:
        return "not given"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value) if isinstance(value, str | list) else f"{value:g}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
