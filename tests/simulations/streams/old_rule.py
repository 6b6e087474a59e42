"""The rule that the certificate must not have: look at the days on which everything is settled. A negative control.

Days of cases that are wrong a little more often than the target; what is right is settled when it is read, what is wrong
waits for another person; whole days count, once all of them is settled. Beside it the rule of prefixes on the same samples:
what is not settled counts as wrong, and evidence is the largest over the prefixes. Evidence as in the documents: a mixture
of bets over errors up to the target.
"""

import math

import numpy as np
from scipy.special import betainc, betaln

from tests.simulations.streams import world
from tests.simulations.streams.world import Floats


def log_evidence(wrong: Floats, labels: Floats, alpha: float) -> Floats:
    """Against an error of at least alpha: a Beta(1/2, 1) prior of the error, truncated to [0, alpha]."""
    a, b = 0.5 + wrong, 1 + labels - wrong
    posterior = betaln(a, b) + np.log(np.maximum(betainc(a, b, alpha), 1e-300))
    prior = betaln(0.5, 1) + math.log(float(betainc(0.5, 1, alpha)))
    return np.asarray(posterior - prior - wrong * math.log(alpha) - (labels - wrong) * math.log1p(-alpha))


def ever_certified(rng: np.random.Generator, *, days: int, cases: int, read_on: int, delay: int) -> tuple[bool, bool]:
    """One stream of `days` days of `cases` cases, looked at nightly: whether the old rule, and that of prefixes, certify.

    A backlog is read on day `read_on` at once, later cases on their day; a dispute is settled `delay` days later.
    """
    wrong = rng.random((days, cases)) < world.NULL * world.ALPHA
    read = np.maximum(np.arange(days), read_on)[:, None]
    settled = read + np.where(wrong, delay, 0)
    old = new = False
    for night in range(read_on, days + delay):
        known = settled <= night
        whole = known.all(axis=1)
        labels = np.array([float(whole.sum() * cases)])
        errors = np.array([float(wrong[whole].sum())])
        old |= bool(log_evidence(errors, labels, world.ALPHA)[0] >= -math.log(world.DELTA))
        decided = min(night + 1, days) * cases
        pessimistic = (wrong | ~known).ravel()[:decided].cumsum().astype(np.float64)
        prefixes = np.arange(1, decided + 1).astype(np.float64)
        new |= bool(log_evidence(pessimistic, prefixes, world.ALPHA).max() >= -math.log(world.DELTA))
    return old, new
