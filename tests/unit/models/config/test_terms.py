"""What makes an answer, its score and the verdict on it; and what does not."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from models.config import terms
from models.config.stream import Stream
from models.outputs import score_source

PLAIN: dict[str, Any] = {
    "name": "mail",
    "title": "Mail",
    "labels": ["ham", "spam"],
    "input": {"source": "inbox", "prediction": "label", "confidence": "score", "payload": ["text"]},
    "model": {"id": "m1"},
    "review": {"kind": "text", "question": "Is it?", "project": "Mail"},
    "target": {"error": 0.05},
    "costs": {"error": 1.0, "review_minute": 1.0},
    "policy": {},
    "schedule": {},
}
SPREAD: dict[str, Any] = PLAIN | {"input": {"source": "inbox", "probabilities": ["p1", "p2"], "payload": ["text"]}}
OWN: dict[str, Any] = PLAIN | {
    "input": {"source": "inbox", "payload": ["text"]},
    "model": {"id": "m1", "file": "a.skops", "features": ["x", "y"]},
}


def described(of: dict[str, Any] = PLAIN, **changes: dict[str, Any]) -> Stream:
    return Stream.model_validate(of | {table: of[table] | more for table, more in changes.items()})


def difference(of: dict[str, Any] = PLAIN, **changes: dict[str, Any]) -> str | None:
    return terms.differs(terms.of(described(of, **changes), None), terms.of(described(of), None))


@pytest.mark.parametrize(
    ("of", "changes", "text"),
    [
        (
            PLAIN,
            {"input": {"confidence": "p"}},
            "the file's input.confidence is 'p', that of the epoch in force 'score'",
        ),
        (PLAIN, {"input": {"prediction": "top"}}, "the file's input.prediction is 'top', "),
        (
            PLAIN,
            {"input": {"scale": "percent"}},
            "the file's input.scale is 'percent', that of the epoch in force 'unit'",
        ),
        (PLAIN, {"input": {"group": "who"}}, "input.group is 'who', that of the epoch in force not given"),
        (PLAIN, {"input": {"id": "key"}}, "input.id is 'key', "),
        (PLAIN, {"input": {"model": "by"}}, "input.model is 'by', "),
        (PLAIN, {"input": {"payload": ["body"]}}, "the file's input.payload, number 1, is 'body', "),
        (SPREAD, {"input": {"score": "margin"}}, "input.score is 'margin', that of the epoch in force 'max'"),
        (
            SPREAD,
            {"input": {"probabilities": ["p2", "p1"]}},
            "the file's input.probabilities, number 1, is 'p2', that of the epoch in force 'p1'",
        ),
        (PLAIN, {"model": {"id": "m2"}}, "the file's model.id is 'm2', that of the epoch in force 'm1'"),
        (OWN, {"model": {"features": ["y", "x"]}}, "the file's model.features, number 1, is 'y', "),
        (PLAIN, {"target": {"error": 0.02}}, "the file's target.error is 0.02, that of the epoch in force 0.05"),
        (PLAIN, {"target": {"delta": 0.1}}, "target.delta is 0.1, "),
        (PLAIN, {"policy": {"per_class": "each"}}, "policy.per_class is 'each', that of the epoch in force 'no'"),
        (PLAIN, {"policy": {"group_size": 3}}, "policy.group_size is 3, that of the epoch in force not given"),
        (
            PLAIN,
            {"review": {"second_opinion": False}},
            "review.second_opinion is false, that of the epoch in force true",
        ),
        (PLAIN, {"review": {"overlap": 0.2}}, "review.overlap is 0.2, that of the epoch in force 0.1"),
        (PLAIN, {"review": {"question": "Is it not?"}}, "review.question is 'Is it not?', "),
        (PLAIN, {"review": {"kind": "image"}}, "review.kind is 'image', "),
    ],
)
def test_a_change_of_what_makes_the_answer_names_the_key_and_both_values(
    of: dict[str, Any], changes: dict[str, dict[str, Any]], text: str
) -> None:
    result = difference(of, **changes)
    assert result is not None
    assert text in result


@pytest.mark.parametrize(
    "changes",
    [
        {"input": {"source": "elsewhere", "format": "csv", "payload_by": "reference"}},
        {"input": {"slices": ["country"], "cost": "cost", "latency_ms": "ms", "produced_at": "at"}},
        {"input": {"channel": "how", "asked_at": "asked", "tokens_in": "in", "tokens_out": "out"}},
        {"review": {"deadline_hours": 9000.0, "queue_depth": 7, "capacity_per_day": 30}},
        {"review": {"project": "Letters", "instructions": "Look twice."}},
        {"costs": {"error": 9.0, "currency": "USD"}},
        {
            "input": {"tokens_in": "in", "tokens_out": "out"},
            "costs": {"error": 9.0, "million_tokens_in": 1.0, "million_tokens_out": 4.0},
        },
        {"policy": {"audit_rate": 0.5, "blind_rate": 0.5, "cold_blind_rate": 0.5, "max_silence": 3.0, "era_days": 90}},
        {"schedule": {"score": "0 0 * * *", "timezone": "Europe/Berlin"}},
    ],
)
def test_a_change_of_anything_else_is_no_new_epoch(changes: dict[str, dict[str, Any]]) -> None:
    assert difference(**changes) is None


def test_labels_are_terms_in_their_order() -> None:
    then = terms.of(described(), None)
    other = Stream.model_validate(PLAIN | {"labels": ["spam", "ham"]})
    text = "the file's labels, number 1, is 'spam', that of the epoch in force 'ham'"
    assert terms.differs(terms.of(other, None), then) == text
    more = Stream.model_validate(PLAIN | {"labels": ["ham", "spam", "other"]})
    text = "the file's number of labels is 3, that of the epoch in force 2"
    assert terms.differs(terms.of(more, None), then) == text


def test_how_labels_may_be_written_is_a_term_and_a_list_says_what_it_always_said() -> None:
    then = terms.of(described(), None)
    names = {"names": ["ham", "spam"]}
    assert terms.differs(terms.of(Stream.model_validate(PLAIN | {"labels": names}), None), then) is None
    before = {key: value for key, value in then.items() if not key.startswith("labels.")}
    assert terms.differs(then, before) is None, "epochs opened before there was a table"
    folded = terms.of(Stream.model_validate(PLAIN | {"labels": names | {"fold": True}}), None)
    assert terms.differs(folded, then) == "the file's labels.fold is true, that of the epoch in force not given"
    also = terms.of(Stream.model_validate(PLAIN | {"labels": names | {"also": {"spam": ["Junk"]}}}), None)
    text = "the file's labels.also is [['Junk', 'spam']], that of the epoch in force not given"
    assert terms.differs(also, then) == text
    assert terms.differs(json.loads(json.dumps(also)), also) is None


def test_a_model_file_is_known_by_its_bytes_and_not_by_where_it_lies() -> None:
    then = terms.of(described(OWN), "ab12" * 16)
    assert terms.differs(terms.of(described(OWN, model={"file": "b.skops"}), "ab12" * 16), then) is None
    text = "the bytes of model.file have SHA-256 cd34cd34cd34, those of the epoch in force ab12ab12ab12"
    assert terms.differs(terms.of(described(OWN), "cd34" * 16), then) == text


def test_an_epoch_that_registered_no_terms_is_another_one() -> None:
    text = "the epoch in force was opened by an earlier version, whose certificates counted only settled days"
    assert terms.differs(terms.of(described(), None), None) == text


def test_a_key_that_one_side_does_not_know_is_one_that_was_not_given() -> None:
    now = terms.of(described(), None)
    assert terms.differs(now, {key: value for key, value in now.items() if value is not None}) is None
    assert terms.differs(now, now | {"input.folding": "case"}) == (
        "the file's input.folding is not given, that of the epoch in force 'case'"
    )


def test_a_difference_is_one_short_line_whatever_the_values_hold() -> None:
    result = difference(review={"question": "a\n\x1b[31m" + "b" * 280})
    assert result is not None
    assert result.isprintable()
    assert len(result) < 200


def test_a_rule_of_release_is_a_term_and_a_rule_of_audit_is_none() -> None:
    rule = {"code": "large", "when": "total > 100"}
    ruled, audited = (Stream.model_validate(PLAIN | {key: [rule]}) for key in ("never_release", "always_audit"))
    plain = terms.of(described(), None)
    assert terms.of(audited, None) == plain
    differs = terms.differs(terms.of(ruled, None), plain)
    assert differs == "the file's never_release is [['large', 'total > 100']], that of the epoch in force not given"
    assert terms.differs({**plain}, {key: value for key, value in plain.items() if key != "never_release"}) is None


def ranked(table: object) -> Stream:
    return Stream.model_validate(PLAIN | {"score": table})


def test_a_second_stage_is_known_by_its_bytes() -> None:
    staged = ranked({"second_stage": "models/a.skops"})
    then = terms.of(staged, None, "ab12" * 16)
    assert terms.differs(terms.of(ranked({"second_stage": "models/b.skops"}), None, "ab12" * 16), then) is None
    text = "the bytes of score.second_stage have SHA-256 cd34cd34cd34, those of the epoch in force ab12ab12ab12"
    assert terms.differs(terms.of(staged, None, "cd34" * 16), then) == text
    assert terms.differs(terms.of(described(), None), then) is not None
    assert terms.differs(terms.of(staged, None), terms.of(described(), None)) is not None, (
        "a file that nobody could read"
    )
    assert terms.differs(terms.of(described(), None), then, but=terms.MODEL) is None


def test_a_second_stage_goes_with_every_way_to_make_a_confidence() -> None:
    assert ranked({"second_stage": "a.skops"}).score is None
    both = ranked({"second_stage": "a.skops", "scale": "percent"})
    assert both.score is not None
    assert (both.score.scale, both.ranked.second_stage) == ("percent", "a.skops")
    assert [score_source.calibrator(one) for one in (both, described())] == ["second stage", "identity"]
    for table in ({"second_stage": ""}, {"second_stage": 3}, "a.skops"):
        with pytest.raises(ValidationError):
            ranked(table)
