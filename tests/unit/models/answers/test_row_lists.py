"""Two lists of rows are the same one to one, in any order; what is not alike in the longer list is wrong."""

from typing import Any

import pytest

from models.answers import row_lists, value_same

INK, PEN = {"item": "Blue ink", "price": 2.5}, {"item": "Pen", "price": 1}


def same(ours: list[Any], theirs: list[Any], within: float = 0.01) -> bool:
    return value_same.same_value(ours, theirs, by="rows", within=within)


def test_rows_are_the_same_in_any_order_one_to_one() -> None:
    assert same([INK, PEN], [PEN, INK])
    assert not same([INK, INK], [INK])
    assert not same([INK, INK, PEN], [INK, PEN, PEN])
    assert same([], [])


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ({"item": "  blue  INK."}, True),
        ({"item": "blue | ink"}, True),  # as people write cells, a bar parts them
        ({"item": "red ink"}, False),
        ({"price": 2.509}, True),
        ({"price": 2.52}, False),
        ({"price": None}, False),
        ({"price": "2.5"}, False),
    ],
)
def test_texts_are_compared_folded_and_numbers_by_how_far_apart_they_are(
    theirs: dict[str, Any], expected: bool
) -> None:
    assert same([INK], [INK | theirs]) is expected


@pytest.mark.parametrize(("one", "other"), [(4006381333931, 4006381333932), (1234567890.25, 1234567890.75)])
def test_long_numbers_are_the_same_only_where_all_of_their_digits_are(one: float, other: float) -> None:
    assert not same([INK | {"price": one}], [INK | {"price": other}], within=0)
    assert same([INK | {"price": one}], [INK | {"price": one}], within=0)
    assert same([INK | {"price": 0.1 + 0.2}], [INK | {"price": 0.3}], within=0)


def test_as_many_rows_are_matched_as_can_be() -> None:
    def priced(*prices: float) -> list[dict[str, Any]]:
        return [{"item": "Pen", "price": price} for price in prices]

    assert same(priced(1.0, 1.4, 1.9), priced(1.4, 1.9, 1.0), within=0.5), "the very same rows in another order"
    assert same(priced(1.0, 1.4), priced(1.4, 0.6), within=0.5)
    assert not same(priced(1.0, 1.4), priced(1.4, 2.0), within=0.5)
    assert value_same.as_ours(priced(1.0, 1.4, 9), priced(1.4, 0.6, 3), by="rows", within=0.5)[2] == priced(3)[0]


def test_a_row_of_an_earlier_day_with_other_cells_is_another() -> None:
    assert not same([{"item": 7, "price": 1}], [{"item": "7", "price": 1}])
    assert not same([{"item": "Ink"}], [INK])


def test_a_row_that_is_the_same_is_written_as_ours_and_the_others_as_theirs() -> None:
    theirs = [{"item": "pencil", "price": 1}, {"item": "BLUE INK", "price": 2.5}]
    assert value_same.as_ours([INK, PEN], theirs, by="rows") == [theirs[0], INK]


def test_what_is_no_list_stays_as_it_is() -> None:
    assert value_same.as_ours(None, [INK], by="rows") == [INK]
    assert value_same.as_ours("a", "b", by="exact") == "b"


def test_of_regions_as_many_match_as_can() -> None:
    spans = [{"start": start, "end": start + 10, "label": "name"} for start in (0, 6)]
    theirs = [spans[1] | {"start": 5, "end": 15}, spans[0] | {"start": 2, "end": 11}]
    assert value_same.as_ours(spans, theirs, by="overlap", overlap=0.3) == [spans[1], spans[0]]


@pytest.mark.parametrize(
    ("ours", "theirs", "share"),
    [
        ([INK, PEN], [PEN, INK], 0.0),
        ([INK, PEN, PEN, PEN], [INK, PEN, PEN], 0.25),
        ([INK], [PEN], 1.0),
        ([], [INK, PEN], 1.0),
        (None, [], 0.0),
    ],
)
def test_the_share_that_is_wrong_is_of_the_longer_list(ours: Any, theirs: Any, share: float) -> None:
    assert row_lists.share_wrong(ours, theirs) == share == row_lists.share_wrong(theirs, ours)
