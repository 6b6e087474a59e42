"""How reliable people are, measured by each other: the EM algorithm of Dawid and Skene (1979).

Nobody's answers are taken for the truth. Each person has a table of what they say of each true class, each item a
distribution over the true classes, and the two are fitted to each other. What all people get wrong alike stays hidden.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ROUNDS = 1000
CLOSE = 1e-10  # of the log-likelihood per item: no further change that matters


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """`marginals`, (C,): share of each true class. `confusion`, (people, C, C): what each says, given the true class
    (rows sum to 1). `posterior`, (items, C): what each item is. `rounds`: of EM."""

    marginals: Floats
    confusion: Floats
    posterior: Floats
    rounds: int

    @property
    def accuracy(self) -> Floats:
        """(people,): how often each says the true class, over the mix of classes."""
        return np.asarray(np.einsum("j,pjj->p", self.marginals, self.confusion), np.float64)


def dawid_skene(counts: ArrayLike, weight: ArrayLike | None = None, *, most: int = ROUNDS) -> Consensus:
    """Fit to `counts`, (items, people, classes): how often each person gave each class to each item, 0 where they did not.

    `weight`, (items,): how many items had these very answers; 1 by default. Starts from the shares of the votes, as in the
    paper, and ends at the maximum of the likelihood or after `most` rounds. Raises ValueError if the shape is another, a
    count is negative, or an item has no answer.
    """
    votes = np.asarray(counts, np.float64)
    if votes.ndim != 3 or not np.all(votes >= 0) or not np.all(votes.sum((1, 2)) > 0):
        raise ValueError("give counts of items by people by classes, every item with an answer")
    times = np.ones(len(votes)) if weight is None else np.asarray(weight, np.float64)
    posterior = votes.sum(1) / votes.sum((1, 2))[:, None]
    before = -np.inf
    rounds = 0
    while rounds < most:
        rounds += 1
        mass = posterior * times[:, None]
        marginals = mass.sum(0) / times.sum()
        tally = np.einsum("ij,ipk->pjk", mass, votes)
        row_sums = tally.sum(2, keepdims=True)
        confusion = np.divide(tally, row_sums, out=np.zeros_like(tally), where=row_sums > 0)
        with np.errstate(divide="ignore"):
            logs = np.log(confusion)
            each = np.log(marginals) + np.einsum("ipk,pjk->ij", votes, np.where(np.isneginf(logs), -1e300, logs))
        peak = each.max(1, keepdims=True)
        likelihood = np.exp(each - peak)
        total = likelihood.sum(1, keepdims=True)
        posterior = likelihood / total
        now = float((times * (peak + np.log(total))[:, 0]).sum() / times.sum())
        if now - before < CLOSE:
            break
        before = now
    return Consensus(marginals=marginals, confusion=confusion, posterior=posterior, rounds=rounds)
