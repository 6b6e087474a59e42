"""An offset for each class: near the others where labels are few, its own where they are many, none where classes are alike."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special
from sklearn.linear_model import LogisticRegression

from models.classifiers import pooled

RANDOM = np.random.default_rng(3)


def fitted(n: int, offsets: list[float], *, slope: float = 1.0, rare: int | None = None) -> pooled.Fit:
    """A fit on n rows of classes with these offsets; of the first class no more than `rare` rows."""
    of = RANDOM.integers(0, len(offsets), n)
    if rare is not None:
        of[np.flatnonzero(of == 0)[rare:]] = 1
    x = RANDOM.normal(0, 1.5, n)
    right = RANDOM.random(n) < special.expit(slope * x + np.array(offsets)[of])
    return at(x[:, None], of, len(offsets), right)


def at(columns: NDArray[np.float64], of: NDArray[np.int64], classes: int, right: NDArray[np.bool_]) -> pooled.Fit:
    return pooled.fit(columns, of, classes, right.astype(np.float64), np.ones(len(of)))


def test_classes_that_do_not_differ_have_one_map_and_it_is_scikit_learns() -> None:
    x = RANDOM.normal(0, 1, (4000, 2))
    right = RANDOM.random(4000) < special.expit(x @ [1.0, -0.5] + 0.3)
    fit = at(x, np.full(4000, -1), 0, right)
    plain = LogisticRegression(C=np.inf).fit(x, right)
    assert fit.slopes == pytest.approx(plain.coef_[0], abs=1e-3)
    assert fit.intercept == pytest.approx(plain.intercept_[0], abs=1e-3)
    alike = fitted(4000, [0.0] * 5)
    assert np.abs(alike.offsets).max() < 0.15


def test_classes_that_differ_have_offsets_that_do() -> None:
    fit = fitted(6000, [-1.5, 0.0, 1.5], slope=0.8)
    assert fit.slopes == pytest.approx([0.8], abs=0.1)
    assert np.diff(fit.offsets) == pytest.approx([1.5, 1.5], abs=0.3)


def test_a_class_with_few_labels_lies_nearer_to_the_others_than_its_own_labels_say() -> None:
    many, few = (
        np.mean([fitted(1500, [-2.0, 0.5, 0.5, 0.5], rare=n).offsets[0] for _ in range(20)]) for n in (None, 4)
    )
    assert many < few < 0
    assert many == pytest.approx(-1.9, abs=0.3)


def test_a_class_that_nobody_saw_and_a_column_that_is_the_same_everywhere_add_nothing() -> None:
    x, of = np.column_stack([RANDOM.normal(0, 1, 500), np.full(500, 0.7)]), RANDOM.integers(0, 2, 500)
    fit = at(x, of, 3, RANDOM.random(500) < special.expit(x[:, 0] + 2 * of - 1))
    assert (fit.offsets[2], fit.slopes[1]) == (0.0, 0.0)
    assert fit.offsets[1] - fit.offsets[0] > 1


def test_labels_that_a_column_parts_without_a_mistake_still_have_finite_slopes() -> None:
    x = np.linspace(-1, 1, 200)
    target = np.where(x > 0, 0.99, 0.01)  # as the makers of a calibrator give them
    fit = pooled.fit(np.asarray(x[:, None], np.float64), np.zeros(200, np.int64), 1, target, np.ones(200))
    assert np.isfinite(fit.slopes).all()
