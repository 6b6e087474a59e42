"""What replayed reviewers share: nobody goes home while a colleague may still give an answer back."""

import threading

from deploy.demo.reviewers import _Shift


def waiting_for(shift: _Shift) -> tuple[threading.Thread, list[bool]]:
    """A colleague who asks for an answer, and what they were reported."""
    reported: list[bool] = []
    thread = threading.Thread(target=lambda: reported.append(shift.reserve()))
    thread.start()
    thread.join(0.2)
    return thread, reported


def test_who_finds_all_reserved_waits_and_takes_what_is_given_back() -> None:
    shift = _Shift(1, lambda _: None)
    assert shift.reserve()
    thread, reported = waiting_for(shift)
    assert reported == []
    shift.release(skipped=False)
    thread.join(5)
    assert reported == [True]


def test_who_waits_goes_home_when_the_last_answer_is_given_or_the_shift_is_closed() -> None:
    for end in ("count", "close"):
        shift = _Shift(1, lambda _: None)
        assert shift.reserve()
        thread, reported = waiting_for(shift)
        getattr(shift, end)()
        thread.join(5)
        assert reported == [False]
