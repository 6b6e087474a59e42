"""One look at a fixed file of labels: where its chains start, and what it certifies."""

import math

import numpy as np
import pytest

from models.certification import certificate
from models.planning import single_look

LABELS = np.arange(1, 3001).astype(np.float64)  # a threshold a label: the index is the number of labels less one


def test_chains_start_where_one_wrong_label_and_six_still_pass_at_half_of_delta() -> None:
    """Smallest n with P(Binomial(n, .01) <= errors) <= .025, by summing the binomial."""

    def fewest(errors: int) -> int:
        def p(n: int) -> float:
            return sum(math.comb(n, k) * 0.01**k * 0.99 ** (n - k) for k in range(errors + 1))

        return next(n for n in range(1, 3000) if p(n) <= 0.025)

    starts, weights = single_look.starts(LABELS, 0.01, 0.05)
    assert [start + 1 for start in starts] == [fewest(1), fewest(6)]
    assert weights == (0.5, 0.5)


def test_with_too_few_labels_for_six_one_chain_holds_all_of_delta() -> None:
    starts, weights = single_look.starts(LABELS[:900], 0.01, 0.05)
    assert (len(starts), weights) == (1, (1.0,))


@pytest.mark.parametrize(("labels", "start"), [(400, 298), (200, 199)])
def test_with_too_few_for_one_wrong_label_the_chain_starts_where_none_passes_or_last(labels: int, start: int) -> None:
    """299 labels without an error certify 1 % at 95 %."""
    assert single_look.starts(LABELS[:labels], 0.01, 0.05) == ((start,), (1.0,))


def test_a_file_certifies_every_threshold_from_its_start_to_the_first_that_fails() -> None:
    labels = np.array([600.0, 900.0, 1200.0, 1500.0])
    starts, weights = single_look.starts(labels, 0.01, 0.05)
    assert starts == (0, 3)
    assert single_look.certified(labels, np.array([0.0, 1.0, 2.0, 40.0]), starts, weights, 0.01, 0.05) == (0, 1, 2)
    assert single_look.certified(labels, np.array([5.0, 5.0, 5.0, 5.0]), starts, weights, 0.01, 0.05) == (3,)


@pytest.mark.parametrize(("labels", "passes"), [(298, ()), (299, (0,))])
def test_299_labels_without_an_error_certify_one_percent_at_one_look(labels: int, passes: tuple[int, ...]) -> None:
    """At any time it takes 377."""
    n = np.array([float(labels)])
    assert certificate.fewest(0.01, 0.05) == 299
    assert single_look.certified(n, np.zeros(1), *single_look.starts(n, 0.01, 0.05), 0.01, 0.05) == passes
