"""Which cases are held: sure enough to be released, but of a group that has had as many released as its plan allows.

What belongs together is right or wrong together, so a plan says how many cases of one group it speaks of; what comes beyond
that in an era goes to a person (docs/method.md 4.1b). Counted in the order of the input, whatever the number of workers.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from review.ledger import rollups
from review.ledger.ledger import Ledger
from review.queries import certificates, items
from review.queries.policy_history import PolicyInForce

REASON = "as many cases of its group as the plan allows were decided before"
ALONE = 1  # cases of one payload that may be released, where the stream names no other group


class Repeats:
    """How often each group has come in an era, as of the last append of it."""

    def __init__(
        self, ledger: Ledger, stream: str, in_force: PolicyInForce, *, grouped: bool, group_size: int | None
    ) -> None:
        """`grouped`: the stream names its groups; else cases of one payload are one. `group_size`: stated, or None."""
        era = certificates.era(ledger, in_force.epoch_id)
        plan = None if era is None else next(iter(era.plans.values()))
        self._most = group_size or (plan.group_size if plan is not None else None if grouped else ALONE)
        self._ledger, self._stream = ledger, stream
        self._first = len(items.epochs(ledger, stream)) == 1
        self._members = _none()
        self._counts: NDArray[np.int64] = np.zeros(0, np.int64)
        if self._most is not None:
            self._add(_recorded(ledger, stream, in_force.epoch_id, 0 if era is None else era.after_seal))

    def held(self, cases: pl.DataFrame) -> pl.Series:
        """The ids of the cases that are held; all are counted in. `cases`: case_id, group_id, line, in any order."""
        if self._most is None or cases.is_empty():
            return pl.Series("case_id", [], dtype=pl.String)
        members = rollups.members(cases).to_numpy()
        before = self._before(members)
        # What is decided already is counted already, or was in an earlier epoch, and stays what it is.
        may_be_known = pl.Series(before > 0) if self._first else pl.lit(value=True)
        met = cases.select(pl.lit(self._stream).alias("stream"), "case_id").filter(may_be_known)
        known = self._ledger.known("decision", met)
        new = (
            cases.select("case_id", "line", member=pl.Series(members), before=pl.Series(before))
            .join(known, on="case_id", how="anti")
            .with_columns(nth=pl.col("line").rank("ordinal").over("member") - 1 + pl.col("before"))
        )
        self._add(new["member"].to_numpy())
        return new.filter(pl.col("nth") >= self._most)["case_id"]

    def _before(self, members: NDArray[np.uint64]) -> NDArray[np.int64]:
        if not len(self._members):
            return np.zeros(len(members), np.int64)
        place = np.minimum(np.searchsorted(self._members, members), len(self._members) - 1)
        return np.where(self._members[place] == members, self._counts[place], 0)

    def _add(self, members: NDArray[np.uint64]) -> None:
        own, times = np.unique(members, return_counts=True)
        whole, place = np.unique(np.concatenate([self._members, own]), return_inverse=True)
        counts = np.bincount(place.reshape(-1), np.concatenate([self._counts, times]), len(whole)).astype(np.int64)
        self._members, self._counts = whole, counts


def _none() -> NDArray[np.uint64]:
    return np.zeros(0, np.uint64)


def _recorded(ledger: Ledger, stream: str, epoch_id: str, after_seal: int) -> NDArray[np.uint64]:
    """What every case that an epoch has decided under later seals belongs with."""
    rows = ledger.read(
        """
        SELECT e.members FROM extract e WHERE e.stream = :stream AND e.seal > :after AND e.members IS NOT NULL
            AND e.seal > (SELECT coalesce(min(p.seal), 0) FROM epoch p WHERE p.epoch_id = :epoch)
        ORDER BY e.seal
        """,
        stream=stream,
        after=after_seal,
        epoch=epoch_id,
    )
    return np.concatenate([_none(), *(np.frombuffer(blob, "<u8") for blob in rows["members"])])
