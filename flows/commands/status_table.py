"""The command `status`: every stream in one line."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.commands.terminal import say
from models import names_and_reasons
from models.errors import SecondReaderError

app = typer.Typer()


@app.command(epilog="Example: `second-reader status` or `second-reader status --json`")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, a list of streams.")] = False,
    prometheus: Annotated[bool, typer.Option(help="Print the figures in Prometheus's text format.")] = False,
) -> None:
    """All streams in one line each: released, promise, threshold, queue, what could not be read."""
    from flows.runtime import settings

    config = settings.read()
    rows = [_row(name) for name in settings.stream_names(config)]
    _print(rows, as_json=as_json, prometheus=prometheus, streams=config.streams)
    if any(row["problem"] is not None and row["problem"] != _unopened(row["stream"]) for row in rows):
        raise typer.Exit(1)


def _print(rows: list[dict[str, Any]], *, as_json: bool, prometheus: bool, streams: Path) -> None:
    if as_json:
        print(json.dumps(rows, indent=2))
    elif prometheus:
        print(_figures(rows), end="")
    else:
        say(_lines(rows) if rows else [f"No stream files in {streams}."])


def _figures(rows: list[dict[str, Any]]) -> str:
    from review.health import prometheus

    return prometheus.text(rows)


_COUNTS = ("open", "late", "waiting", "faults", "unshown", "unshown_samples")


def _unopened(name: str) -> str:
    return f"not opened yet; run: second-reader init {name}"


def _row(name: str) -> dict[str, Any]:
    """One stream's figures. A stream that cannot be read says why, and the others still show."""
    from flows.runtime import runs, settings
    from review.queries import handouts, policy_history, readings, rejected, totals

    empty = dict.fromkeys(
        ("automation", "at_most", "promised", "measured_at", "threshold", "certified", "contradicted", "alarm")
    )
    none: dict[str, Any] = dict.fromkeys((*_COUNTS, "undelivered"), 0) | {"undelivered_because": None}
    row: dict[str, Any] = {"stream": name, **empty, "past_alarms": [], **none, "because": None, "problem": None}
    try:
        stream = settings.read_stream(name, settings.read())
        with runs.open_ledger() as book:
            in_force = policy_history.policy_in_force(book, stream.name)
            if in_force is None:
                return row | {"problem": _unopened(name)}
            counts = totals.totals(book, stream.name, readings.read(book, stream.name))
            counts |= rejected.unshown(book, stream.name)
            last = totals.last_report(book, stream.name, today="") or {}
            if stream.release is not None and stream.release.webhook is not None:
                row["undelivered"] = handouts.waiting(book, stream.name)
                row["undelivered_because"] = handouts.stopped_by(book, stream.name) if row["undelivered"] else None
    except SecondReaderError as error:
        return row | {"problem": str(error).splitlines()[0]}
    rule = in_force.policy
    if last.get("version") != in_force.version:  # it speaks of another threshold
        last = last | {"promised": None, "verdict": None}
    return row | {
        "automation": last.get("automation"),
        "at_most": last.get("at_most"),
        "promised": last.get("promised"),
        "measured_at": last.get("made_at"),
        "threshold": rule.threshold if rule.by_class is None else dict(rule.by_class),
        # An era may certify what was adopted without a certificate; today's labels may speak against what was.
        "certified": in_force.certified or last.get("verdict") == "certified",
        "contradicted": last.get("verdict") == "contradicted",
        "alarm": last.get("alarm"),
        "past_alarms": last.get("past_alarms", []),
        "open": counts["open"],
        "late": last.get("late", 0),
        "waiting": counts["waiting"],
        "faults": counts["faults"],
        "unshown": counts["unshown"],
        "unshown_samples": counts["unshown_samples"],
        "because": in_force.because
        if in_force.adopted_by in (names_and_reasons.ERA, names_and_reasons.SILENCE)
        else None,
    }


HEAD = ("stream", "released", "wrong \u2264", "threshold", "open", "late", "to send", "faults", "measured (UTC)")
TEXTS = (0, 3, 8)  # columns that stand on the left


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    """The rows as columns, the head first; below, a sentence where the product moved a threshold or a stream has a problem."""
    cells = [HEAD, *(_cells(row) for row in rows if row["problem"] is None)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    shown = [
        "  ".join(
            cell.ljust(width) if place in TEXTS else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
    problems = [f"{row['stream']}: {row['problem']}" for row in rows if row["problem"] is not None]
    moved = [f"{row['stream']}: {row['because']}" for row in rows if row["because"] is not None]
    alarms = [_past(row["stream"], alarm) for row in rows for alarm in row["past_alarms"]]
    return (shown if len(cells) > 1 else []) + moved + alarms + _undelivered(rows) + _unshown(rows) + problems


def _unshown(rows: list[dict[str, Any]]) -> list[str]:
    """What cannot be put before anybody, and what to do."""
    from review.report import waiting

    sentences = ((row["stream"], waiting.unshown(row["unshown"], row["unshown_samples"])) for row in rows)
    return [f"{stream}: {text}; run: second-reader show faults {stream}" for stream, text in sentences if text]


def _undelivered(rows: list[dict[str, Any]]) -> list[str]:
    """What webhooks lack, and why."""
    from review.health import release_findings

    lines = (release_findings.line(row["stream"], row["undelivered"], row["undelivered_because"]) for row in rows)
    return [line for line in lines if line is not None]


def _past(stream: str, alarm: dict[str, Any]) -> str:
    """An alarm about what was released before, as of the last report."""
    from review import formats

    return (
        f"{stream}: alarm of {formats.when(alarm['raised_at'])} about what model {alarm['model']} released before; "
        f"{formats.count(alarm['suspects'], 'case')} under suspicion at the last report; run: second-reader recall {stream}"
    )


def _wrong(row: dict[str, Any]) -> str:
    """What is proved, where it is; else what today's labels say by themselves."""
    from review import formats

    if row["promised"] is not None:
        return formats.whole(row["promised"])
    return formats.DASH if row["at_most"] is None else formats.at_most(row["at_most"])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from review import formats

    threshold = row["threshold"]
    text = (
        "nothing released"
        if threshold is None
        else "by class"
        if isinstance(threshold, dict)
        else f"\u2265 {formats.number(threshold)}"
    )
    stand = "contradicted" if row["contradicted"] else "certified" if row["certified"] else "not certified"
    return (
        row["stream"],
        formats.share(row["automation"]),
        _wrong(row),
        "alarm: nothing released" if row["alarm"] else text if threshold is None else f"{text}, {stand}",
        *(formats.count(row[name]) for name in ("open", "late", "waiting", "faults")),
        formats.DASH if row["measured_at"] is None else row["measured_at"][:16].replace("T", " "),
    )
