"""Routing: who decides a case, who is sampled for a blind label, and with what probability."""

import hashlib
import math

import polars as pl
import pytest

from models.routing import policy

SALT = "00" * 16
EVEN = policy.Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.2)


def routed(confidence: list[float | None], *, rule: policy.Policy = EVEN, salt: str = SALT) -> pl.DataFrame:
    ids = pl.Series([f"case-{i}" for i in range(len(confidence))], dtype=pl.String)
    return policy.route(pl.Series(confidence, dtype=pl.Float64), ids, policy=rule, salt=salt)


def test_a_case_at_the_threshold_is_automated_and_one_just_below_is_reviewed() -> None:
    assert ["AUTOMATE", "REVIEW"] == routed([0.8, math.nextafter(0.8, 0)])["route"].to_list()


@pytest.mark.parametrize("confidence", [None, math.nan, math.inf, -math.inf, 1.0000001, -0.1])
def test_a_confidence_that_is_none_goes_to_a_person(confidence: float | None) -> None:
    assert ["REVIEW"] == routed([confidence], rule=policy.Policy(threshold=0.0, audit_rate=1, blind_rate=1))[
        "route"
    ].to_list()


def test_without_a_threshold_nothing_is_released() -> None:
    rule = policy.Policy(threshold=None, audit_rate=0.05, blind_rate=0.2)
    assert {"REVIEW"} == set(routed([0.0, 0.5, 1.0], rule=rule)["route"])


def test_the_propensity_is_the_audit_rate_above_the_line_and_the_blind_rate_below() -> None:
    assert [0.05, 0.2] == routed([0.9, 0.1])["propensity"].to_list()


def test_a_sample_is_the_first_52_bits_of_sha256_of_salt_and_case_id() -> None:
    digest = hashlib.sha256(f"{SALT}\ncase-0".encode()).hexdigest()
    assert int(digest[:13], 16) / 2**52 == policy.random_numbers(pl.Series(["case-0"]), SALT)[0]


def test_another_salt_samples_other_cases() -> None:
    first, second = (routed([0.9] * 500, rule=EVEN, salt=salt)["blind"] for salt in (SALT, "11" * 16))
    assert first.to_list() != second.to_list()


def test_every_case_audited_at_2_percent_is_audited_at_5_percent() -> None:
    blind = {
        rate: routed([0.9] * 20_000, rule=policy.Policy(threshold=0.5, audit_rate=rate, blind_rate=0.2))["blind"]
        for rate in (0.02, 0.05)
    }
    assert not (blind[0.02] & ~blind[0.05]).any()
    assert blind[0.02].sum() < blind[0.05].sum()


def test_the_share_sampled_is_the_propensity_within_four_standard_errors() -> None:
    n, rate = 100_000, 0.05
    sampled = int(routed([0.9] * n)["blind"].sum())
    assert abs(sampled - n * rate) < 4 * math.sqrt(n * rate * (1 - rate))


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.1, math.nan])
@pytest.mark.parametrize("name", ["audit_rate", "blind_rate"])
def test_a_rate_that_is_no_positive_probability_is_refused(name: str, rate: float) -> None:
    rates = {"audit_rate": 0.1, "blind_rate": 0.1} | {name: rate}
    with pytest.raises(ValueError, match=name):
        policy.Policy(threshold=0.5, audit_rate=rates["audit_rate"], blind_rate=rates["blind_rate"])


@pytest.mark.parametrize("threshold", [-0.01, 1.01, math.nan, math.inf])
def test_a_threshold_outside_0_to_1_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        policy.Policy(threshold=threshold, audit_rate=0.1, blind_rate=0.1)


def test_each_class_has_its_own_line_and_one_without_a_line_is_never_released() -> None:
    by_class = policy.Policy(threshold=None, audit_rate=0.5, blind_rate=0.25, by_class={"a": 0.5, "b": 0.9, "c": None})
    labels = pl.Series(["a", "b", "b", "c", "unknown", None], dtype=pl.String)
    ids = pl.Series([f"{n}" for n in range(6)])
    sure = pl.Series([0.6, 0.6, 0.9, 1.0, 1.0, 1.0])
    routed = policy.route(sure, ids, policy=by_class, salt=SALT, predictions=labels)
    assert ["AUTOMATE", "REVIEW", "AUTOMATE", "REVIEW", "REVIEW", "REVIEW"] == routed["route"].to_list()
    assert [0.5, 0.25, 0.5, 0.25, 0.25, 0.25] == routed["propensity"].to_list()
    assert (0.9, None) == (by_class.of_class("b").threshold, by_class.of_class("c").threshold)
    with pytest.raises(ValueError, match="one prediction per case"):
        policy.route(sure, ids, policy=by_class, salt=SALT)


