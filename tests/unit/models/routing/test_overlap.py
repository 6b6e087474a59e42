"""Who is read twice is sampled beforehand, apart from the sample of audits."""

import hashlib

import numpy as np
import polars as pl
import pytest

from models.routing import overlap, policy

SALT = "5a" * 16


def numbers(groups: list[int], salt: str = SALT) -> pl.Series:
    return overlap.numbers(pl.Series([salt] * len(groups)), pl.Series(groups, dtype=pl.UInt64))


def test_the_number_is_the_hash_of_the_word_the_salt_and_the_group() -> None:
    largest = 2**64 - 1
    text = f"overlap\n{SALT}\n{largest}"
    digest = int(hashlib.sha256(text.encode()).hexdigest()[:13], 16)
    assert [digest / 2**52] == numbers([largest]).to_list()


def test_the_numbers_are_spread_evenly_and_owe_nothing_to_the_sample_of_audits() -> None:
    groups = list(range(20_000))
    ours = numbers(groups).to_numpy()
    audits = policy.random_numbers(pl.Series(groups).cast(pl.String), SALT).to_numpy()
    assert ours.min() >= 0
    assert ours.max() < 1
    spread = 3 / np.sqrt(12 * len(groups))
    assert abs(ours.mean() - 0.5) < spread
    assert abs(np.corrcoef(ours, audits)[0, 1]) < 3 / np.sqrt(len(groups))
    assert abs(np.corrcoef(ours, numbers(groups, "b4" * 16).to_numpy())[0, 1]) < 3 / np.sqrt(len(groups))


def test_a_case_without_salt_or_group_is_refused() -> None:
    for salts, groups in ((["a"], [1, 2]), ([None], [1]), (["a"], [None])):
        with pytest.raises(ValueError, match="one salt and one group per case"):
            overlap.numbers(pl.Series(salts, dtype=pl.String), pl.Series(groups, dtype=pl.UInt64))
