"""What the evidence allows: one verdict, from which proposal, headline, badge, page and `adopt` speak. Pure.

Three things must agree before a threshold is proposed or adopted as certified: the certificate holds it; the confidence does
not surely rank wrong answers first (`reliability.gate`); and today's own estimate there does not lie above the target. All
three come from the labels of one era: those of another speak neither for its certificate nor against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from models.certification import certificate
from models.evaluation import group_intervals, reliability, risk
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats

State = Literal["unlooked", "refused", "contradicted", "uncertified", "carried", "stay", "back", "move"]
Badge = Literal["certified", "contradicted", "refused", "kept", "missed", "open", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may be done with the cases of one part: all of them, or one class.

    `state`: unlooked (nobody has looked for a certificate), refused (by the gate), contradicted (certified is only what
    today's estimate speaks against), uncertified, carried (the threshold in force stands by the certificate of the era before),
    stay, back (the threshold in force releases more than is certified), move. `threshold`: to propose, the least strict of
    `allowed`; None: nothing is. `certified`, `allowed`: thresholds, strictest first. `contradicted`: certified thresholds
    with the lower limit of their error. `refusals`: what the gate says. `target`: the error asked for. `exceeding`: the lower
    limit of the error at the threshold in force where it lies above the target, whatever certifies it; else None. `era`:
    whose labels speak; 0: nobody has looked.
    """

    state: State
    threshold: float | None
    certified: tuple[float, ...]
    allowed: tuple[float, ...]
    contradicted: tuple[tuple[float, float], ...]
    refusals: tuple[str, ...]
    target: float
    exceeding: float | None = None
    era: int = 0

    @property
    def so_far(self) -> str:
        """Which labels speak, in words."""
        return f"the labels of era {self.era} so far" if self.era > 1 else "the labels so far"

    def against(self, threshold: float) -> str | None:
        """Why a threshold cannot be adopted as certified, in a clause; None: it can."""
        if threshold in self.allowed:
            return None
        if threshold not in self.certified:
            return "it is not certified"
        if self.refusals:
            return f"it is certified, but {self.refusals[0]}"
        low = dict(self.contradicted)[threshold]
        return (
            f"it is certified, but by {self.so_far} at least {formats.at_least(low)} of what it would release is "
            f"wrong, with {formats.whole(self.target)} asked for"
        )


def of(
    progress: certificate.Progress | None,
    counts: pl.DataFrame,
    *,
    target: float,
    delta: float,
    in_force: float | None,
    carried: bool = False,
    least: pl.DataFrame | None = None,
    epoch: pl.DataFrame | None = None,
    design: group_intervals.Design = group_intervals.ALONE,
) -> Verdict:
    """From the last look (None: there was none) and the counts (`models.evaluation.risk`) of a part, in the era of that look.

    `least`: the counts with every dispute settled for the model, since "at least so many are wrong" is said of settled
    labels only; None: nothing is disputed. `epoch`: the counts of all its eras, by which the gate is held while this one has
    certified nothing; None: it is the first. `in_force`: this part's threshold, None: nothing released. `carried`: it stands
    by the certificate of the era before. Two-sided limits at 1 - `delta`, widened for groups by `design`.
    """
    certified = () if progress is None else tuple(progress.plan.thresholds[index] for index in progress.certified)
    refusals = reliability.gate(counts if certified or epoch is None else epoch, delta).refusals
    settled = counts if least is None else least
    there = risk.at(settled, certified, delta, design=design.at(certified)) if certified else None
    low = {} if there is None else dict(zip(certified, there["low"], strict=True))
    contradicted = tuple((at, error) for at, error in low.items() if error is not None and error > target)
    allowed = () if refusals else tuple(at for at in certified if at not in dict(contradicted))
    threshold = allowed[-1] if allowed else None
    at_threshold = (
        None if in_force is None else risk.at(settled, [in_force], delta, design=design.at([in_force]))["low"].item()
    )
    return Verdict(
        state=_state(progress, certified, threshold, refusals, in_force=in_force, carried=carried),
        threshold=threshold,
        certified=certified,
        allowed=allowed,
        contradicted=contradicted,
        refusals=refusals,
        target=target,
        exceeding=at_threshold if at_threshold is not None and at_threshold > target else None,
        era=0 if progress is None else progress.plan.era,
    )


def _state(
    progress: certificate.Progress | None,
    certified: Sequence[float],
    threshold: float | None,
    refusals: Sequence[str],
    *,
    in_force: float | None,
    carried: bool,
) -> State:
    if refusals:
        return "refused"
    if threshold is None:
        if in_force is not None and carried:
            return "carried"
        if progress is None:
            return "unlooked"
        return "contradicted" if certified else "uncertified"
    if in_force == threshold:
        return "stay"
    if in_force is not None and in_force < threshold:
        return "carried" if carried else "back"
    return "move"


def badge(
    parts: Sequence[tuple[float | None, Verdict]],
    error: Estimate | NotEnoughEvidence,
    promise: Estimate | NotEnoughEvidence,
    *,
    target: float,
    stands: bool | None = None,
) -> Badge:
    """On the target, for what is released. `parts`: the threshold in force and the verdict of each part.

    `error`, `promise`: among the released, two-sided (of the counts that `of` calls `least`; where a certificate of the era
    under way stands, of that era) and one-sided. `stands`:
    whether the era says that the thresholds in force are certified, by its own labels or those of the era before; None: there
    are no eras, and the verdicts say it.
    """
    open_ = [(in_force, verdict) for in_force, verdict in parts if in_force is not None]
    if any(verdict.refusals for _, verdict in open_):
        return "refused"
    if isinstance(error, Estimate) and error.low > target:
        return "missed"
    if stands is None:
        stands = all(in_force in verdict.allowed for in_force, verdict in open_)
    if open_ and stands:
        return "contradicted" if any(verdict.exceeding is not None for _, verdict in open_) else "certified"
    if isinstance(error, NotEnoughEvidence) or isinstance(promise, NotEnoughEvidence):
        return "nothing"
    return "kept" if promise.high <= target else "open"
