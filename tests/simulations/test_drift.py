"""An error that rises slowly: eras and the change detector take the threshold back in time; evidence for ever does not.

Seeded. 200 cases a day for 120 days, audit 5 %, target 5 %, significance level 5 %, blind_rate .2, all labelled while nothing is
released. Cases come ranked from the surest (0) to the least sure (1), spread evenly over 50 thresholds, with the error
.01 + .40 u^6 at rank u (6.7 % of all cases; 94 % could be released on the first day), times what the drift has come to: 1
on day 0, rising in a straight line to 2 or 4 on day 119. Every night the labels are looked at, the least strict certified
threshold is adopted, and the change detector sees the labels of what was released. Tolerances are three binomial standard
errors of the number of runs.

Seen, share of 300 runs with a threshold in force whose error is above 1 / 1.25 / 1.5 times the target:

                                         doubled            fourfold
    evidence for ever, last day          69 / 26 / 6 %      61 / 56 / 49 %
    eras and the pair, last day           4 / 1 / 0 %       16 / 5 / 0 %
    eras and the pair, worst day         36 / 12 / 1 %      81 / 57 / 34 %

The worst day comes near the end of what the first era carries over. Released without drift: 81.3 % and 78.2 %.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from models.certification import certificate, e_values, era, era_plan
from models.monitoring import change_detection

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]

ALPHA, DELTA = 0.05, 0.05
RUNS, DAYS, CASES = 300, 120, 200
AUDIT, BLIND, COLD = 0.05, 0.2, 1.0
SIZE = 50
COVERAGE = np.arange(1, SIZE + 1) / SIZE
STARTS, WEIGHTS = era_plan.starts(COVERAGE.tolist())
_RANK = (np.arange(SIZE)[:, None] + (np.arange(50) + 0.5) / 50) / SIZE
ERROR = (0.01 + 0.40 * _RANK**6).mean(1)
ERA = era.length(ALPHA, DELTA, AUDIT * CASES * 0.8)


@dataclass(kw_only=True)
class Detectors:
    """The statistic of each run, label by label: of the pair, or of the e-CUSUM of the old rule alone."""

    rises: tuple[float, ...]
    summed: bool
    held: Floats  # (runs, q)

    def see(self, labels: Numbers, errors: Numbers, rng: np.random.Generator) -> tuple[Flags, list[NDArray[np.int8]]]:
        """A day's labels of each run, in random order: who raised an alarm, and the labels as seen (-1: none)."""
        worse = np.array(self.rises) * ALPHA
        right, wrong = (1 - worse) / (1 - ALPHA), worse / ALPHA
        raised, left, bad, seen = np.zeros(len(labels), bool), labels.copy(), errors.copy(), []
        for _ in range(int(labels.max())):
            some = left > 0
            error = some & (rng.random(len(left)) * left < bad)
            before = self.held + 1 if self.summed else np.maximum(self.held, 1)
            self.held = np.where(some[:, None], before * np.where(error[:, None], wrong, right), self.held)
            raised |= error & (self.held.mean(1) >= change_detection.RUN_LENGTH)
            left, bad = left - some, bad - error
            seen.append(np.where(some, error, -1).astype(np.int8))
        return raised, seen


@dataclass(kw_only=True)
class Outcome:
    """(days, runs) each: what was released, and its error that day over the target."""

    released: Floats
    over: Floats
    alarms: Numbers  # (runs,)
    seen: NDArray[np.int8]  # (labels, runs): of what was released; -1: no label
    alarmed: list[tuple[int, int, int]]  # run, labels seen before and with the day

    def above(self, times: float) -> float:
        """Share of runs with an error above so many times the target in force on the last day."""
        return float((self.over[-1] > times).mean())


def certified(log_e: Floats) -> Flags:
    passed = np.zeros(log_e.shape, bool)
    for run in np.flatnonzero(log_e.max(1) >= -math.log(DELTA)):
        walked = certificate.walk(log_e[run], STARTS, WEIGHTS, delta=DELTA)
        passed[run, list(walked.passed)] = True
    return passed


def tonight(adopted: era.Adopted, passed: Flags, number: int, day: int) -> tuple[era.Adopted, int]:
    """Adopt the least strict certified threshold; what holds tomorrow, the era's day `day`, as an index (-1: nothing)."""
    own = [-int(at) for at in np.flatnonzero(passed)]  # strictest first: a higher number is stricter
    if own:
        adopted = era.Adopted(threshold=min(own), era=number, certified=number)
    if day == ERA:
        number, day, own = number + 1, 0, []
    holds = era.in_force(adopted, own, era=number, day=day, days=ERA).threshold
    return adopted, -1 if holds is None else -int(holds)


