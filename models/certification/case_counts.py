"""What the certificate knows without a label: cases at or above each threshold, and the smallest propensity there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.routing import policy

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Per threshold, strictest first. `lowest` has a row per version of the policy, in the order of `policies`."""

    lowest: Floats  # (V, T) the smallest propensity the version gives any case at or above the threshold
    cases: Floats  # (T,) routed, labelled or not


def smallest(policies: Mapping[int, policy.Policy], thresholds: Floats) -> Floats:
    """pm: the smallest propensity each policy gives any case with confidence at or above each threshold, (V, T).

    From the rules, not from the cases that happened to come: the stake must be fixed before sampling.
    """
    rows: list[Floats] = []
    for rule in policies.values():
        if rule.threshold is None:
            rows.append(np.full(len(thresholds), rule.blind_rate))
            continue
        bands = rule.by_band or ((rule.threshold, rule.audit_rate),)
        begins, rates = np.array(bands).T
        above = np.minimum.accumulate(rates[::-1])[::-1]  # of each band, the smallest rate of it and those above
        band = np.searchsorted(begins, thresholds, side="right") - 1  # -1: below all that is released
        rows.append(np.where(band >= 0, above[band], min(above[0], rule.blind_rate)))
    return np.array(rows, np.float64).reshape(len(policies), len(thresholds))


def of(counts: pl.DataFrame, policies: Mapping[int, policy.Policy], thresholds: tuple[float, ...]) -> Tally:
    """Sum up an era's cases. `counts`: bin (index of the strictest threshold a case reaches; null: none), version, n.

    `policies`: version -> the policy, all those that routed any case. Raises ValueError if the counts name an unknown
    version, or a bin that is none of the thresholds.
    """
    grid = np.array(thresholds)
    lowest = smallest(policies, grid)
    place = {version: row for row, version in enumerate(policies)}
    strange = [version for version in counts["version"].to_list() if version not in place]
    if strange:
        raise ValueError(f"version {strange[0]!r} among the counts: expected {', '.join(map(str, place))}")
    step = counts["bin"].fill_null(len(grid)).to_numpy()
    if np.any((step < 0) | (step > len(grid))):
        raise ValueError(f"a bin is none of the {len(grid)} thresholds: the counts were made for another grid")
    cells: Floats = np.zeros((len(place), len(grid) + 1))
    rows = np.array([place[version] for version in counts["version"]], np.int64)
    np.add.at(cells, (rows, step.astype(np.int64)), counts["n"].to_numpy())
    above = cells[:, :-1].cumsum(axis=1)
    return Tally(lowest=lowest, cases=above.sum(0))
