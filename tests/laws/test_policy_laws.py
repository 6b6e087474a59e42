"""What holds of routing whatever the batch."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from models.routing import policy

SALT = "5e" * 16
CONFIDENCE = st.one_of(st.none(), st.floats(), st.floats(0, 1))
IDS = st.text(st.characters(codec="utf-8"), min_size=0, max_size=40)
RULES = st.builds(
    policy.Policy,
    threshold=st.one_of(st.none(), st.floats(0, 1)),
    audit_rate=st.floats(1e-6, 1),
    blind_rate=st.floats(1e-6, 1),
)


def routed(cases: list[tuple[str, float | None]], rule: policy.Policy) -> list[tuple[str, bool, float]]:
    ids = pl.Series([case for case, _ in cases], dtype=pl.String)
    return policy.route(pl.Series([c for _, c in cases], dtype=pl.Float64), ids, policy=rule, salt=SALT).rows()


@given(st.lists(st.tuples(IDS, CONFIDENCE), max_size=30), RULES)
def test_a_case_is_decided_alike_alone_and_in_any_batch(
    cases: list[tuple[str, float | None]], rule: policy.Policy
) -> None:
    assert [routed([case], rule)[0] for case in cases] == routed(cases, rule)


@given(st.lists(st.tuples(IDS, CONFIDENCE), max_size=30), RULES)
def test_no_propensity_is_ever_zero_and_no_released_case_is_below_the_line(
    cases: list[tuple[str, float | None]], rule: policy.Policy
) -> None:
    for (_, confidence), (route, _, propensity) in zip(cases, routed(cases, rule), strict=True):
        assert 0 < propensity <= 1
        assert route == "REVIEW" or (
            rule.threshold is not None and confidence is not None and rule.threshold <= confidence <= 1
        )
