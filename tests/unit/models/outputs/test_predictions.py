"""What a row of outputs comes to: the answer, its score, or why it goes to a person."""

import pytest

from models.config import stream
from models.errors import InputInvalid
from models.outputs import contract
from tests.unit.models.outputs.test_contract import HEAD, NUMBER, ROW, TAIL, case, described, validated

PROBABILITIES = described('probabilities = ["p1", "p2", "p3"]')
BOTH = described('prediction = "label"', 'probabilities = ["p1", "p2", "p3"]')
SPREAD: dict[str, object] = {
    "id": "a",
    "label": "bug",
    "text": "A text",
    "country": "de",
    "p1": 0.7,
    "p2": 0.2,
    "p3": 0.1,
}


# Readable but not scorable: a case that stays unscored


@pytest.mark.parametrize(
    ("change", "prediction", "doubt"),
    [
        ({"label": "spam"}, None, "unknown label 'spam'"),
        ({"label": "a\nb\0" + "c" * 99}, None, "unknown label 'a\\nb\\x00" + "c" * 52 + "'"),
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