@functools.cache
def drift(rise: float, *, eras: bool, seed: int = 2026) -> Outcome:
    """`eras`: with the pair of detectors; else evidence for ever, with the e-CUSUM for q = 1.5 to 10 alone."""
    rng = np.random.default_rng(seed)
    right, wrong = np.zeros((RUNS, SIZE, 2)), np.zeros((RUNS, SIZE, 2))
    passed = np.zeros((RUNS, SIZE), bool)
    best: Floats = np.zeros((RUNS, SIZE))
    rises = change_detection.RISES if eras else change_detection.RISES[1:]
    detectors = Detectors(rises=rises, summed=eras, held=np.zeros((RUNS, len(rises))))
    nothing = era.Adopted(threshold=None, era=0, certified=None)
    adopted = [nothing] * RUNS
    number: Numbers = np.zeros(RUNS, np.int64)
    start: Numbers = np.zeros(RUNS, np.int64)
    line: Numbers = np.full(RUNS, -1)
    alarms: Numbers = np.zeros(RUNS, np.int64)
    seen: list[NDArray[np.int8]] = [np.zeros((0, RUNS), np.int8)]
    alarmed: list[tuple[int, int, int]] = []
    released_share, over = [], []
    for day in range(DAYS):
        error = ERROR * (1 + (rise - 1) * day / (DAYS - 1))
        risk = error.cumsum() / np.arange(1, SIZE + 1)
        released_share.append(np.where(line >= 0, COVERAGE[line], 0.0))
        over.append(np.where(line >= 0, risk[line] / ALPHA, 0.0))
        cold, released = (line < 0)[:, None], np.arange(SIZE) <= line[:, None]
        cases = rng.multinomial(CASES, np.full(SIZE, 1 / SIZE), size=RUNS)
        labels = rng.binomial(cases, np.where(released, AUDIT, np.where(cold, COLD, BLIND)))
        errors = rng.binomial(labels, np.minimum(error, 1))
        for group, members in enumerate((released | cold, ~released & ~cold)):
            right[..., group] += ((labels - errors) * members).cumsum(1)
            wrong[..., group] += (errors * members).cumsum(1)
        best = e_values.running(best, e_values.unequal(right, wrong, [1.0, AUDIT / BLIND], ALPHA))
        passed |= certified(best)
        raised, labels_seen = detectors.see((labels * released).sum(1), (errors * released).sum(1), rng)
        before, after = sum(map(len, seen)), sum(map(len, seen)) + len(labels_seen)
        if labels_seen:
            seen.append(np.array(labels_seen))
        alarmed += [(int(run), before, after) for run in np.flatnonzero(raised & (alarms == 0))]
        alarms += raised
        if eras:
            for run in range(RUNS):
                adopted[run], line[run] = tonight(
                    adopted[run], passed[run], int(number[run]), day + 1 - int(start[run])
                )
        else:
            line = np.where(passed.any(1), SIZE - 1 - np.argmax(passed[:, ::-1], axis=1), -1)
        over_ = eras & (day + 1 - start == ERA)
        for run in np.flatnonzero(raised):  # a new epoch: cold, its first era begins
            adopted[run] = nothing
        number, line = np.where(raised, 0, number + over_), np.where(raised, -1, line)
        detectors.held[raised] = 0
        ended = raised | over_
        start[ended] = day + 1
        for counts in (right, wrong, best):
            counts[ended] = 0
        passed[ended] = False
    return Outcome(
        released=np.array(released_share), over=np.array(over), alarms=alarms, seen=np.vstack(seen), alarmed=alarmed
    )


def margin(share: float) -> float:
    return 3 * math.sqrt(share * (1 - share) / RUNS)


def test_an_era_is_sixty_days_at_this_pace() -> None:
    assert ERA == 60


def test_without_drift_evidence_for_ever_releases_80_percent_and_eras_at_most_4_points_less() -> None:
    kept, aged = drift(1, eras=False), drift(1, eras=True)
    assert kept.released.mean() == pytest.approx(0.80, abs=0.015)
    assert kept.released.mean() - aged.released.mean() <= 0.04


def test_an_error_that_doubles_is_in_force_above_the_target_on_the_last_day_in_few_runs() -> None:
    outcome = drift(2, eras=True)
    assert outcome.above(1) <= 0.20
    assert outcome.above(1.25) <= 0.05


def test_an_error_that_grows_fourfold_is_far_above_the_target_on_the_last_day_in_few_runs() -> None:
    assert drift(4, eras=True).above(1.5) <= 0.10


def test_evidence_for_ever_with_the_cusum_alone_breaks_every_one_of_these_bounds() -> None:
    doubled, fourfold = drift(2, eras=False), drift(4, eras=False)
    assert doubled.above(1) > 0.20 + margin(0.20)
    assert doubled.above(1.25) > 0.05 + margin(0.05)
    assert fourfold.above(1.5) > 0.10 + margin(0.10)


def test_a_threshold_carried_for_the_whole_next_era_would_break_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second era ends with the last day: what the first one certified would be in force until then."""
    monkeypatch.setattr(era, "carries", lambda days: days)
    assert drift.__wrapped__(4, eras=True).above(1.5) > 0.10 + margin(0.10)


def test_without_drift_alarms_are_no_more_frequent_than_stated() -> None:
    """One in 10 000 labels of the released; the error of what is certified is below the target, so there are far fewer."""
    outcome = drift(1, eras=True)
    labels = int((outcome.seen >= 0).sum())
    allowed = labels / change_detection.RUN_LENGTH
    assert int(outcome.alarms.sum()) <= allowed + 3 * math.sqrt(allowed)


def test_the_alarms_are_those_of_the_detector_itself() -> None:
    """The first alarm of each run, from the same labels, falls on the same day; and no other run has one."""
    outcome = drift(4, eras=True)
    assert len(outcome.alarmed) > 20
    for run, before, after in outcome.alarmed[:40]:
        labels = outcome.seen[:after, run]
        raised = change_detection.alarm(labels[labels >= 0], ALPHA)
        assert raised is not None
        assert raised >= int((outcome.seen[:before, run] >= 0).sum())
    for run in np.flatnonzero(outcome.alarms == 0)[:40]:
        labels = outcome.seen[:, run]
        assert change_detection.alarm(labels[labels >= 0], ALPHA) is None
