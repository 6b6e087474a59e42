"""ADBC and its two drivers, imported without pandas.

ADBC imports pyarrow.dataset, which asks for pandas only to know whether what it is given might be pandas'. Nothing here
uses pandas, and loading it took 0.9 of the 2.3 seconds in which a command started. Arrow remembers that it found none: it
is reported where another part of the process loads pandas after all.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from threading import get_ident
from types import ModuleType

import polars  # noqa: F401 (ADBC imports it; before that here, for it asks for pandas, too, and remembers)
import pyarrow


class _Telling(SourceFileLoader):
    """Loads pandas, and has Arrow see it."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        pyarrow.nulls(0).to_pandas()


class _Pandas:
    """A finder of pandas, and of nothing else."""

    def __init__(self) -> None:
        self._hidden_from: int | None = None

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """This thread finds no pandas."""
        self._hidden_from = get_ident()
        try:
            yield
        finally:
            self._hidden_from = None

    def find_spec(self, name: str, path: Sequence[str] | None = None, *_: object) -> ModuleSpec | None:
        if name != "pandas":
            return None
        if self._hidden_from == get_ident():
            raise ModuleNotFoundError("the drivers are loaded without pandas", name=name)
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Telling(name, spec.loader.path)
        return spec


_pandas = _Pandas()
sys.meta_path.insert(0, _pandas)
with _pandas.hidden():
    import adbc_driver_manager
    from adbc_driver_manager import dbapi
    from adbc_driver_postgresql import dbapi as postgresql
    from adbc_driver_sqlite import dbapi as sqlite

__all__ = ["adbc_driver_manager", "dbapi", "postgresql", "sqlite"]
