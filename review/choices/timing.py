"""Batch or real time: where the time to the final answer goes, and what other schedules and readers would make of it. Pure."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation import waiting_times
from models.evaluation.estimate import Estimate, NotEnoughEvidence
from review import formats
from review.choices import channels, durations, schedules
from review.choices.answer import Answer, State
from review.choices.work import Work

QUESTION = "Batch or real time: would more frequent runs, or more readers, finish cases sooner?"
DAYS = 28  # that are looked back on
DAY = 86_400  # seconds
FEWEST_DAYS = 6  # on which cases were decided: with fewer the limits of "half of them" are anything
_AS_THEY_CAME = " Channels stand side by side as they came: which cases went by which was not left to chance."
_WORTH = 0.1  # of the wait: a change that takes off less is no reason for one

Figure = Estimate | NotEnoughEvidence
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Where the time goes, in hours by which half of the cases have it behind them; `nearly_all`: nine in ten. None: no column
    says it."""

    model: Figure | None
    batch: Figure | None
    queue: Figure
    reading: Figure
    final: Figure
    nearly_all: Figure


def answer(
    waits: pl.DataFrame,
    *,
    now: float,
    alpha: float,
    work: Work,
    model: str,
) -> Answer:
    """From the cases of the last days (`review.queries.waits`).

    What the model answered more than `DAYS` before it was scored is old data, for which no run came late: it counts from when it
    was scored. `now`: seconds since 1970. `model`: whose answers the channels are priced by.
    """
    old = (pl.col("decided") - pl.col("arrived") > DAYS * DAY).fill_null(value=False)
    waits = waits.with_columns(was_old=old, arrived=pl.when(~old).then("arrived"))
    waiting = waits.filter(pl.col("route") == "REVIEW")
    past = int(waiting["was_old"].sum())
    days = waiting.select((pl.col("decided") // DAY).n_unique()).item() if len(waiting) else 0
    done = int(waiting["final"].is_not_null().sum())
    if not done:
        return _nothing(len(waiting), days)
    times = parts(waiting, now=now, alpha=alpha)
    if days < FEWEST_DAYS:
        few = NotEnoughEvidence(
            reason=f"{days} of at least {FEWEST_DAYS} days", n=len(waiting), errors=len(waiting) - done
        )
        times = replace(times, final=few)
    runs = schedules.replays(waits, now=now)
    by_channel = channels.of(waits, now=now, alpha=alpha, model=model)
    a_day = _reviews_a_day(waits)
    unknown = isinstance(times.final, NotEnoughEvidence)
    state: State = "open" if unknown else "unasked" if times.batch is None and not past else "known"
    return Answer(
        question=QUESTION,
        state=state,
        missing="input.produced_at" if state == "unasked" else "",
        says=" ".join(
            filter(
                None, (_lead(runs, times), _final(times, done, days), _split(times), _would(runs, times, work, a_day))
            )
        ),
        rests_on=_basis(waiting, times, runs, days, done, past) + (_AS_THEY_CAME if by_channel else ""),
        would_change=f"{_change(times, past, days)} {channels.change(waits, by_channel)}".strip(),
        figures=_figures(times, runs, len(waiting), done, days, work, a_day) | channels.figures(by_channel),
        lines=channels.lines(by_channel, work.currency),
    )


def parts(waiting: pl.DataFrame, *, now: float, alpha: float) -> Times:
    """Each part of the time to the final answer. A case that nobody has answered counts with what it has waited so far."""
    day = (waiting["decided"] // DAY).cast(pl.Int64).to_numpy()
    decided, final, first = (waiting[name].to_numpy() for name in ("decided", "final", "first"))
    seconds = waiting["seconds"].fill_null(0.0).to_numpy()
    arrived = waiting["arrived"].fill_null(waiting["decided"]).to_numpy()

    def half(began: Floats, ended: Floats, share: float = 0.5) -> Figure:
        still = np.isnan(ended)
        waited = np.maximum(np.where(still, now, ended) - began, 0.0) / durations.HOUR
        return waiting_times.quantile(waited, still, share, alpha, groups=day)

    def measured(column: str, unit: float) -> Figure | None:
        some = waiting[column].is_not_null()
        if not some.any():
            return None
        took = waiting[column].drop_nulls().to_numpy() * unit
        return waiting_times.quantile(took, np.zeros(len(took), bool), 0.5, alpha, groups=day[some.to_numpy()])

    nothing = NotEnoughEvidence(reason="the time on a task was not measured", n=0, errors=0)
    return Times(
        model=measured("latency_ms", 1 / 1000 / durations.HOUR),
        batch=half(arrived, decided) if waiting["arrived"].is_not_null().any() else None,
        queue=half(decided, np.maximum(first - seconds, decided)),
        reading=measured("seconds", 1 / durations.HOUR) or nothing,
        final=half(arrived, final),
        nearly_all=half(arrived, final, 0.9),
    )


def _nothing(cases: int, days: int) -> Answer:
    came = "No case came for people"
    if cases:
        came = f"{formats.count(cases, 'case')} came for people on {formats.count(days, 'day')}, and none of them is answered,"
    return Answer(
        question=QUESTION,
        state="open",
        says=f"Not known yet: no answer of people is final so far. It takes the answers of about {FEWEST_DAYS} days.",
        rests_on=f"{came} in the last {DAYS} days.",
        would_change="The first answers of people begin it.",
        figures={"cases": cases, "answered": 0, "days": days},
    )


def _lead(runs: schedules.Halves, times: Times) -> str:
    """What would shorten the wait most, where anything would by a tenth."""
    was = runs["as_it_was"]
    if isinstance(times.final, NotEnoughEvidence) or not was:
        return ""

    def gain(name: str) -> float:
        half = runs.get(name)
        return 0.0 if half is None else 1 - half / was

    by_runs, by_readers, by_both = map(
        gain, (schedules.OFTEN, "twice_the_readers", f"{schedules.OFTEN}{schedules.FOLLOW}")
    )
    if schedules.OFTEN not in runs:
        return "" if by_readers < _WORTH else "More readers would have shortened the wait."
    if by_runs >= _WORTH and by_runs >= by_readers:
        return "Closer to real time: more frequent runs would have shortened the wait most."
    if min(by_readers, by_both) >= _WORTH:
        return (
            "More frequent runs alone would change nothing: it takes readers who come with each run, or more of them."
        )
    if by_readers >= _WORTH:
        return "Readers before runs: more of them would have shortened the wait more than any schedule."
    if by_both >= _WORTH:
        return (
            "Batch is enough at the hours at which readers come: real time would pay only if they came with each run."
        )
    return "Batch is enough: neither more frequent runs nor more readers would have shortened the wait by a tenth."


def _final(times: Times, done: int, days: int) -> str:
    whole, most = times.final, times.nearly_all
    if isinstance(whole, NotEnoughEvidence):
        more = max(FEWEST_DAYS - days, 1)
        return (
            f"Too early to say: people have finished {formats.count(done, 'case')} that came on {formats.count(days, 'day')}, "
            f"and it takes about {formats.count(more, 'more day')}."
        )
    nine = "" if isinstance(most, NotEnoughEvidence) else f", nine in ten after {durations.limits(most)}"
    begins = "the model answered" if times.batch is not None else "they were scored"
    return f"Half of the cases that people read are finished {durations.limits(whole)} after {begins}{nine}."


def _split(times: Times) -> str:
    if isinstance(times.final, NotEnoughEvidence):
        return ""
    named = (("model", times.model), ("next run", times.batch), ("reader", times.queue), ("reading", times.reading))
    parts_ = [f"{name} {durations.short(one.value)}" for name, one in named if isinstance(one, Estimate)]
    return f"Step by step, for half of them at most: {', '.join(parts_)}." if len(parts_) > 1 else ""


def _reviews_a_day(waits: pl.DataFrame) -> float:
    """Cases that people have read, by the days from the first reading to the last, at least one."""
    read = waits["first"].drop_nulls().to_numpy()
    return len(read) / max(float(np.ptp(read)) / DAY, 1.0) if len(read) else 0.0


def _would(runs: schedules.Halves, times: Times, work: Work, a_day: float) -> str:
    """What other schedules and readers would have made of it; of few days it would say nothing that others like them hold."""
    if isinstance(times.final, NotEnoughEvidence):
        return ""
    follow = f"{schedules.OFTEN}{schedules.FOLLOW}"
    with_runs = f" ({_after(runs[follow])} if readers came with each)" if follow in runs else ""
    words = {
        schedules.OFTEN: f"with a run every quarter of an hour{with_runs}",
        "once_a_day": "with one a day",
        "twice_the_readers": "with twice the readers",
        "half_the_readers": "with half of them",
    }
    parts_ = [f"{_after(runs[name])} {text}" for name, text in words.items() if name in runs]
    would = f"On the same days half would have been finished after {', '.join(parts_)}."
    effort = work.effort(a_day)
    return (
        f"{would} Reading took {effort} a day, and takes the same in each of these: the same cases are read."
        if effort
        else would
    )


def _after(half: float | None) -> str:
    return "more than there is" if half is None else durations.short(half)


def _basis(waiting: pl.DataFrame, times: Times, runs: schedules.Halves, days: int, done: int, past: int) -> str:
    cases = f"{formats.count(len(waiting), 'case')} for people, taken by a run on {formats.count(days, 'day')} of the last {DAYS}"
    named = {
        "input.produced_at (when the model answered)": times.batch or past or None,
        "input.latency_ms or input.asked_at (how long it took)": times.model,
    }
    missing = [word for word, one in named.items() if one is None]
    return " ".join(
        (
            f"{cases}; {formats.count(len(waiting) - done)} are not finished and count with what they have waited so far.",
            *([_old(past)] if past else []),
            *([_as_it_was(runs)] if isinstance(times.final, Estimate) else []),
            *([f"Not named in the stream file: {' and '.join(missing)}."] if missing else []),
        )
    )


def _old(past: int) -> str:
    return (
        f"{formats.count(past, 'case')} had the model's answer more than {DAYS} days before a run took "
        f"{'it' if past == 1 else 'them'}, as old data has: the wait counts from that run."
    )


def _as_it_was(runs: schedules.Halves) -> str:
    return (
        "What would have been is worked out from the same arrivals, with readers at the hours at which they came, as fast as "
        f"they were; for the schedule and the readers that there were, that gives {_after(runs['as_it_was'])}."
    )


def _change(times: Times, past: int, days: int) -> str:
    column = (
        ""
        if times.batch is not None or past
        else "A column with the time at which the model answered (input.produced_at) would show how long answers wait for a run. "
    )
    if isinstance(times.final, NotEnoughEvidence):
        more = formats.count(max(FEWEST_DAYS - days, 1), "more day")
        enough = ", and nothing else" if not column else ""
        return f"{column}About {more} whose cases people finish{enough}: fewer than {FEWEST_DAYS} days say too little."
    return f"{column}Readers who come at other hours: what that would do is not worked out."


def _figures(
    times: Times,
    runs: schedules.Halves,
    cases: int,
    done: int,
    days: int,
    work: Work,
    a_day: float,
) -> dict[str, float | int | str | None]:
    figures: dict[str, float | int | str | None] = {"cases": cases, "answered": done, "days": days}
    named = {"model": times.model, "batch_wait": times.batch, "queue_wait": times.queue, "reading": times.reading}
    named |= {"final": times.final, "final_of_nine_in_ten": times.nearly_all}
    for name, one in named.items():
        ends = (one.value, one.low, one.high) if isinstance(one, Estimate) else (None, None, None)
        figures |= dict(zip((f"{name}_hours", f"{name}_hours_low", f"{name}_hours_high"), ends, strict=True))
    figures |= {f"{name}_would_have_been_hours": half for name, half in runs.items()}
    hours = work.hours(a_day)
    return figures | {"reading_cost_a_day": None if hours is None else work.cost(hours)}
