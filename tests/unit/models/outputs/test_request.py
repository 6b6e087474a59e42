"""What is known of a request is one JSON object, and tokens cost what their prices say."""

import json

import polars as pl
import pytest

from models.config import stream
from models.config.stream import Costs
from models.outputs import contract, request
from tests.unit.models.outputs.test_contract import HEAD, ROW, TAIL, described, validated

NO_TEXT, NO_NUMBER = pl.Series([None], dtype=pl.String), pl.Series([None], dtype=pl.Float64)
AT = "2026-01-31T10:00:00.000000Z"


@pytest.mark.parametrize(
    ("channel", "asked_at", "tokens_in", "tokens_out"),
    [
        ("batch", AT, 120.0, 7.0),
        ('a "word"\\', None, None, 0.0),
        ("è 😀", AT, 1e20, 1e-7),
        (None, None, 0.5, None),
    ],
)
def test_what_is_there_comes_back_and_what_is_not_there_has_no_key(
    channel: str | None, asked_at: str | None, tokens_in: float | None, tokens_out: float | None
) -> None:
    values = {"asked_at": asked_at, "channel": channel, "tokens_in": tokens_in, "tokens_out": tokens_out}
    result = request.objects(
        pl.Series([channel], dtype=pl.String),
        pl.Series([asked_at], dtype=pl.String),
        pl.Series([tokens_in], dtype=pl.Float64),
        pl.Series([tokens_out], dtype=pl.Float64),
    ).item()
    assert json.loads(result) == {key: value for key, value in values.items() if value is not None}
    assert list(json.loads(result)) == sorted(json.loads(result)), "in one order, whatever the file's"


def test_nothing_is_null_beside_a_row_that_says_something() -> None:
    two = [pl.Series([None, "batch"]), pl.Series([None, None], dtype=pl.String)]
    numbers = [pl.Series([None, None], dtype=pl.Float64)] * 2
    assert request.objects(*two, *numbers).to_list() == [None, '{"channel":"batch"}']
    assert request.objects(NO_TEXT, NO_TEXT, NO_NUMBER, NO_NUMBER).to_list() == [None]


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        (" batch\t", "batch"),
        ("", None),
        ("  ", None),
        ("a" * 60, "a" * 60),
        ("a" * 61, None),
        ("a\nb", None),
        (None, None),
    ],
)
def test_a_channel_is_a_word_in_a_line(text: str | None, channel: str | None) -> None:
    frame = pl.DataFrame({"how": [text]}, schema={"how": pl.String})
    assert request.channels(frame, "how").to_list() == [channel]
    assert request.channels(frame, None).to_list() == [None]


@pytest.mark.parametrize(
    ("tokens", "prices", "cost"),
    [
        ((1_000_000, 500_000), (2.0, 8.0), 6.0),
        ((1_000_000, 500_000), (2.0, 0.0), 2.0),
        ((1_000_000, None), (2.0, None), 2.0),
        ((1_000_000, 500_000), (2.0, None), None),
        ((1_000_000, None), (2.0, 8.0), None),
        ((1_000_000, 500_000), (None, None), None),
        ((1e308, 0), (1e308, 8.0), None),
    ],
)
def test_each_kind_that_is_counted_has_a_price_and_each_price_a_count_or_there_is_no_cost(
    tokens: tuple[float | None, ...], prices: tuple[float | None, ...], cost: float | None
) -> None:
    costs = Costs(error=1.0, review_minute=0.5, million_tokens_in=prices[0], million_tokens_out=prices[1])
    tokens_in, tokens_out = (pl.Series([one], dtype=pl.Float64) for one in tokens)
    assert request.cost(tokens_in, tokens_out, costs).to_list() == [cost]


REQUEST = ('prediction = "label"', 'confidence = "score"', 'channel = "how"', 'asked_at = "asked"', 'tokens_in = "in"')


def test_what_a_row_says_of_the_request_is_kept_and_what_it_cannot_mean_is_left_out() -> None:
    by = described(*REQUEST, 'tokens_out = "out"')
    asked: list[dict[str, object]] = [
        {"how": " batch ", "asked": "2026-01-31T10:00:00+01:00", "in": 120, "out": "7.5"},
        {"how": "a" * 61, "asked": "yesterday", "in": -1, "out": "many"},
        {"how": None, "asked": None, "in": 0, "out": None},
        {"how": "", "asked": "2026-02-02T10:00:00Z", "in": None, "out": None},
    ]
    rows = pl.DataFrame([ROW | {"id": str(n)} | one for n, one in enumerate(asked)], strict=False)
    checked = contract.validate(rows, by, source="mail.csv", latest="2026-02-01T00:00:00.000000Z")
    assert checked.cases["request"].to_list() == [
        '{"asked_at":"2026-01-31T09:00:00.000000Z","channel":"batch","tokens_in":120,"tokens_out":7.5}',
        None,
        '{"tokens_in":0}',
        None,
    ], "a request that has not come is none"
    assert checked.cases["doubt"].null_count() == len(asked), "none of it bears on the answer"


def test_tokens_at_a_price_are_the_cost_of_an_answer_that_has_none_of_its_own() -> None:
    text = HEAD + "\n".join((*REQUEST, 'tokens_out = "out"', 'cost = "cost"')) + TAIL
    by = stream.parse(text + "million_tokens_in = 2.5\nmillion_tokens_out = 10\n", origin="mail.toml")
    asked: list[dict[str, object]] = [
        {"in": 2000, "out": 100, "cost": None},
        {"in": 2000, "out": 100, "cost": 0.5},
        {"in": 2000, "out": 100, "cost": "n/a"},
        {"in": 2000, "out": None, "cost": None},
    ]
    none = {"how": None, "asked": None}
    checked = validated(*[ROW | none | one | {"id": str(n)} for n, one in enumerate(asked)], by=by)
    assert checked.cases["cost"].to_list() == [pytest.approx(0.006), 0.5, pytest.approx(0.006), None]
