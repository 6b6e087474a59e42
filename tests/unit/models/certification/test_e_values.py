"""E-values against published constants, direct computation, and the traps that would make them lie."""

import math

import numpy as np
import pytest
from scipy import integrate

from models.certification import e_values


def test_the_mixture_reproduces_the_unit_test_of_confseq() -> None:
    """Howard et al.'s one-sided beta-binomial mixture: g = .2, h = .8, k = 490 of n = 625 (docs/method.md 6)."""
    g, h = 0.2, 0.8
    level = math.log(1 / (2 * 0.05))
    rho = 100 / (2 * level + math.log1p(2 * level))
    r = rho - g * h
    mixture = e_values.mixture(490, 625, 0.8, a=r / (g * (g + h)), b=r / (h * (g + h)))
    assert float(mixture) == pytest.approx(-0.07134019, abs=1e-6)


@pytest.mark.parametrize(("n", "enough"), [(376, False), (377, True)])
def test_one_percent_at_95_percent_takes_377_labels_without_an_error(n: int, enough: bool) -> None:
    assert (float(e_values.constant(0, n, 0.01)) >= math.log(20)) is enough


@pytest.mark.parametrize(("k", "n"), list(enumerate((299, 473, 628, 773, 913, 1049))))
def test_the_exact_look_takes_the_published_labels_for_each_number_of_errors(k: int, n: int) -> None:
    assert float(e_values.binomial(k, n, 0.01)) >= math.log(20) > float(e_values.binomial(k, n - 1, 0.01))


def test_unequal_with_one_propensity_is_constant_and_both_are_the_integral_they_stand_for() -> None:
    wrong, n, alpha = 3, 400, 0.05

    def integrand(u: float) -> float:  # q = alpha u^2, so that u is uniform for q / alpha ~ Beta(1/2, 1)
        q = alpha * u * u
        likelihood = wrong * math.log(q / alpha) + (n - wrong) * (math.log1p(-q) - math.log1p(-alpha))
        return math.exp(likelihood) if u else 0.0

    exact = math.log(integrate.quad(integrand, 0, 1, limit=200)[0])
    # The truncated Beta(1/2, 1) prior of `constant` on q is the same prior: sqrt(q / alpha) uniform.
    assert float(e_values.unequal([n - wrong], [wrong], [1.0], alpha)) == pytest.approx(exact, abs=1e-6)
    assert float(e_values.constant(wrong, n, alpha)) == pytest.approx(exact, abs=1e-6)


def test_a_bet_is_fair_where_the_error_is_alpha() -> None:
    """E[E-value] = 1 over one label, whatever its propensity: wrong with probability alpha, seen with probability pi."""
    alpha, pi, smallest = 0.03, 0.4, 0.1
    ratio = [smallest / pi]
    right, wrong = (math.exp(float(e_values.unequal([a], [b], ratio, alpha))) for a, b in ((1, 0), (0, 1)))
    assert pi * ((1 - alpha) * right + alpha * wrong) + (1 - pi) == pytest.approx(1.0, abs=1e-12)


def test_the_running_maximum_never_falls_and_never_starts_below_a_bet_of_one() -> None:
    first = e_values.running(None, [-2.0, 3.0])
    assert first.tolist() == [0.0, 3.0]
    assert e_values.running(first, [1.0, 2.0]).tolist() == [1.0, 3.0]
    with pytest.raises(ValueError, match="cannot go on with 3"):
        e_values.running(first, [1.0, 2.0, 3.0])


@pytest.mark.parametrize(("wrong", "n", "alpha"), [(5, 4, 0.1), (-1, 4, 0.1), (1, 4, 0.0), (1, 4, 1.0)])
def test_impossible_counts_and_targets_are_refused(wrong: int, n: int, alpha: float) -> None:
    with pytest.raises(ValueError, match=r"alpha|errors"):
        e_values.constant(wrong, n, alpha)


def test_a_ratio_above_one_would_bet_more_than_there_is() -> None:
    with pytest.raises(ValueError, match="ratio of propensities"):
        e_values.unequal(np.array([10.0]), np.array([0.0]), [1.2], 0.05)
