"""People measured by each other: the published example, and that nobody's word is taken for the truth."""

import numpy as np
import pytest
from numpy.typing import NDArray

from models.reviewers import dawid_skene

# Dawid and Skene 1979, table 1: 45 patients, the answers of five anaesthetists, the first of whom was asked three times.
TABLE = """
111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3|222 2 2 2 3
232 2 2 2 3|444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1|111 1 1 1 1|111 1 1 1 1
222 2 2 2 1|222 1 3 2 2|222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2|111 1 1 1 1|111 1 1 1 1|232 2 2 2 2
111 1 1 1 1|111 1 1 1 1|112 1 1 2 1|111 1 1 1 1|333 3 2 3 3|111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3
221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1|111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2
"""


def published() -> NDArray[np.float64]:
    patients = [patient.split() for line in TABLE.split("\n") if line for patient in line.split("|")]
    counts = np.zeros((45, 5, 4))
    for item, message in enumerate(patients):
        for person, answers in enumerate(message):
            for answer in answers:
                counts[item, person, int(answer) - 1] += 1
    return counts


def test_the_published_shares_of_the_classes_come_out_after_five_rounds_and_move_a_little_until_the_maximum() -> None:
    early = dawid_skene.dawid_skene(published(), most=5)
    assert early.marginals == pytest.approx([0.3997, 0.4224, 0.1112, 0.0667], abs=5e-5)
    result = dawid_skene.dawid_skene(published())
    assert result.rounds > 10
    assert result.marginals == pytest.approx(early.marginals, abs=1e-3)
    assert result.confusion.sum(2) == pytest.approx(np.ones((5, 4)))
    assert result.posterior.sum(1) == pytest.approx(np.ones(45))


def test_equal_items_can_be_given_once_with_a_weight() -> None:
    counts = published()
    whole, (once, times) = dawid_skene.dawid_skene(counts), np.unique(counts, axis=0, return_counts=True)
    assert len(once) < len(counts)
    assert dawid_skene.dawid_skene(once, times).accuracy == pytest.approx(whole.accuracy, abs=1e-6)


def test_who_answers_at_random_is_found_out_by_the_others() -> None:
    rng = np.random.default_rng(1979)
    truth = rng.integers(0, 3, 2000)
    right = np.array([0.95, 0.9, 0.85, 1 / 3])
    message = np.where(rng.random((2000, 4)) < right, truth[:, None], rng.integers(0, 3, (2000, 4)))
    result = dawid_skene.dawid_skene(np.eye(3)[message])
    seen = (message == truth[:, None]).mean(0)
    assert result.accuracy == pytest.approx(seen, abs=0.03)


@pytest.mark.parametrize("counts", [np.ones((2, 3)), np.zeros((2, 3, 2)), -np.ones((2, 3, 2))])
def test_what_is_no_table_of_answers_is_refused(counts: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="items by people by classes"):
        dawid_skene.dawid_skene(counts)
