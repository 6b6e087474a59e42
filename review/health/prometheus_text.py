"""The figures of `status` as Prometheus reads them. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from models import timestamps

_GAUGES = {
    "open": "Cases before people that nobody has answered.",
    "late": "Open cases past their deadline, at the last report.",
    "waiting": "Cases for people that are not yet in the queue.",
    "faults": "Rows and answers that could not be read, ever.",
    "automation": "Share of cases released without a person, 0 to 1, at the last report.",
    "at_most": "Upper limit of the error among the released, 0 to 1, at the last report.",
    "alarm": "1 if the watchdog has closed the epoch.",
    "certified": "1 if a certificate stands behind the line in force.",
}


def text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Prometheus's text format. `rows`: one mapping per stream with `stream`, the gauges, measured_at and problem.

    A figure that is not known (None) is left out; a stream with a problem has nothing but second_reader_up 0.
    """
    well = [row for row in rows if row["problem"] is None]
    lines = _gauge("up", "0 if the stream's state cannot be read.", [(row, row["problem"] is None) for row in rows])
    for name, meaning in _GAUGES.items():
        lines += _gauge(name, meaning, [(row, row[name]) for row in well])
    times = [(row, row["measured_at"] and timestamps.parse(row["measured_at"]).timestamp()) for row in well]
    lines += _gauge("measured_timestamp_seconds", "When the last report was made.", times)
    return "".join(line + "\n" for line in lines)


def _gauge(name: str, meaning: str, values: Sequence[tuple[Mapping[str, Any], Any]]) -> list[str]:
    known = [(row["stream"], float(value)) for row, value in values if value is not None]
    head = [f"# HELP second_reader_{name} {meaning}", f"# TYPE second_reader_{name} gauge"] if known else []
    return head + [f'second_reader_{name}{{stream="{_escaped(stream)}"}} {value:.17g}' for stream, value in known]


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