@pytest.mark.parametrize(
    ("lines", "releases"), [(None, False), ({}, False), ({"a": None}, False), ({"a": None, "b": 0.0}, True)]
)
def test_a_policy_releases_if_any_of_its_lines_can_be_reached(
    lines: dict[str, float | None] | None, releases: bool
) -> None:
    assert policy.Policy(threshold=None, audit_rate=0.5, blind_rate=0.5, by_class=lines).releases is releases


def test_one_line_for_all_and_one_for_each_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="one for each"):
        policy.Policy(threshold=0.5, audit_rate=0.5, blind_rate=0.5, by_class={"a": 0.5})
    with pytest.raises(ValueError, match=r"threshold 1\.5"):
        policy.Policy(threshold=None, audit_rate=0.5, blind_rate=0.5, by_class={"a": 1.5})


def test_a_case_without_an_id_is_a_bad_call() -> None:
    with pytest.raises(ValueError, match="one id per case"):
        policy.route(pl.Series([0.5]), pl.Series([None], dtype=pl.String), policy=EVEN, salt=SALT)


def test_a_case_that_is_always_audited_is_read_blind_released_or_not() -> None:
    confidence, ids = pl.Series([0.9, 0.9, 0.1, 0.1]), pl.Series([f"case-{n}" for n in range(4)])
    decided = policy.route(confidence, ids, policy=EVEN, salt=SALT, audited=pl.Series([True, False, True, False]))
    assert decided["route"].to_list() == ["AUTOMATE", "AUTOMATE", "REVIEW", "REVIEW"]
    assert decided["propensity"].to_list() == [1.0, 0.05, 1.0, 0.2]
    assert decided["blind"][0]
    assert decided["blind"][2]


BANDS = ((0.8, 0.09), (0.9, 0.05), (0.95, 0.03))
BANDED = policy.Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.2, by_band=BANDS)


def test_each_released_case_has_the_rate_of_its_band_and_what_goes_to_a_person_has_not() -> None:
    confidence = [0.79, 0.8, math.nextafter(0.9, 0), 0.9, 0.95, 1.0, None, math.nan]
    assert [0.2, 0.09, 0.09, 0.05, 0.03, 0.03, 0.2, 0.2] == routed(confidence, rule=BANDED)["propensity"].to_list()


def test_a_case_that_a_rule_has_audited_is_read_whatever_its_band() -> None:
    frame = policy.route(
        pl.Series([0.99]), pl.Series(["a"]), policy=BANDED, salt=SALT, audited=pl.Series([True], dtype=pl.Boolean)
    )
    assert [("AUTOMATE", True, 1.0)] == frame.rows()


def test_one_band_is_as_good_as_none() -> None:
    one = policy.Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.2, by_band=((0.8, 0.05),))
    confidence: list[float | None] = [0.1, 0.8, 0.9, None]
    assert routed(confidence, rule=EVEN).equals(routed(confidence, rule=one))
    assert (one.audit_rates, EVEN.audit_rates, BANDED.audit_rates) == ((0.05,), (0.05,), (0.09, 0.05, 0.03))


@pytest.mark.parametrize(
    ("bands", "wrong"),
    [
        ((), "0 bands"),
        (tuple((0.8 + step / 100, 0.1) for step in range(9)), "9 bands"),
        (((0.7, 0.1),), "the first band begins at 0.7: give the threshold, 0.8"),
        (((0.8, 0.1), (0.8, 0.2)), "that rise"),
        (((0.8, 0.1), (1.1, 0.2)), "up to 1"),
        (((0.8, 0.1), (0.9, 0.0)), r"audit rate 0\.0 from 0\.9"),
        (((0.8, 0.1), (0.9, 1.5)), r"audit rate 1\.5 from 0\.9"),
        (((0.8, 0.1), (math.nan, 0.2)), "that rise"),
    ],
)
def test_bands_that_leave_a_released_case_without_a_rate_are_refused(
    bands: tuple[tuple[float, float], ...], wrong: str
) -> None:
    with pytest.raises(ValueError, match=wrong):
        policy.Policy(threshold=0.8, audit_rate=0.05, blind_rate=0.2, by_band=bands)


def test_bands_take_one_threshold_for_all_cases() -> None:
    for threshold, by_class in ((None, None), (None, {"a": 0.8})):
        with pytest.raises(ValueError, match="give the threshold"):
            policy.Policy(threshold=threshold, by_class=by_class, audit_rate=0.05, blind_rate=0.2, by_band=BANDS)
