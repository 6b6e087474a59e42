"""A stream that names its groups: what the report shows beside an error knows of them."""

from pathlib import Path

import pytest

from flows import measure
from flows.governance import epochs, evidence
from flows.runtime import runs
from models.evaluation.estimate import Estimate
from review.ledger import ledger
from review.report.figures import Report
from tests.integration.desk import ANN, Desk


def report(folder: Path, customer: int, monkeypatch: pytest.MonkeyPatch) -> Report:
    """600 cases, half of them sampled, the first 20 of these wrong."""
    folder.mkdir()
    url = f"sqlite:///{folder / 'ledger.db'}"
    monkeypatch.setenv("SECOND_READER_LEDGER", url)
    monkeypatch.setenv("SECOND_READER_STREAMS", str(folder))
    ledger.migrate(url)
    with ledger.open(url) as book:
        desk = Desk(folder, book, customer=customer)
        epochs.begin_epoch(book, desk.describe(), ANN)
        desk.arrive("a", 600, 0.9, wrong=20)
        cases, now = desk.cases(), runs.clock()
        labels = evidence.labels(desk.describe(), desk.in_force(), cases, now)
        return measure.gather(desk.run(), desk.in_force(), cases, {"": desk.look()}, labels, now)


def test_limits_are_as_much_wider_as_customers_are_larger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_size = {size: report(tmp_path / str(size), size, monkeypatch) for size in (0, 1, 5)}
    shown = {size: built.everything for size, built in by_size.items()}
    alone, single, fives = (shown[size] for size in (0, 1, 5))
    assert isinstance(alone, Estimate)
    assert isinstance(single, Estimate)
    assert isinstance(fives, Estimate)
    assert ["Clopper-Pearson"] * 2 + ["Clopper-Pearson, by group"] == [one.method for one in (alone, single, fives)]
    assert fives.high - fives.low > 1.5 * (single.high - single.low)
    for name in ("high", "cost_high", "wrong_high"):
        rows = {size: result.what_if.rows[name].drop_nulls() for size, result in by_size.items()}
        assert rows[5].max() > rows[1].max()  # type: ignore[operator] # numbers both
    assert by_size[5].curve["high"].max() > by_size[1].curve["high"].max()  # type: ignore[operator] # as above
