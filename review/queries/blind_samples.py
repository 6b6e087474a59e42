"""Blind samples at or above a threshold, what became of them, distinguished: read, disputed, passed on, open, not sent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from models.evaluation.outcome import Outcome
from review import formats

SCHEMA = ("confidence", "outcome", "n")
_NAMES: dict[str, str] = {Outcome.WAITING: "unsent"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """`right` and `wrong` are settled. `disputed`: read, and another person is to read it; `skipped`: passed on by at least
    one person, read by none; `open`: before people; `unsent`: not sent yet."""

    right: int = 0
    wrong: int = 0
    disputed: int = 0
    skipped: int = 0
    open: int = 0
    unsent: int = 0

    @property
    def read(self) -> int:
        """Samples that have a blind label, settled or not."""
        return self.right + self.wrong + self.disputed

    @property
    def settled(self) -> int:
        """Labels that can no longer change."""
        return self.right + self.wrong

    @property
    def pending(self) -> int:
        """Samples that count as wrong until they are settled."""
        return self.disputed + self.skipped + self.open + self.unsent


def of(counts: pl.DataFrame) -> pl.DataFrame:
    """The samples among counts (`models.evaluation.risk`; outcome may be "disputed" too), by SCHEMA."""
    return counts.filter("blind").group_by("confidence", "outcome").agg(pl.col("n").sum()).select(*SCHEMA)


def at(counts: pl.DataFrame, threshold: float) -> Samples:
    """Those at or above a threshold; `counts` by SCHEMA."""
    sums = counts.filter(pl.col("confidence") >= threshold).group_by("outcome").agg(pl.col("n").sum())
    return Samples(**{_NAMES.get(outcome, outcome): int(n) for outcome, n in sums.iter_rows()})


def pending(samples: Samples) -> str:
    """What waits, each apart: `40 wait for another reader, 12 are unanswered, 300 not sent yet`; empty: nothing does."""
    parts = [
        (samples.disputed, "waits for another reader", "wait for another reader"),
        (samples.skipped, "was passed on", "were passed on"),
        (samples.open, "is unanswered", "are unanswered"),
        (samples.unsent, "is not sent yet", "are not sent yet"),
    ]
    return ", ".join(f"{formats.count(n)} {one if n == 1 else many}" for n, one, many in parts if n)


def labels(samples: Samples, where: str) -> str:
    """`278 blind labels at 0.8 and above, 40 of them wait for another reader; 12 more samples: 12 are unanswered`."""
    sentence = f"{formats.count(samples.read, 'blind label')} {where}"
    if samples.wrong:
        sentence += f", {formats.count(samples.wrong)} wrong"
    if samples.disputed:
        wait = "waits" if samples.disputed == 1 else "wait"
        sentence += f", {formats.count(samples.disputed)} of them {wait} for another reader"
    rest = pending(Samples(skipped=samples.skipped, open=samples.open, unsent=samples.unsent))
    return f"{sentence}; of more samples there, {rest}" if rest else sentence


def no_number(counts: pl.DataFrame, places: Sequence[float], target: float, fields: Sequence[str] = ()) -> str:
    """Why the certificate sees no number of labels that would certify one of these thresholds; `counts` by SCHEMA.

    `fields`: of records, those whose own targets stand in the way, and not the record's (`certificate.blocking`).

    Reported by settled labels only: while samples are pending that count as wrong, it is not hopeless but not known.
    """
    there = [at(counts, place) for place in places]
    named = f"the field{'s' if len(fields) > 1 else ''} {', '.join(fields)}"
    most = max(there, key=lambda one: one.pending, default=Samples())
    if most.pending and not all(one.settled and one.wrong >= target * one.settled for one in there):
        return (
            f"Samples count as wrong until they are settled: {pending(most)}. How many more labels it takes is known when "
            f"more of them are.{f' What stands in the way is the target of {named}.' if fields else ''}"
        )
    waits = f" Not settled: {pending(most)}." if most.pending else ""
    why = f": {named} {'are' if len(fields) > 1 else 'is'} wrong too often for {'their' if len(fields) > 1 else 'its'} own target"
    return f"At the errors seen so far no number of labels would certify one{why if fields else ''}.{waits}"
