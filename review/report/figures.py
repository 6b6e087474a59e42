"""The figures of a report: values only. `report.build` makes them, the page, the terminal and the JSON show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import polars as pl

from models.certification import era as era_
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.evaluation.slices import Slice
from models.monitoring.score_shift import Shift
from models.planning.what_if import WhatIf
from models.reviewers.capture_recapture import Readers
from review import formats
from review.adoption import verdict as verdict_
from review.adoption.other_models import OtherModel
from review.adoption.proposal import Proposal
from review.choices.answer import Answer
from review.queries import policy_history
from review.queries.blind_samples import Samples
from review.report.model_answers import NOTHING_KNOWN, ModelAnswers

Figure = Estimate | NotEnoughEvidence
DAY = 24.0  # hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Cases before people now. Ages in hours since the case was sent; `oldest` is None when nothing is open."""

    open: int
    late: int  # open past the stream's deadline
    skipped: int  # open, and at least one person passed it on
    waiting: int  # for people, and not sent yet
    deadline: float
    oldest: float | None
    ages: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The watchdog found the error among the released risen.

    `suspects`: released in its epoch, under suspicion by what is known today, read by nobody and not recalled.
    """

    raised_at: str
    labels: int
    errors: int
    clean_until: str | None  # released up to here: above suspicion. None: nothing is
    suspects: int
    current: bool  # the epoch in force began with it
    model: str = ""  # whose answers were released
    field: str = ""  # of records, in which the error has risen; empty: in any


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """The span of time whose evidence counts, and how the threshold in force stands in it.

    `days`: its length. `state`: own (certified by this era's labels), carried (by those of the era before, while this one
    gathers), uncertified, nothing (is released). `ends_at`, and `until`, when the threshold in force lapses at the latest
    unless this era certifies it: as the ledger writes times. `revoked`: what was adopted is certified
    no longer, for answers were changed or taken back. `promoted`: the era before is what the model said in shadow.
    """

    number: int
    ends_at: str
    until: str
    state: Literal["own", "carried", "uncertified", "nothing"]
    days: float = era_.DAYS
    revoked: bool = False
    promoted: bool = False

    @property
    def before(self) -> str:
        """Where what is carried over was certified."""
        return "in shadow" if self.promoted else f"in era {self.number - 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One predicted class of a stream with a line for each: in force, certified (None: none), and what that rests on.

    `coverage`: share of the class's cases at or above the certified threshold. `labels`, `errors`: blind labels there, weighted
    to the smallest propensity (without a certified threshold: of the whole class). `needed`: more labels for the next step.
    `verdict`: what may be proposed. `samples`: its blind samples there; None: not looked up.
    """

    label: str
    in_force: float | None
    certified: float | None
    coverage: float
    labels: float
    errors: float
    needed: int | None
    verdict: verdict_.Verdict
    samples: Samples | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One field of a stream's records.

    `target`: how often it may be wrong among the released; None: as often as a record may. `released`: how often it is wrong
    among the released records; `everything`: were all of them released. `changed`, `cleared`,
    `added`: readings in which people had another value, none where the model had one, one where it had none. `stayed`: of
    changed texts the median share that stayed; None: no text was changed.
    """

    name: str
    released: Figure
    everything: Figure
    changed: int
    cleared: int
    added: int
    stayed: float | None
    target: float | None = None
    graded: bool = False  # errors are shares of its list

    @property
    def above(self) -> bool:
        """Whether it is surely wrong more often than it may be."""
        return isinstance(self.released, Estimate) and self.target is not None and self.released.low > self.target

    @property
    def kept(self) -> bool:
        """Whether today's limit shows that it is wrong as seldom as it must be; True where it has no target of its own."""
        return self.target is None or (isinstance(self.released, Estimate) and self.released.high <= self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What came for people in the last `hours`, and what they answered in the last `answer_hours`.

    Whole days, at most a week. Less than 24: the stream, or the first answer, is so young, and says nothing.
    """

    hours: float
    answered: int
    arrived: int
    answer_hours: float = 0.0

    @property
    def known(self) -> bool:
        """Whether a pace can be known: there is a day of both."""
        return min(self.hours, self.answer_hours) >= DAY

    @property
    def answers(self) -> float:
        """Answers a day; only where `known`."""
        return DAY * self.answered / self.answer_hours

    @property
    def arrivals(self) -> float:
        """Cases for people a day; only where `known`."""
        return DAY * self.arrived / self.hours


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


@dataclass(frozen=True, kw_only=True)  # with a dictionary, where cached properties lie
class Report:
    """Every figure of the page. Counts and estimates are those of the epoch in force; totals, days and people's of all."""

    stream: str
    title: str
    model: str
    made_at: str
    currency: str
    target: float  # the error among the released that is asked for
    delta: float  # the significance level
    in_force: policy_history.PolicyInForce | None  # None: no policy was adopted yet
    cases: int
    unscored: int  # cases whose answer, or how sure the model was of it, cannot be used
    released: int
    error: Figure  # two-sided, among the released
    promise: Figure  # one-sided, of the process: what "at most" rests on
    batch: float | None  # one-sided, of the released themselves; None where samples were unequal or came in groups
    worst: Figure  # one-sided, every unanswered sample taken for wrong
    proposal: Proposal | None  # what is certified; None: nothing was looked at yet
    classes: tuple[ClassRow, ...]  # of a stream with a threshold per class; else empty
    slices: tuple[Slice, ...]  # of the released, by predicted class and by slice
    shift: Shift | None  # of the newest day's confidences; None: too few to say
    alarm: Alarm | None  # the newest that stopped release, if the watchdog ever raised one
    verdict: verdict_.Badge  # on the target; certified: at every look; else at this one; nothing: no evidence
    ruling: verdict_.Verdict  # what may be proposed of all cases; with a threshold per class each has its own
    samples: pl.DataFrame  # blind samples of the epoch (`review.queries.blind_samples`)
    needed: int | None  # blind labels without an error until the target is shown; None where that is no question
    audits_disputed: int  # blind labels of released cases that another person is to read; wrong until then
    audits_unsent: int  # samples of released cases that are not sent yet: neither answered nor wrong
    here: Figure  # at today's threshold, from all blind samples above it
    everything: Figure  # were every case that has a confidence released
    coverage_here: float | None
    curve: pl.DataFrame
    what_if: WhatIf  # at each threshold that can be certified, and today's
    trust: Trust
    looks: pl.DataFrame  # of the certificate: part, look, threshold, made_at
    watch: Watch | None  # None: no blind label of a released case yet
    pace: Pace
    since: Mapping[str, Any] | None  # the figures (`as_json.key`) of the report before; None: this is the first
    aurc: Figure
    augrc: Figure
    totals: Mapping[str, int]
    by_day: pl.DataFrame
    queue: Queue
    reviewers: pl.DataFrame
    faults: pl.DataFrame
    columns: tuple[str, ...]  # what the columns of the input look like, where something is to be mended
    history: pl.DataFrame
    head: tuple[int, str]
    past_alarms: tuple[Alarm, ...] = ()  # that closed no epoch, or one before; with suspects left, newest first
    era: Era | None = None  # None: none has begun
    readers: Readers | None = None  # what is known of what one reader misses; None: nothing was looked at
    overlap: float = 0.0  # share of the agreeing blind answers that another person reads, too
    # Release stops for want of readers within a day, or has stopped: nobody reads, or no answer is settled, or (doubted)
    # the answers say that the error has risen.
    silence: Literal["", "soon", "stopped", "unsettled", "doubted"] = ""
    never_released: Mapping[str, int] = field(default_factory=dict)  # code of a rule -> cases that it sent to people
    always_audited: int = 0  # released cases that a rule had read
    fields: tuple[FieldRow, ...] = ()  # of a stream of records; else empty
    others: tuple[OtherModel, ...] = ()  # models that were asked beside this one
    choices: tuple[Answer, ...] = ()  # the answers to the owner's questions, in their order
    model_answers: ModelAnswers = NOTHING_KNOWN  # what they cost and how long they take, of the last days
    repeats: int = 0  # cases held, for as many of their group as its plan allows came before
    second_opinion: bool = True  # a blind answer against the model is read by another person
    goes_on: bool = True  # what stopped for want of readers is released again when they have answered
    each: bool = False  # each class is certified by itself, and not all of them at once
    capacity: int | None = None  # reviews people can do a day, as the stream file says

    @property
    def automation(self) -> float | None:
        """Share of the epoch's cases that was released: known, not estimated. None before the first case."""
        return self.released / self.cases if self.cases else None

    @property
    def releases(self) -> bool:
        """Whether the policy in force lets anything be released."""
        return self.in_force is not None and self.in_force.policy.releases

    @cached_property
    def shown(self) -> dict[float, str]:
        """The text of every threshold of the page, as short as tells it from the others."""
        thresholds = [threshold for threshold in self.what_if.rows["threshold"].to_list() if threshold is not None]
        return dict(zip(thresholds, formats.thresholds(thresholds), strict=True))
