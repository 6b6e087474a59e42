"""A queue lived again: who reads when, which case is next, and laws that hold for any arrivals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.planning import queue_replay

HOUR = 3600.0


def numbers(*values: float) -> queue_replay.Floats:
    return np.array(values, np.float64)


def people(*values: int) -> queue_replay.Numbers:
    return np.array(values, np.int64)


def test_a_reader_is_there_from_the_last_answer_on_or_for_the_seconds_of_the_reading() -> None:
    free = queue_replay.turns(numbers(100, 160, 9000), numbers(40, 20, 30), people(1, 1, 1))
    assert free.begins.tolist() == [60, 140, 8970]
    assert free.ends.tolist() == [100, 160, 9000], "after a break of an hour a reader begins anew"


def test_readers_are_each_by_themselves() -> None:
    free = queue_replay.turns(numbers(100, 110), numbers(10, 10), people(1, 2))
    assert free.begins.tolist() == [90, 100]


def test_twice_the_readers_have_each_turn_twice_and_half_of_them_every_second() -> None:
    answered, seconds, reader = numbers(100, 200, 300, 400), numbers(50, 50, 50, 50), people(1, 1, 1, 1)
    twice, half = (queue_replay.turns(answered, seconds, reader, times=times) for times in (2.0, 0.5))
    assert twice.ends.tolist() == [100, 100, 200, 200, 300, 300, 400, 400]
    assert half.ends.tolist() == [200, 400]


def test_into_a_turn_with_idle_time_fit_more_readings() -> None:
    answered, seconds, reader = numbers(100, 400), numbers(100, 100), people(1, 1)
    idle, half, busy = (queue_replay.turns(answered, seconds, reader, slow=slow) for slow in (0.0, 0.25, 1.0))
    assert idle.ends.tolist() == [100, 200, 300, 400]
    assert half.ends.tolist() == [100, 250, 400]
    assert busy.ends.tolist() == [100, 400]


def test_cases_are_read_in_the_order_in_which_they_became_ready_and_a_turn_without_one_is_lost() -> None:
    free = queue_replay.Turns(begins=numbers(0, 10, 20, 30), ends=numbers(5, 15, 25, 35))
    assert queue_replay.read(numbers(12, 1), free).tolist() == [25, 15]
    assert queue_replay.read(numbers(0, 0, 0, 0, 0), free).tolist() == [5, 15, 25, 35, np.inf]
    assert queue_replay.read(numbers(), free).tolist() == []
    nobody = queue_replay.turns(numbers(), numbers(), people())
    assert queue_replay.read(numbers(3), nobody).tolist() == [np.inf]


def test_a_run_scores_what_arrived_before_it() -> None:
    assert queue_replay.scored(numbers(1, 899, 900, 901), 900).tolist() == [900, 900, 900, 1800]


def test_what_is_no_ledger_of_readings_is_refused() -> None:
    with pytest.raises(ValueError, match="one time, one duration"):
        queue_replay.turns(numbers(1), numbers(), people(1))
    with pytest.raises(ValueError, match="above 0"):
        queue_replay.turns(numbers(1), numbers(1), people(1), times=0.0)


times = st.lists(st.integers(0, 200_000).map(float), max_size=40).map(lambda some: np.array(some, np.float64))


@given(arrived=times, answered=times, spread=st.integers(1, 3))
def test_nobody_waits_longer_for_more_frequent_runs_or_more_readers_and_no_turn_is_used_twice(
    arrived: queue_replay.Floats, answered: queue_replay.Floats, spread: int
) -> None:
    answered = np.unique(answered)
    reader = np.arange(len(answered)) % spread
    seconds = np.full(len(answered), 30.0)
    free, more = (queue_replay.turns(answered, seconds, reader, times=count) for count in (1.0, 2.0))
    often, hourly, daily = (queue_replay.scored(arrived, every) for every in (900.0, HOUR, 24 * HOUR))
    by_often, by_hour, by_day = (np.sort(queue_replay.read(ready, free)) for ready in (often, hourly, daily))
    assert (by_often <= by_hour).all()
    assert (by_hour <= by_day).all()
    assert (np.sort(queue_replay.read(hourly, more)) <= by_hour).all()
    assert (queue_replay.read(hourly, free) >= hourly).all()
    taken = by_hour[np.isfinite(by_hour)]
    assert len(np.unique(taken)) == len(taken)
