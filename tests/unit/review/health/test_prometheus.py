"""The figures of `status` as Prometheus's own parser reads them."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from review.health import prometheus as figures

ROW: dict[str, Any] = {
    "stream": 'mail "7"',
    "automation": 0.75,
    "at_most": None,
    "measured_at": "2026-02-01T08:00:00.500000Z",
    "threshold": 0.9,
    "certified": True,
    "alarm": False,
    "open": 12,
    "late": 3,
    "waiting": 0,
    "undelivered": 0,
    "undelivered_because": None,
    "faults": 7,
    "problem": None,
}


def read(*rows: dict[str, Any]) -> dict[tuple[str, str], float]:
    """What Prometheus's own parser makes of it."""
    families = text_string_to_metric_families(figures.text(rows))
    return {(sample.name, sample.labels["stream"]): sample.value for family in families for sample in family.samples}


def test_prometheus_reads_every_figure_that_is_known() -> None:
    stream = 'mail "7"'
    assert read(ROW) == {
        ("second_reader_up", stream): 1,
        ("second_reader_open", stream): 12,
        ("second_reader_late", stream): 3,
        ("second_reader_waiting", stream): 0,
        ("second_reader_undelivered", stream): 0,
        ("second_reader_faults", stream): 7,
        ("second_reader_automation", stream): 0.75,
        ("second_reader_alarm", stream): 0,
        ("second_reader_certified", stream): 1,
        ("second_reader_measured_timestamp_seconds", stream): 1769932800.5,
    }


def test_a_stream_that_cannot_be_read_is_down_and_has_no_figures() -> None:
    broken = ROW | {"stream": "odd", "problem": "no ledger"}
    assert read(broken) == {("second_reader_up", "odd"): 0}
    assert len(read(ROW, broken)) == len(read(ROW)) + 1


def test_no_streams_are_no_text() -> None:
    assert figures.text([]) == ""
