"""Where the next certificate would stand, and what is said of it."""

from dataclasses import replace

from review import formats
from review.choices import regions
from tests.unit.review.choices.test_more_data import PROGRESS, REGION


def test_the_next_certificate_or_else_the_strictest_says_which_answers() -> None:
    assert regions.of(PROGRESS, 0.7) == regions.Region(threshold=0.7, level=0.05, seen=90, errors=1.0)
    of_class = regions.Region(threshold=0.9, level=0.025, seen=60, of_class="spam")
    assert regions.of(PROGRESS, None, "spam") == of_class
    done = regions.of(replace(PROGRESS, stops=(), certified=(0, 1, 2)), None)
    assert (done.threshold, done.more) == (0.3, False)


def test_a_region_without_a_plan_is_not_named() -> None:
    assert regions.where(replace(REGION, threshold=None, of_class="spam")) == " 'spam'"
    assert formats.plain(regions.where(replace(REGION, today=0.9), beside=False)) == " at confidence ≥ 0.9"
    assert regions.expected(REGION) == ""
