"""Spans and boxes: how much two overlap, and when two sets of them are the same."""

from typing import Any

import pytest

from models.answers import regions

NAME = {"start": 10, "end": 20, "label": "name"}
BOX = {"x": 10.0, "y": 10.0, "width": 20.0, "height": 10.0, "label": "car"}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (NAME, NAME, 1.0),
        (NAME, NAME | {"start": 15, "end": 25}, 5 / 15),
        (NAME, NAME | {"start": 20, "end": 30}, 0.0),
        (NAME, NAME | {"start": 12, "end": 12}, 0.0),
        (BOX, BOX, 1.0),
        (BOX, BOX | {"x": 20.0}, 1 / 3),
        (BOX, BOX | {"x": 20.0, "y": 15.0}, 50 / 350),
        (BOX, BOX | {"y": 20.0}, 0.0),
    ],
)
def test_regions_overlap_by_what_they_share_of_what_they_cover(
    one: dict[str, Any], other: dict[str, Any], expected: float
) -> None:
    assert regions.intersection_over_union(one, other) == pytest.approx(expected)
    assert regions.intersection_over_union(other, one) == pytest.approx(expected)


def test_sets_are_the_same_if_they_match_one_to_one() -> None:
    near, far = NAME | {"end": 24}, NAME | {"end": 31}
    assert regions.same_regions([NAME], [near], 0.5)
    assert not regions.same_regions([NAME], [far], 0.5)
    assert not regions.same_regions([NAME], [NAME | {"label": "place"}], 0.5)
    assert not regions.same_regions([NAME, NAME], [NAME], 0.5)
    assert not regions.same_regions([], [NAME], 0.5)
    assert regions.same_regions([], [], 0.5)


def test_the_pairs_are_chosen_so_that_as_many_match_as_can() -> None:
    """The first of ours overlaps both of theirs, the second one only: taken in order, the first would leave nothing."""
    ours = [NAME, {"start": 16, "end": 26, "label": "name"}]
    theirs = [{"start": 13, "end": 23, "label": "name"}, {"start": 7, "end": 17, "label": "name"}]
    assert regions.same_regions(ours, theirs, 0.5)
