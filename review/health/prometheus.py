"""The figures of `status` as Prometheus reads them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from models import timestamps

_GAUGES = {
    "open": "Cases before people that nobody has answered.",
    "late": "Open cases past their deadline, at the last report.",
    "waiting": "Cases for people that are not yet in the queue.",
    "undelivered": "Batches of finished answers that the webhook has not got.",
    "faults": "Rows and answers that could not be read, ever.",
    "automation": "Share of cases released without a person, 0 to 1, at the last report.",
    "at_most": "Upper limit of the error among the released, 0 to 1, at the last report.",
    "alarm": "1 if the watchdog has closed the epoch.",
    "certified": "1 if a certificate stands behind the line in force.",
}


@dataclass(frozen=True, slots=True)
class _Figures(Collector):
    """Figures that were gathered before."""

    families: Sequence[GaugeMetricFamily]

    def collect(self) -> Sequence[GaugeMetricFamily]:
        return self.families


def text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Prometheus's text format. `rows`: one mapping per stream with `stream`, the gauges, measured_at and problem.

    A figure that is not known (None) is left out; a stream with a problem has nothing but second_reader_up 0.
    """
    well = [row for row in rows if row["problem"] is None]
    gauges = [_gauge("up", "0 if the stream's state cannot be read.", [(row, row["problem"] is None) for row in rows])]
    gauges += [_gauge(name, meaning, [(row, row[name]) for row in well]) for name, meaning in _GAUGES.items()]
    times = [(row, row["measured_at"] and timestamps.parse(row["measured_at"]).timestamp()) for row in well]
    gauges.append(_gauge("measured_timestamp_seconds", "When the last report was made.", times))
    return generate_latest(_Figures([family for family in gauges if family.samples])).decode()


def _gauge(name: str, meaning: str, values: Sequence[tuple[Mapping[str, Any], Any]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"second_reader_{name}", meaning, labels=["stream"])
    for row, value in values:
        if value is not None:
            family.add_metric([row["stream"]], float(value))
    return family
