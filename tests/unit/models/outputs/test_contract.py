"""The input contract, one kind of bad input at a time."""

import base64
import hashlib
import json
import struct
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from models.config import stream
from models.errors import InputInvalid
from models.outputs import contract, reserved

HEAD = """
name = "mail"
title = "Mail"
labels = ["bug", "question", "praise"]
[input]
source = "inbox"
payload = ["text"]
slices = ["country"]
"""
TAIL = """
[model]
id = "m1"
[review]
kind = "text"
question = "What is it?"
project = "Mail"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""


def described(*lines: str) -> stream.Stream:
    return stream.parse(HEAD + "\n".join(lines) + TAIL, origin="mail.toml")


NUMBER = described('prediction = "label"', 'confidence = "score"')
PROBABILITIES = described('probabilities = ["p1", "p2", "p3"]')
BOTH = described('prediction = "label"', 'probabilities = ["p1", "p2", "p3"]')
ROW: dict[str, object] = {"id": "a", "label": "bug", "score": 0.9, "text": "A text", "country": "de"}
SPREAD: dict[str, object] = {
    "id": "a",
    "label": "bug",
    "text": "A text",
    "country": "de",
    "p1": 0.7,
    "p2": 0.2,
    "p3": 0.1,
}


def validated(*rows: dict[str, object], by: stream.Stream = NUMBER) -> contract.Validated:
    return contract.validate(pl.DataFrame(list(rows), infer_schema_length=None), by, source="mail.csv")


def case(row: dict[str, object], by: stream.Stream = NUMBER) -> dict[str, object]:
    checked = validated(row, by=by)
    assert len(checked.faults) == 0
    return checked.cases.row(0, named=True)


def test_a_good_row_is_a_case() -> None:
    result = case(ROW)
    content, group = result.pop("content"), result.pop("group_id")
    assert (len(str(content)), len(str(group))) == (64, 16)
    assert result == {
        "case_id": "a",
        "payload": '{"text":"A text"}',
        "model_id": "m1",
        "prediction": "bug",
        "raw_score": 0.9,
        "doubt": None,
        "slices": '{"country":"de"}',
        "cost": None,
        "latency_ms": None,
        "produced_at": None,
        "source": "mail.csv",
        "line": 1,
        "ruled": None,
        "audited": False,
    }


def test_the_line_is_the_one_the_reader_found() -> None:
    frame = pl.DataFrame([ROW, ROW | {"id": None}]).with_columns(pl.Series(reserved.LINE, [7, 12]))
    checked = contract.validate(frame, NUMBER, source="x")
    assert (checked.cases["line"].to_list(), checked.faults["line"].to_list()) == ([7], [12])


# Unreadable: a fault, kept whole


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": None}, "no id"),
        ({"id": "  "}, "no id"),
        ({"id": "a\0b"}, "the id holds a NUL character"),
        ({"id": "x" * 1001}, "the id is longer than 1000 bytes"),
        ({"text": None}, "missing payload (text)"),
        ({"text": " \n"}, "missing payload (text)"),
    ],
)
def test_a_row_that_cannot_be_a_case_is_a_fault_kept_whole(change: dict[str, object], reason: str) -> None:
    row = ROW | change
    checked = validated(ROW | {"id": "good"}, row | {"note": "unnamed, but kept"})
    assert checked.cases["case_id"].to_list() == ["good"]
    (fault,) = checked.faults.rows(named=True)
    assert (fault["source"], fault["line"], fault["reason"]) == ("mail.csv", 2, reason)
    assert json.loads(fault["raw"]) == row | {"note": "unnamed, but kept"}


def test_a_line_kept_by_the_reader_is_the_fault_as_it_stood() -> None:
    frame = pl.DataFrame([ROW | {"id": None, reserved.RAW: '{ "id" : null }'}])
    assert contract.validate(frame, NUMBER, source="x").faults["raw"].to_list() == ['{ "id" : null }']


def test_of_several_payload_columns_one_is_enough() -> None:
    record = described('prediction = "label"').model_copy(
        update={"input": NUMBER.input.model_copy(update={"payload": ["text", "sender"]})}
    )
    rows = [ROW | {"id": "a", "sender": None}, ROW | {"id": "b", "sender": "eve", "text": None}]
    rows.append(ROW | {"id": "c", "sender": None, "text": ""})
    checked = validated(*rows, by=record)
    assert checked.cases["payload"].to_list() == ['{"sender":null,"text":"A text"}', '{"sender":"eve","text":null}']
    assert checked.faults["reason"].to_list() == ["missing payload (text, sender)"]


def test_an_id_that_comes_again_with_other_content_is_a_fault_and_the_first_stays() -> None:
    checked = validated(ROW, ROW | {"id": "b"}, ROW | {"text": "Other"}, ROW, ROW | {"score": 0.8})
    assert checked.cases.select("case_id", "line").rows() == [("a", 1), ("b", 2)]
    assert checked.faults.select("line", "reason").rows() == [
        (3, "id 'a' stands in line 1 with different content"),
        (5, "id 'a' stands in line 1 with different content"),
    ]


def test_a_repeat_of_a_row_that_was_no_case_is_a_case() -> None:
    checked = validated(ROW | {"text": None}, ROW)
    assert (checked.cases["line"].to_list(), checked.faults["line"].to_list()) == ([2], [1])


def test_a_decision_that_clashes_with_the_ledger_is_a_fault() -> None:
    cases = validated(ROW).cases.with_columns(extra=pl.lit(1))
    (fault,) = contract.clashes(cases).rows(named=True)
    assert (fault["source"], fault["line"]) == ("mail.csv", 1)
    assert fault["reason"] == "id 'a' was decided before with different content"
    raw = json.loads(fault["raw"])
    assert (raw["case_id"], raw["prediction"], raw["raw_score"]) == ("a", "bug", 0.9)
    assert contract.clashes(cases.clear()).schema == contract.FAULT_SCHEMA


# Readable but not scorable: a case that stays unscored


@pytest.mark.parametrize(
    ("change", "prediction", "doubt"),
    [
        ({"label": "spam"}, None, "unknown label 'spam'"),
        ({"label": "a\nb\0" + "c" * 99}, None, "unknown label 'a b " + "c" * 56 + "'"),
        ({"label": None}, None, "no prediction"),
        ({"score": float("nan")}, "bug", "confidence is NaN"),
        ({"score": None}, "bug", "no confidence"),
        ({"score": -0.1}, "bug", "confidence -0.1 is not from 0 to 1"),
        ({"score": float("inf")}, "bug", "confidence inf is not from 0 to 1"),
        ({"score": "high"}, "bug", "confidence 'high' is not a number"),
        ({"score": "NaN"}, "bug", "confidence is NaN"),
        ({"score": True}, "bug", "confidence 'true' is not a number"),
        ({"label": "spam", "score": -7.0}, None, "unknown label 'spam'"),
    ],
)
def test_a_row_that_cannot_be_scored_goes_to_a_person(
    change: dict[str, object], prediction: str | None, doubt: str
) -> None:
    result = case(ROW | change)
    assert (result["prediction"], result["raw_score"], result["doubt"]) == (prediction, None, doubt)


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"p1": None}, "a probability is missing or not a number"),
        ({"p1": float("nan")}, "a probability is missing or not a number"),
        ({"p1": -0.1, "p2": 1.0}, "a probability is negative"),
        ({"p1": 0.6}, "the probabilities sum to 0.9, not 1"),
        ({"p1": float("inf")}, "the probabilities sum to inf, not 1"),
    ],
)
def test_probabilities_that_are_none_go_to_a_person(change: dict[str, object], doubt: str) -> None:
    result = case(SPREAD | change, by=PROBABILITIES)
    assert (result["prediction"], result["raw_score"], result["doubt"]) == (None, None, doubt)
    assert case(SPREAD | change, by=BOTH)["prediction"] == "bug"


def test_the_most_probable_label_is_the_prediction_and_the_first_wins_a_tie() -> None:
    assert case(SPREAD, by=PROBABILITIES)["prediction"] == "bug"
    assert case(SPREAD | {"p1": 0.2, "p2": 0.7}, by=PROBABILITIES)["prediction"] == "question"
    assert case(SPREAD | {"p1": 0.1, "p2": 0.45, "p3": 0.45}, by=PROBABILITIES)["prediction"] == "question"


@pytest.mark.parametrize(("score", "expected"), [("max", 0.1), ("margin", 0.0), ("entropy", 0.0)])
def test_a_prediction_that_is_not_the_most_probable_label_is_scored_by_its_own_probability(
    score: str, expected: float
) -> None:
    by = described('prediction = "label"', 'probabilities = ["p1", "p2", "p3"]', f'score = "{score}"')
    result = case(SPREAD | {"label": "praise"}, by=by)
    assert (result["prediction"], result["raw_score"], result["doubt"]) == ("praise", expected, None)
    surest = case(SPREAD, by=by)
    assert float(str(surest["raw_score"])) > expected
    unknown = case(SPREAD | {"label": "spam"}, by=by)
    assert (unknown["raw_score"], unknown["doubt"]) == (None, "unknown label 'spam'")


def test_of_two_most_probable_labels_either_may_be_the_prediction() -> None:
    tied = case(SPREAD | {"label": "question", "p1": 0.45, "p2": 0.45}, by=BOTH)
    assert (tied["prediction"], tied["raw_score"]) == ("question", 0.45)


@pytest.mark.parametrize(("score", "expected"), [("max", 0.7), ("margin", 0.5), ("entropy", 0.270153)])
def test_the_stream_says_how_probabilities_become_a_score(score: str, expected: float) -> None:
    result = case(SPREAD, by=described('probabilities = ["p1", "p2", "p3"]', f'score = "{score}"'))
    assert round(float(str(result["raw_score"])), 6) == expected


def test_one_list_column_says_what_three_columns_say() -> None:
    row: dict[str, object] = {"id": "a", "text": "A text", "country": "de", "p": [0.7, 0.2, 0.1]}
    result = case(row, by=described('probabilities = ["p"]'))
    assert (result["prediction"], result["raw_score"]) == ("bug", 0.7)


def test_without_any_confidence_everything_goes_to_people() -> None:
    result = case(ROW, by=described('prediction = "label"'))
    assert (result["prediction"], result["raw_score"], result["doubt"]) == (
        "bug",
        None,
        "the stream gives no confidence",
    )


def test_a_row_of_another_model_goes_to_a_person_under_its_own_name() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'model = "model"')
    assert case(ROW | {"model": "m1"}, by=by)["doubt"] is None
    result = case(ROW | {"model": "m2"}, by=by)
    assert (result["model_id"], result["raw_score"], result["doubt"]) == ("m2", None, "model 'm2' answered, not 'm1'")
    assert case(ROW | {"model": None}, by=by)["model_id"] == "unknown"


# What the rest of a row becomes


def test_an_amount_is_a_number_of_at_least_zero_or_not_given() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'cost = "cost"', 'latency_ms = "ms"')
    rows = [("0.25", 12), ("-1", float("inf")), ("free", None)]
    checked = validated(*[ROW | {"id": str(n), "cost": c, "ms": m} for n, (c, m) in enumerate(rows)], by=by)
    assert checked.cases.select("cost", "latency_ms").rows() == [(0.25, 12.0), (None, None), (None, None)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-31T23:59:59Z", "2026-01-31T23:59:59.000000Z"),
        ("2026-01-31T23:59:59.123456789+02:00", "2026-01-31T21:59:59.123456Z"),
        ("2026-01-31 23:59", "2026-01-31T23:59:00.000000Z"),
        ("2026-01-31T10:00:00,5-0330", "2026-01-31T13:30:00.500000Z"),
        (" 2026-01-31 ", "2026-01-31T00:00:00.000000Z"),
        ("2026-02-30", None),
        ("2026-01-31T24:01:00Z", None),
        ("yesterday", None),
        (None, None),
        (1769903999, None),
        (date(2026, 1, 31), "2026-01-31T00:00:00.000000Z"),
        (datetime(2026, 1, 31, 12), "2026-01-31T12:00:00.000000Z"),  # noqa: DTZ001 - files hold times without zones
    ],
)
def test_a_time_in_any_form_becomes_the_ledgers(value: object, expected: str | None) -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'produced_at = "at"')
    assert case(ROW | {"at": value}, by=by)["produced_at"] == expected


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_time_of_another_zone_or_of_no_calendar_is_no_trouble(unit: str) -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'produced_at = "at"')
    far = pl.Series("at", [0, 2**63 - 1, -(2**63) + 1]).cast(pl.Datetime(unit, "America/Caracas"))  # type: ignore[arg-type]
    frame = pl.DataFrame([ROW | {"id": str(n)} for n in range(3)]).with_columns(far, text=far, country=far)
    times = contract.validate(frame, by, source="x").cases["produced_at"]
    assert times[0] == "1970-01-01T00:00:00.000000Z"
    assert times.drop_nulls().str.len_bytes().unique().to_list() == [27]


def test_ids_and_labels_that_are_numbers_are_texts_without_a_stray_fraction() -> None:
    by = stream.parse(
        (HEAD + 'prediction = "label"\nconfidence = "score"' + TAIL).replace('"bug", "question", "praise"', '"0", "1"'),
        origin="x",
    )
    assert [case(ROW | {"id": number, "label": 1.0}, by=by)["case_id"] for number in (7, 7.0, "7", 7.5)] == [
        "7",
        "7",
        "7",
        "7.5",
    ]
    assert case(ROW | {"label": 1.0}, by=by)["prediction"] == "1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('quo"te\\ \n\0 é', '{"text":"quo\\"te\\\\ \\n\\u0000 é"}'),
        (3, '{"text":"3"}'),
        (True, '{"text":"true"}'),
        (b"text", '{"text":"text"}'),
        (b"\xff", '{"text":"/w=="}'),
        (timedelta(seconds=1), '{"text":"1000000 us"}'),
        ([1.5, None], '{"text":"[1.5, null]"}'),
        ({"a": [date(2026, 1, 31)]}, '{"text":"{\\"a\\": [\\"2026-01-31\\"]}"}'),
    ],
)
def test_a_payload_of_any_type_is_json_of_text(value: object, expected: str) -> None:
    result = case(ROW | {"text": value})
    assert result["payload"] == expected
    json.loads(str(result["payload"]))


def test_content_is_the_hash_of_the_named_columns_each_with_its_length() -> None:
    bits = base64.b64encode(struct.pack("<d", 0.9)).decode()
    result = case(ROW | {"country": None, "unnamed": "does not count"})
    assert result["content"] == hashlib.sha256(f"1:a3:bug6:A text~{bits}".encode()).hexdigest()


def test_what_is_no_number_counts_by_its_text_and_the_rows_beside_it_do_not() -> None:
    scores = ["nan", "inf", "-inf", None, "high", "low", "0.9"]
    together = validated(*(ROW | {"id": "same", "score": score} for score in scores))
    assert len(together.faults) == len(scores) - 1  # each says something else
    alone = case(ROW | {"score": "0.9"})["content"]
    beside = validated(ROW | {"score": "0.9"}, ROW | {"id": "b", "score": "high"}).cases["content"][0]
    assert alone == beside


def test_the_same_row_has_the_same_content_in_every_format_and_another_row_another() -> None:
    csv: dict[str, object] = ROW | {"score": " 0.90 "}
    assert case(ROW)["content"] == case(csv)["content"] == case(ROW | {"score": "0.9"})["content"]
    others = [
        ROW | {"score": 0.91},
        ROW | {"text": "a"},
        ROW | {"text": "de", "country": "A text"},
        ROW | {"label": None},
    ]
    assert len({case(row)["content"] for row in [ROW, *others]}) == 5


# The scale of the confidence


def scored(*scores: object, by: stream.Stream = NUMBER, **more: object) -> contract.Validated:
    return validated(*(ROW | {"id": str(place), "score": score} | more for place, score in enumerate(scores)), by=by)


def on(scale: str) -> stream.Stream:
    return described('prediction = "label"', 'confidence = "score"', f'scale = "{scale}"')


def test_a_column_of_another_scale_is_refused_whole_with_the_setting_that_reads_it() -> None:
    for scores, by, message in [
        ([12.5, 97.0, 99.0], NUMBER, 'mail.csv, line 1: score 12.5 is not from 0 to 1, .* input.scale = "percent"$'),
        ([-0.5, -7.0], NUMBER, 'line 1: score -0.5 is not from 0 to 1, .* input.scale = "logprob"'),
        (
            [0.97, 0.95, 97.0, 88.0],
            NUMBER,
            'line 3: score 97 is .* "percent" \\(or as "unit": then a row outside goes to',
        ),
        ([0.5, 3.5, -7.0], on("unit"), None),  # two of three, but fewer than five
        ([0.5, *range(2, 7), -7.0], NUMBER, 'line 2: score 2 is not from 0 to 1, .* input.scale = "real"'),
        ([150.0, 180.0], on("percent"), 'line 1: score 150 is not from 0 to 100, .* input.scale = "real"'),
        ([0.2, 0.9], on("logprob"), 'line 1: score 0.2 is not 0 or below, .* input.scale = "unit"'),
    ]:
        if message is None:
            assert scored(*scores, by=by).cases["raw_score"].null_count() == 2
            continue
        with pytest.raises(InputInvalid, match=message):
            scored(*scores, by=by)


def test_a_few_numbers_out_of_range_among_many_leave_their_rows_unscored() -> None:
    checked = scored(*[0.5] * 996, 1.7, 2.0, -3.0, 99.0, by=on("unit"))
    assert checked.cases["doubt"].drop_nulls().to_list() == [
        f"confidence {shown} is not from 0 to 1" for shown in ("1.7", "2", "-3", "99")
    ]
    assert scored(0.5, float("inf"), float("-inf"), float("nan"), None).cases["doubt"].null_count() == 1


def test_a_number_that_stands_for_unknown_stays_unscored_however_often_it_comes() -> None:
    assert scored(*[-1.0] * 20, *[0.5] * 20).cases["doubt"].null_count() == 20
    assert scored(*[-1] * 3).cases["doubt"].null_count() == 0


def test_from_the_probability_of_one_label_follows_that_of_the_answer() -> None:
    two = HEAD.replace('["bug", "question", "praise"]', '["bug", "question"]')
    for scale, bug, question in [("unit", 0.9, 0.25), ("percent", 90, 25)]:
        line = f'prediction = "label"\nscale = "{scale}"\nconfidence = {{ of = "bug", column = "score" }}'
        by = stream.parse(two + line + TAIL, origin="mail.toml")
        rows = [ROW | {"score": bug}, ROW | {"id": "b", "label": "question", "score": question}]
        checked = validated(*rows, ROW | {"id": "c", "score": None}, ROW | {"id": "d", "score": -1}, by=by)
        assert checked.cases["raw_score"].to_list() == [0.9, 0.75, None, None]
        assert checked.cases["doubt"].null_count() == 2


def test_rows_of_another_model_say_nothing_of_the_scale() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'model = "model"')
    assert len(scored(*range(30, 40), by=by, model="m0").cases) == 10
    with pytest.raises(InputInvalid, match="percent"):
        scored(*range(30, 40), by=by, model="m1")


def test_a_number_above_the_end_by_a_rounding_is_the_end() -> None:
    assert scored(1.0000064, 1.0001, 0.5).cases["raw_score"].to_list() == [1.0, 1.0, 0.5]
    assert case(ROW | {"score": 1.001}, by=on("unit"))["doubt"] == "confidence 1.001 is not from 0 to 1"
    with pytest.raises(InputInvalid, match=r"score 1\.001 is not"):
        scored(1.001, 0.5)


def test_what_is_no_number_of_its_scale_goes_to_a_person() -> None:
    for scale, score, doubt in [
        ("percent", 101, "confidence 101 is not from 0 to 100"),
        ("logprob", 0.5, "confidence 0.5 is not 0 or below"),
        ("real", float("inf"), "confidence inf is not finite"),
    ]:
        assert case(ROW | {"score": score}, by=on(scale))["doubt"] == doubt


# The group


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_without_a_group_column_a_case_is_grouped_with_those_of_the_same_payload() -> None:
    cases = validated(ROW, ROW | {"id": "b", "score": 0.1, "country": "fr"}, ROW | {"id": "c", "text": "B"}).cases
    assert cases["group_id"].to_list() == [hashed('1\n{"text":"A text"}')] * 2 + [hashed('1\n{"text":"B"}')]


def test_a_case_is_grouped_by_its_column_and_by_its_payload_where_that_says_nothing() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'group = "customer"')
    rows = [ROW | {"id": str(place), "customer": value} for place, value in enumerate(["ann", "ann ", None, " ", "7"])]
    alone = hashed('1\n{"text":"A text"}')
    assert validated(*rows, by=by).cases["group_id"].to_list() == [
        hashed("2\nann"),
        hashed("2\nann "),
        alone,
        alone,
        hashed("2\n7"),
    ]
    numbers = [ROW | {"id": str(place), "customer": source} for place, source in enumerate([7.0, 7.5])]
    assert validated(*numbers, by=by).cases["group_id"].to_list() == [hashed("2\n7"), hashed("2\n7.5")]


def test_a_group_cannot_be_taken_for_a_payload() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'group = "customer"')
    result = case(ROW | {"customer": '{"text":"A text"}'}, by=by)
    assert result["group_id"] != case(ROW)["group_id"]


def test_a_group_is_read_and_is_no_part_of_what_a_case_said() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'group = "customer"')
    assert "customer" in contract.named(by)
    assert case(ROW | {"customer": "ann"}, by=by)["content"] == case(ROW)["content"]
    assert len(validated(ROW | {"customer": "ann"}, ROW | {"customer": "bob"}, by=by).cases) == 1


def test_a_time_that_has_not_come_leaves_its_case_unscored_that_case_counts_on_no_day_of_the_future() -> None:
    by = described('prediction = "label"', 'confidence = "score"', 'produced_at = "at"')
    times = ["2026-02-02T00:00:00Z", "2026-02-02T00:00:01Z", "2099-01-01", None, "1770000000"]
    rows = [ROW | {"id": f"c-{n}", "at": at} for n, at in enumerate(times)]
    rows.append(ROW | {"id": "c-5", "at": "2099-01-01", "score": "high"})
    frame = pl.DataFrame(rows, schema_overrides={"score": pl.String}, strict=False)
    cases = contract.validate(frame, by, source="x", latest="2026-02-02T00:00:00.000000Z").cases
    ahead = "'at' is {}, which has not come yet"
    assert [
        None,
        ahead.format("2026-02-02T00:00:01.000000Z"),
        ahead.format("2099-01-01T00:00:00.000000Z"),
        None,
        None,
    ] == cases["doubt"].to_list()[:5]
    assert "which has not come" not in cases["doubt"][5]  # the first reason is the one that is reported
    assert [0.9, None, None, 0.9, 0.9, None] == cases["raw_score"].to_list()
    assert ["2026-02-02T00:00:00.000000Z", *[None] * 5] == cases["produced_at"].to_list()
    assert cases["content"].to_list() == contract.validate(frame, by, source="x").cases["content"].to_list()
