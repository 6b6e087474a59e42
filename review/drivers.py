"""ADBC and its two drivers, imported without pandas.

ADBC imports pyarrow.dataset, which asks for pandas only to know whether its own arrays might be pandas'. Nothing here uses
pandas, and loading it took 0.9 of the 2.3 seconds in which a command starts. Arrow looks again when somebody does use it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _WithoutPandas:
    """A finder that says pandas is not installed."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not loaded at the start of a command", name=name)


@contextmanager
def _without_pandas() -> Iterator[None]:
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


with _without_pandas():
    import adbc_driver_manager
    from adbc_driver_manager import dbapi
    from adbc_driver_postgresql import dbapi as postgresql
    from adbc_driver_sqlite import dbapi as sqlite

__all__ = ["adbc_driver_manager", "dbapi", "postgresql", "sqlite"]
