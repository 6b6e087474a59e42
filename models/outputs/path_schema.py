"""The types by which whole columns of JSON Lines are read for the paths into them."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from models.outputs import paths


def schema(derived: Sequence[paths.Path], flat: Sequence[str]) -> dict[str, pl.DataType]:
    """The types by which a reader of JSON Lines takes the roots of plain paths; those that do not go together are left out."""
    tree: dict[paths.Step, Any] = {}
    for path in derived:
        if path.steps is not None and path.roots[0] not in flat:
            leaf = path.kind.inner if paths.EACH in path.steps and isinstance(path.kind, pl.List) else path.kind
            leaf = pl.String() if path.within is not None else leaf
            _grow(tree, (path.roots[0], *path.steps), leaf)
    return {str(root): kind for root, branch in tree.items() if (kind := _kind(branch)) is not None}


def _grow(tree: dict[paths.Step, Any], steps: Sequence[paths.Step], leaf: Any) -> None:
    # A place in a list, and all of it, are steps into the same list.
    first, rest = steps[0] if isinstance(steps[0], str) else paths.EACH, steps[1:]
    if not rest:
        tree.setdefault(first, leaf)
        if tree[first] != leaf:
            tree[first] = "mixed"
    elif isinstance(branch := tree.setdefault(first, {}), dict):
        _grow(branch, rest, leaf)
    else:
        tree[first] = "mixed"


def _kind(branch: Any) -> pl.DataType | None:
    """The type of a part of the tree; None: its paths do not go together."""
    if not isinstance(branch, dict):
        return None if branch == "mixed" else branch
    inner = {step: _kind(below) for step, below in branch.items()}
    if None in inner.values() or (paths.EACH in inner and len(inner) > 1):
        return None
    if paths.EACH in inner:
        return pl.List(inner[paths.EACH])  # type: ignore[arg-type] # none of them is None
    return pl.Struct({str(step): kind for step, kind in inner.items()})  # type: ignore[misc]
