"""A number on the command line means the registered threshold that the page showed with it."""

import pytest

from flows.governance import adoption
from review import formats

REGISTERED = (0.99999871, 0.99999402, 0.99998, 0.9)
BUNCHED = adoption.Weighing(
    progress_by_scope={},
    verdicts={},
    samples={},
    registered={"": dict(zip(formats.thresholds(REGISTERED), REGISTERED, strict=True))},
)


@pytest.mark.parametrize("threshold", REGISTERED)
def test_a_shown_text_and_the_exact_number_mean_the_same_threshold(threshold: float) -> None:
    text = formats.thresholds(REGISTERED)[REGISTERED.index(threshold)]
    assert BUNCHED.threshold("", float(text)) == threshold
    assert BUNCHED.threshold("", threshold) == threshold


def test_a_threshold_is_named_in_messages_as_its_table_shows_it() -> None:
    assert [BUNCHED.text("", threshold) for threshold in REGISTERED] == formats.thresholds(REGISTERED)
    assert BUNCHED.text("", 0.75) == "0.75"


@pytest.mark.parametrize("number", [1.0, 0.99999, 0.95, 0.899])
def test_a_number_that_was_never_shown_means_itself(number: float) -> None:
    assert BUNCHED.threshold("", number) == number
    assert BUNCHED.threshold("another class", number) == number
