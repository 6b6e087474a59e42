"""What a case costs by two models: the means are those of the formula, and limits know what few cases do not say."""

from collections.abc import Iterator

import numpy as np
import pytest

from models.evaluation import paired_cost
from models.evaluation.estimate import NotEnoughEvidence
from models.evaluation.paired_cost import Cases, Paired

ALPHA = 0.05


def resamples(groups: int, rows: int = 400) -> Iterator[paired_cost.Floats]:
    rng = np.random.default_rng(3)
    for _ in range(rows // 100):
        yield rng.poisson(1.0, (100, groups)).astype(np.float64)


def cases(
    *,
    both: int = 0,
    theirs: int = 0,
    ours: int = 0,
    neither: int = 0,
    size: int = 1,
    price: tuple[float, float] = (0.0, 0.0),
) -> Cases:
    """So many groups of `size` cases that both models release, the other alone, this one alone, and none."""
    counts = np.array([both, theirs, ours, neither]) * size
    number = int(counts.sum())
    return Cases(
        weights=np.ones(number),
        group=np.arange(number) // size,
        ours=np.full(number, price[0]),
        theirs=np.full(number, price[1]),
        our_release=np.repeat([True, False, True, False], counts),
        their_release=np.repeat([True, True, False, False], counts),
    )


def compare(of: Cases, review: float = 1.0, audit_rate: float = 0.1) -> Paired:
    groups = int(of.group.max()) + 1
    compared = paired_cost.compare(of, review=review, audit_rate=audit_rate, resamples=resamples(groups), alpha=ALPHA)
    assert isinstance(compared, Paired)
    return compared


def test_a_case_costs_an_answer_and_the_reading_of_what_is_not_released() -> None:
    seen = compare(cases(both=50, theirs=30, ours=10, neither=10, price=(0.02, 0.05)))
    assert seen.ours.value == pytest.approx(0.02 + 0.4 + 0.1 * 0.6)
    assert seen.theirs.value == pytest.approx(0.05 + 0.2 + 0.1 * 0.8)
    assert seen.saved.value == pytest.approx(seen.ours.value - seen.theirs.value)
    assert (seen.saved.n, seen.saved.errors, seen.apart) == (100, 40, 1)


def test_the_models_changed_over_say_the_same_the_other_way_round() -> None:
    one = compare(cases(both=50, theirs=30, ours=12, neither=10))
    other = compare(cases(both=50, theirs=12, ours=30, neither=10))
    assert one.saved.value == pytest.approx(-other.saved.value)
    assert (one.apart, other.apart) == (1, -1)


def test_a_case_stands_for_what_its_propensity_says() -> None:
    of = cases(both=60, theirs=20, ours=20)
    weights = np.where(of.their_release & ~of.our_release, 3.0, 1.0)
    weighted = Cases(
        weights=weights,
        group=of.group,
        ours=of.ours,
        theirs=of.theirs,
        our_release=of.our_release,
        their_release=of.their_release,
    )
    assert compare(weighted).saved.value == pytest.approx(0.9 * (60 - 20) / 140)


def test_models_that_release_the_same_cases_are_not_known_to_be_the_same() -> None:
    seen = compare(cases(both=50, neither=50))
    assert seen.saved.value == 0
    assert seen.saved.high == pytest.approx(-seen.saved.low)
    assert 0.03 < seen.saved.high < 0.06, "of 100 cases 3 in 100 may be others"


def test_a_sure_difference_in_price_is_seen_where_releases_hardly_differ() -> None:
    assert compare(cases(both=500, neither=500, price=(0.2, 0.01))).apart == 1


def test_groups_make_limits_wider() -> None:
    alone = compare(cases(both=100, theirs=100, ours=50, neither=100))
    grouped = compare(cases(both=20, theirs=20, ours=10, neither=20, size=5))
    assert grouped.saved.value == pytest.approx(alone.saved.value)
    assert grouped.saved.high - grouped.saved.low > 1.5 * (alone.saved.high - alone.saved.low)


def test_reviews_that_are_spared_are_counted_whatever_they_and_answers_cost() -> None:
    seen = compare(cases(both=50, theirs=30, ours=10, neither=10, price=(0.02, 5.0)), review=0.5)
    assert seen.spared.value == pytest.approx(0.9 * 0.2)
    free = compare(cases(both=50, theirs=30, ours=10, neither=10))
    assert (seen.spared.low, seen.spared.high) == pytest.approx((free.saved.low, free.saved.high))
    assert seen.apart == -1


def test_few_groups_say_nothing() -> None:
    few = paired_cost.compare(cases(both=19), review=1.0, audit_rate=0.1, resamples=resamples(19), alpha=ALPHA)
    assert few == NotEnoughEvidence(
        reason="both models were asked about 19 groups of cases; it takes 20", n=19, errors=0
    )
    none = paired_cost.compare(cases(), review=1.0, audit_rate=0.1, resamples=[], alpha=ALPHA)
    assert isinstance(none, NotEnoughEvidence)


def test_resamples_that_count_no_case_are_passed_over() -> None:
    of = cases(both=30, theirs=30, ours=30, neither=30)
    blocks = [np.zeros((5, 120)), *resamples(120)]
    with_none = paired_cost.compare(of, review=1.0, audit_rate=0.1, resamples=blocks, alpha=ALPHA)
    assert with_none == compare(of)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"weights": np.full(10, 0.5)}, "stands for at least itself"),
        ({"ours": np.full(10, np.nan)}, "a finite number"),
        ({"theirs": np.zeros(9)}, "one entry of everything per case"),
        ({"their_release": np.zeros(9, np.bool_)}, "one entry of everything per case"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, paired_cost.Floats], message: str) -> None:
    of = cases(both=10)
    parts = {name: getattr(of, name) for name in Cases.__dataclass_fields__}
    with pytest.raises(ValueError, match=message):
        Cases(**parts | changed)
