"""The figures of a report: values only. `report.build` makes them, the page, the terminal and the JSON show them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from models.estimate import Estimate, NotEnoughEvidence
from models.slices import Slice
from models.watchdog import Shift
from review.proposal import Proposal
from review.states import governed
from review.what_if import WhatIf

Figure = Estimate | NotEnoughEvidence
Verdict = Literal["certified", "kept", "missed", "open", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Cases before people now. Ages in hours since the case was sent; `oldest` is None when nothing is open."""

    open: int
    late: int  # open past the stream's deadline
    skipped: int  # open, and at least one person passed it on
    waiting: int  # drawn or doubtful, and not sent yet
    deadline: float
    oldest: float | None
    ages: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The watchdog found the error among the released risen. `suspects`: released since, and read by nobody."""

    raised_at: str
    labels: int
    errors: int
    clean_until: str | None  # released up to here: above suspicion. None: nothing is
    suspects: int
    current: bool  # the epoch in force began with it


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """One predicted class of a stream with a line for each: in force, certified (None: none), and what that rests on.

    `coverage`: share of the class's cases at or above the certified line. `labels`, `errors`: blind labels there, weighted
    to the smallest propensity (without a certified line: of the whole class). `needed`: more labels for the next step.
    """

    label: str
    in_force: float | None
    certified: float | None
    coverage: float
    labels: float
    errors: float
    needed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What people answered and what came for them in the last `hours` (a week, or since the stream began)."""

    hours: float
    answered: int
    arrived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How near the watchdog is to an alarm: `level` in [0, 1], its evidence as a share of what raises one (in logs)."""

    labels: int
    errors: int
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Does the confidence mean what it says, does it rank right before wrong? `bins`: the reliability diagram."""

    auroc: Figure
    ece: Figure
    brier: Figure
    bins: pl.DataFrame
    warnings: tuple[str, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every figure of the page. Counts and estimates are those of the epoch in force; totals, days and people's of all."""

    stream: str
    title: str
    model: str
    made_at: str
    currency: str
    target: float  # the error among the released that is asked for
    delta: float  # the doubt allowed
    in_force: governed.PolicyInForce | None  # None: no policy was adopted yet
    cases: int
    unscored: int  # cases whose answer, or how sure the model was of it, cannot be used
    released: int
    error: Figure  # two-sided, among the released
    promise: Figure  # one-sided, of the process: what "at most" rests on
    batch: float | None  # one-sided, of the released themselves; None where draws were unequal
    worst: Figure  # one-sided, every unanswered draw taken for wrong
    proposal: Proposal | None  # what is certified; None: nothing was looked at yet
    look_open: bool  # a single look is registered and not taken
    classes: tuple[ClassLine, ...]  # of a stream with a line per class; else empty
    slices: tuple[Slice, ...]  # of the released, by predicted class and by slice
    shift: Shift | None  # of the newest day's confidences; None: too few to say
    alarm: Alarm | None  # the newest, if the watchdog ever raised one
    verdict: Verdict  # on the target; certified: at every look; else at this one; nothing: no evidence
    needed: int | None  # blind labels without an error until the target is shown; None where that is no question
    here: Figure  # at today's line, from all blind draws above it
    everything: Figure  # were every case that has a confidence released
    coverage_here: float | None
    curve: pl.DataFrame
    what_if: WhatIf  # at each threshold that can be certified, and today's
    trust: Trust
    looks: pl.DataFrame  # of the certificate: part, look, threshold, made_at
    watch: Watch | None  # None: no blind label of a released case yet
    pace: Pace
    since: Mapping[str, Any] | None  # the figures (`numbers.key`) of the report before; None: this is the first
    aurc: Figure
    augrc: Figure
    totals: Mapping[str, int]
    by_day: pl.DataFrame
    queue: Queue
    reviewers: pl.DataFrame
    faults: pl.DataFrame
    history: pl.DataFrame
    head: tuple[int, str]

    @property
    def automation(self) -> float | None:
        """Share of the epoch's cases that was released: known, not estimated. None before the first case."""
        return self.released / self.cases if self.cases else None
