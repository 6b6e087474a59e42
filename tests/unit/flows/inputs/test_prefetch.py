"""The next item is made while one is used, and nothing else changes."""

import threading
from collections.abc import Iterator

import pytest

from flows.inputs.prefetch import ahead


def test_the_items_come_in_their_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter([]))) == []
    assert list(ahead(iter([None, 0, ()]))) == [None, 0, ()]


def test_an_item_is_made_while_the_one_before_is_used() -> None:
    second = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    for item in ahead(items()):
        assert second.wait(10), item


def test_what_breaks_off_does_so_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("cut off")

    result = ahead(items())
    assert [next(result), next(result)] == [1, 2]
    with pytest.raises(OSError, match="cut off"):
        next(result)


def test_whoever_stops_early_leaves_no_thread_behind() -> None:
    for item in ahead(iter(range(10))):
        if item == 3:
            break
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
