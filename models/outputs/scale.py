"""Given scores of any scale -> [0, 1] by a rising map, registered with the epoch as its calibrator.

unit     as it is
percent  x / 100
logprob  exp x
rank     1 / x for a place x from 1, the surest, on
levels   names in an order, the least sure first: the i-th of k is i / (k + 1)
real     any number x: 1/2 (1 + s) with s = sign(x) L / (1 + L), L = log2(1 + |x|) by straight lines between powers of two

Nothing but the order of scores bears on what is released, so a map loses nothing where it keeps different scores apart.
How far it does: `unit` and `percent` to 1e-16; `logprob` to 1e-16 of the probability, so all above -1e-16 are 1, all
below -745 are 0; `real` to 1e-15 between -1 and 1, and beyond to a share of the number: 1e-14 up to 10, 1e-13 up to a
thousand, 1e-12 up to 1e15, 1e-9 at the largest there are. `real` is no probability. It is made of additions, divisions
and halvings, which come out the same on every machine, and turns no order round.

What lies above a scale's end by a rounding is taken for the end: fastText says 1.0000064 where it means 1.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl

from models.columns import Matrix

CALIBRATORS: Mapping[str, str] = MappingProxyType(
    {"unit": "identity", "percent": "percent", "logprob": "logprob", "real": "real", "rank": "rank"}
)  # input.scale -> epoch.calibrator

_ENDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "unit": (0.0, 1.0),
        "percent": (0.0, 100.0),
        "logprob": (-math.inf, 0.0),
        "real": (-math.inf, math.inf),
        "rank": (1.0, math.inf),
    }
)
_SLACK: Mapping[str, float] = MappingProxyType(
    {"unit": 1e-4, "percent": 1e-2, "logprob": 1e-4, "real": 0.0, "rank": 0.0}
)
RANGES: Mapping[str, str] = MappingProxyType(
    {"unit": "from 0 to 1", "percent": "from 0 to 100", "logprob": "0 or below", "real": "finite", "rank": "1 or more"}
)  # what a number of the scale is, in words

# A stray number leaves its row unscored; so many are another scale.
_STRAYS = 5
_SHARE = 0.01
_UNKNOWN = -1.0  # what some write where there is no confidence


def inside(numbers: pl.Series, scale: str) -> pl.Series:
    """Whether each number is one of the scale; False for null, NaN and infinities."""
    low, high = _ENDS[scale]
    known = numbers.is_finite() & (numbers >= low) & (numbers <= high + _SLACK[scale])
    return known.fill_null(False).rename("inside")


def unit(numbers: pl.Series, scale: str) -> pl.Series:
    """Each number of the scale as a number in [0, 1], in its order; null where it is none. `numbers`: Float64.

    >>> unit(pl.Series([97.0, 12.5, 101.0]), "percent").to_list()
    [0.97, 0.125, None]
    """
    known = inside(numbers, scale)
    filled = pl.select(pl.when(known).then(numbers).otherwise(1.0)).to_series().to_numpy()
    mapped = pl.Series(numbers.name, np.clip(_MAPS[scale](filled), 0.0, 1.0))
    return pl.select(pl.when(known).then(mapped)).to_series().rename(numbers.name)


def of_levels(text: pl.Series, levels: Sequence[str]) -> pl.Series:
    """Each text as its place among the levels, in (0, 1), null where it is none. Case and outer space do not count."""
    places = {level.strip().casefold(): place / (len(levels) + 1) for place, level in enumerate(levels, start=1)}
    # casefold and to_lowercase differ in a few letters, so the few kinds of text are read one by one.
    kinds = text.drop_nulls().unique().to_list()
    known = {kind: places[plain] for kind in kinds if (plain := kind.strip().casefold()) in places}
    return text.replace_strict(known, default=None, return_dtype=pl.Float64)


def another(numbers: pl.Series, scale: str, *, named: bool) -> tuple[int, str] | None:
    """The place of the first number that tells of another scale, and the scale they are likely to be of; None: of this.

    `named`: somebody said that this is the scale. Where nobody did, one number above its end is enough: the 97 of a column of
    percent makes the 1.0 beside it the least sure. Else a column is of another scale if more than one in a hundred of its
    finite numbers is outside, and five or more, or all of them. Where what is outside is one and the same number, such as the
    -1 that some write for "unknown", it is no scale.
    """
    finite = numbers.is_finite().fill_null(False)
    stray = finite & ~inside(numbers, scale)
    above = stray & (numbers > _ENDS[scale][1])
    if named or not above.any():
        strays, count = int(stray.sum()), int(finite.sum())
        if strays <= _SHARE * count or (strays < _STRAYS and strays < count) or numbers.filter(stray).n_unique() < 2:
            return None
    usable = numbers.filter(finite & (numbers != _UNKNOWN) if above.any() else finite)
    fits = [name for name in _ENDS if name != scale and inside(usable, name).all()]
    return int((above if above.any() and not named else stray).arg_true()[0]), fits[0]


def _real(x: Matrix) -> Matrix:
    # frexp takes a number apart without rounding, and each step below rounds to the nearest: so none turns an order round.
    # Halved before the 1 is added, so that the largest number there is does not overflow.
    share, exponent = np.frexp(0.5 * np.abs(x) + 0.5)  # share in [1/2, 1)
    logarithm = exponent + (2 * share - 1)
    sure = 0.5 - 0.5 / (1 + logarithm)
    return np.asarray(0.5 + np.copysign(sure, x), dtype=np.float64)


def _rank(x: Matrix) -> Matrix:
    return np.asarray(1 / np.maximum(x, 1.0), dtype=np.float64)


_MAPS: Mapping[str, Callable[[Matrix], Matrix]] = MappingProxyType(
    {
        "unit": lambda x: x,
        "percent": lambda x: x / 100,
        "logprob": lambda x: np.exp(np.minimum(x, 0.0)),
        "real": _real,
        "rank": _rank,
    }
)
