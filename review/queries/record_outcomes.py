"""The decisions of a stream of records, each right where the fields are that make a record right: all but the graded ones.

A graded field is held against a target of its own, by how much of it is wrong. Of a stream without one nothing changes.
"""

import json
from dataclasses import replace
from typing import Any

import polars as pl

from review.ledger.ledger import Ledger
from review.queries import field_outcomes, outcomes, registered
from review.queries.outcomes import Outcomes


def read(ledger: Ledger, stream: str, *, now: str, **rules: Any) -> Outcomes:
    """All decisions of a stream, with `differing` of its newest epoch; arguments as of `outcomes.read`."""
    cases = outcomes.read(ledger, stream, now=now, **rules)
    newest = ledger.read("SELECT epoch_id FROM epoch WHERE stream = :stream ORDER BY seal DESC LIMIT 1", stream=stream)
    for epoch_id in newest["epoch_id"]:
        if "field" in (registered.terms(ledger, epoch_id) or {}):
            cases = _taken_apart(ledger, stream, cases, epoch_id)
    for epoch_id, graded in _graded(ledger, stream).items():
        cases = _without(ledger, stream, cases, epoch_id, graded)
    return cases


def _taken_apart(ledger: Ledger, stream: str, cases: Outcomes, epoch_id: str) -> Outcomes:
    """The cases with the differences of an epoch, so that nobody works them out again."""
    differing = field_outcomes.differences(ledger, stream, cases, epoch_id)
    return replace(cases, differing={**cases.differing, epoch_id: differing})


def _graded(ledger: Ledger, stream: str) -> dict[str, set[str]]:
    """The graded fields of each epoch that has any, as its plans registered them."""
    rows = ledger.read(
        "SELECT DISTINCT epoch_id, by_field FROM era_plan WHERE stream = :stream AND by_field IS NOT NULL",
        stream=stream,
    )
    by_epoch: dict[str, set[str]] = {}
    for epoch_id, text in rows.iter_rows():
        named = {target["field"] for target in json.loads(text) if target["graded"]}
        by_epoch.setdefault(epoch_id, set()).update(named)
    return {epoch_id: named for epoch_id, named in by_epoch.items() if named}


def _without(ledger: Ledger, stream: str, cases: Outcomes, epoch_id: str, graded: set[str]) -> Outcomes:
    """The cases with those of an epoch assessed by their other fields alone."""
    differing = field_outcomes.differences(ledger, stream, cases, epoch_id)
    others = set(differing["field"]) - graded
    assessed = field_outcomes.of_fields(cases, differing, others).sampled["outcome"]
    here = (cases.kinds["epoch_id"] == epoch_id)[cases.sampled["kind"]]
    outcome = pl.when(pl.Series(here)).then(pl.Series(assessed)).otherwise("outcome")
    return replace(cases, sampled=cases.sampled.with_columns(outcome=outcome))
