"""Make the next item while this one is used."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items in their order, each made by a thread while the one before it is used: two exist at a time.

    What making an item raises is raised in its place, after the items before it.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming: Future[tuple[T, ...]] = thread.submit(_next, items)
        while item := coming.result():
            coming = thread.submit(_next, items)
            yield item[0]
            del item  # before the next result comes, or three would exist


def _next(items: Iterator[T]) -> tuple[T, ...]:
    for item in items:
        return (item,)
    return ()
