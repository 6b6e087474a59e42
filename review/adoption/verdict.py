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
class FieldEvidence:
    """The labels of a field of records that has a target of its own: `counts` as of the records, each dispute settled for the
    model."""

    field: str
    target: float
    counts: pl.DataFrame
    design: group_intervals.Design = group_intervals.ALONE
    graded: bool = False  # errors are shares of its list


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldVerdict:
    """What speaks against thresholds by the target of one field: `contradicted`, `exceeding` as of `Verdict`."""

    field: str
    target: float
    contradicted: tuple[tuple[float, float], ...]
    exceeding: float | None
    graded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """That at least a share `low` of what a threshold would release is wrong, with `target` asked for.

    `field`: in which it is wrong; empty: in any. `graded`: the share is of the entries of that field.
    """

    threshold: float
    low: float
    target: float
    field: str = ""
    graded: bool = False

    def wrong(self, released: str) -> str:
        """The same in words, after "at least ..."; `released`: what the threshold would release."""
        if self.graded:
            return f"of the entries of the field {self.field} in {released} is wrong"
        return f"of {released} is wrong" + (f" in the field {self.field}" if self.field else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What may be done with the cases of one part: all of them, or one class.

    `state`: unlooked (nobody has looked for a certificate), refused (by the gate), contradicted (certified is only what
    today's estimate speaks against), uncertified, carried (the threshold in force stands by the certificate of the era before),
    stay, back (the threshold in force releases more than is certified), move. `threshold`: to propose, the least strict of
    `allowed`; None: nothing is. `certified`, `allowed`: thresholds, strictest first. `contradicted`: certified thresholds
    with the lower limit of their error. `refusals`: what the gate says. `target`: the error asked for. `exceeding`: the lower
    limit of the error at the threshold in force where it lies above the target, whatever certifies it; else None. `era`:
    whose labels speak; 0: nobody has looked. `by_field`: of the fields of records that have targets of their own.
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
    by_field: tuple[FieldVerdict, ...] = ()

    @property
    def exceeds(self) -> bool:
        """Whether the threshold in force surely releases more errors than asked for, of the records or in a field."""
        return self.exceeding is not None or any(one.exceeding is not None for one in self.by_field)

    @property
    def exceeded_in(self) -> tuple[str, ...]:
        """Fields in which the threshold in force surely releases more errors than asked for; none if of the records it does."""
        if self.exceeding is not None:
            return ()
        return tuple(one.field for one in self.by_field if one.exceeding is not None)

    @property
    def speaks_against(self) -> tuple[Against, ...]:
        """What contradicts certified thresholds, the strictest threshold first."""
        listed = [Against(threshold=at, low=low, target=self.target) for at, low in self.contradicted]
        for one in self.by_field:
            listed += [
                Against(threshold=at, low=low, target=one.target, field=one.field, graded=one.graded)
                for at, low in one.contradicted
            ]
        return tuple(sorted(listed, key=lambda against: -against.threshold))

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
        against = next(one for one in self.speaks_against if one.threshold == threshold)
        return (
            f"it is certified, but by {self.so_far} at least {formats.at_least(against.low)} "
            f"{against.wrong('what it would release')}, with {formats.whole(against.target)} asked for"
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
    fields: Sequence[FieldEvidence] = (),
) -> Verdict:
    """From the last look (None: there was none) and the counts (`models.evaluation.risk`) of a part, in the era of that look.

    `least`: the counts with every dispute settled for the model, since "at least so many are wrong" is said of settled
    labels only; None: nothing is disputed. `epoch`: the counts of all its eras, by which the gate is held while this one has
    certified nothing; None: it is the first. `in_force`: this part's threshold, None: nothing released. `carried`: it stands
    by the certificate of the era before. Two-sided limits at 1 - `delta`, widened for groups by `design`. `fields`: those of
    records that have targets of their own, which a threshold must keep too.
    """
    certified = () if progress is None else tuple(progress.plan.thresholds[index] for index in progress.certified)
    refusals = reliability.gate(counts if certified or epoch is None else epoch, delta).refusals
    settled = counts if least is None else least
    contradicted = _above(settled, certified, target, delta, design)
    by_field = tuple(
        FieldVerdict(
            field=one.field,
            target=one.target,
            contradicted=_above(one.counts, certified, one.target, delta, one.design),
            exceeding=_exceeding(one.counts, in_force, one.target, delta, one.design),
            graded=one.graded,
        )
        for one in fields
    )
    barred = {at for of_one in (contradicted, *(one.contradicted for one in by_field)) for at, _ in of_one}
    allowed = () if refusals else tuple(at for at in certified if at not in barred)
    threshold = allowed[-1] if allowed else None
    return Verdict(
        state=_state(progress, certified, threshold, refusals, in_force=in_force, carried=carried),
        threshold=threshold,
        certified=certified,
        allowed=allowed,
        contradicted=contradicted,
        refusals=refusals,
        target=target,
        exceeding=_exceeding(settled, in_force, target, delta, design),
        era=0 if progress is None else progress.plan.era,
        by_field=by_field,
    )


def _above(
    counts: pl.DataFrame, thresholds: Sequence[float], target: float, delta: float, design: group_intervals.Design
) -> tuple[tuple[float, float], ...]:
    """The thresholds whose error surely lies above a target, each with its lower limit."""
    if not thresholds:
        return ()
    low = risk.at(counts, thresholds, delta, design=design.at(thresholds))["low"]
    return tuple((at, error) for at, error in zip(thresholds, low, strict=True) if error is not None and error > target)


def _exceeding(
    counts: pl.DataFrame, in_force: float | None, target: float, delta: float, design: group_intervals.Design
) -> float | None:
    """The lower limit of the error at the threshold in force where it lies above a target; else None."""
    above = () if in_force is None else _above(counts, [in_force], target, delta, design)
    return above[0][1] if above else None


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
    fields_kept: bool = True,
) -> Badge:
    """On the target, for what is released. `parts`: the threshold in force and the verdict of each part.

    `error`, `promise`: among the released, two-sided (of the counts that `of` calls `least`; where a certificate of the era
    under way stands, of that era) and one-sided. `stands`:
    whether the era says that the thresholds in force are certified, by its own labels or those of the era before; None: there
    are no eras, and the verdicts say it. `fields_kept`: whether today's limits show that each field keeps its own target.
    """
    open_ = [(in_force, verdict) for in_force, verdict in parts if in_force is not None]
    if any(verdict.refusals for _, verdict in open_):
        return "refused"
    if isinstance(error, Estimate) and error.low > target:
        return "missed"
    if stands is None:
        stands = all(in_force in verdict.allowed for in_force, verdict in open_)
    if open_ and stands:
        return "contradicted" if any(verdict.exceeds for _, verdict in open_) else "certified"
    if isinstance(error, NotEnoughEvidence) or isinstance(promise, NotEnoughEvidence):
        return "nothing"
    if any(verdict.exceeds for _, verdict in open_):
        return "missed"
    return "kept" if promise.high <= target and fields_kept else "open"
