"""Half of the groups are for measuring: the same ones for ever, and none of them for a reason that anybody could move."""

import hashlib

import polars as pl
import pytest

from models.routing import measuring

LEDGER = "0123456789abcdef" * 2


def groups(n: int) -> pl.Series:
    return pl.Series(range(n), dtype=pl.UInt64)


def test_the_number_is_the_first_52_bits_of_the_hash_of_ledger_and_group() -> None:
    digest = hashlib.sha256(f"measuring\n{LEDGER}\n7".encode()).hexdigest()
    assert [int(digest[:13], 16) / 2**52 < 0.5] == measuring.measuring(LEDGER, groups(8)).to_list()[7:]


def test_half_of_the_groups_are_measuring_within_four_standard_errors() -> None:
    assert abs(measuring.measuring(LEDGER, groups(40_000)).mean() - 0.5) < 4 * 0.5 / 200  # type: ignore[operator]


def test_another_ledger_keeps_other_groups() -> None:
    one, other = (measuring.measuring(ledger, groups(1_000)) for ledger in (LEDGER, "f" * 32))
    assert 400 < (one != other).sum() < 600


def test_a_group_is_asked_for() -> None:
    with pytest.raises(ValueError, match="one group per case"):
        measuring.measuring(LEDGER, pl.Series([1, None], dtype=pl.UInt64))
