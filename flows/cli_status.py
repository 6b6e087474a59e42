"""The command `status`: every stream in one line."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows import settings
from models.errors import SecondReaderError


def add(app: typer.Typer, out: Console) -> None:
    """Add the command to the console command; what it says goes to `out`."""

    @app.command(epilog="Example: `second-reader status` or `second-reader status --json`")
    def status(
        as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, a list of streams.")] = False,
    ) -> None:
        """All streams in one line each: released, promise, line, queue, what could not be read."""
        config = settings.read()
        rows = [_row(name) for name in settings.stream_names(config)]
        if as_json:
            print(json.dumps(rows, indent=2))
        elif rows:
            out.print(_table(rows))
        else:
            out.print(f"No stream files in {escape(str(config.streams))}.", soft_wrap=True)


def _row(name: str) -> dict[str, Any]:
    """One stream's figures. A stream that cannot be read says why, and the others still show."""
    from flows import runs
    from review import states

    empty = dict.fromkeys(("automation", "at_most", "measured_at", "threshold", "certified", "alarm"))
    row: dict[str, Any] = {"stream": name, **empty, "open": 0, "late": 0, "waiting": 0, "faults": 0, "problem": None}
    try:
        stream = settings.read_stream(name, settings.read())
        with runs.open_ledger() as book:
            in_force = states.policy_in_force(book, stream.name)
            if in_force is None:
                return row | {"problem": f"not opened yet; run: second-reader init {name}"}
            totals = states.totals(book, stream.name)
            last = states.last_report(book, stream.name, today="") or {}
    except SecondReaderError as error:
        return row | {"problem": str(error).splitlines()[0]}
    rule = in_force.policy
    return row | {
        "automation": last.get("automation"),
        "at_most": last.get("at_most"),
        "measured_at": last.get("made_at"),
        "threshold": rule.threshold if rule.by_class is None else dict(rule.by_class),
        "certified": in_force.certified,
        "alarm": last.get("alarm"),
        "open": totals["open"],
        "late": last.get("late", 0),
        "waiting": totals["waiting"],
        "faults": totals["faults"],
    }


def _table(rows: list[dict[str, Any]]) -> Table:
    from review import wording

    table = Table(box=None, pad_edge=False, header_style="dim")
    for title, side in (
        ("stream", "left"),
        ("released", "right"),
        ("wrong at most", "right"),
        ("line", "left"),
        ("open", "right"),
        ("late", "right"),
        ("to send", "right"),
        ("faults", "right"),
        ("measured", "left"),
    ):
        table.add_column(title, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        if row["problem"]:
            table.add_row(escape(row["stream"]), *[""] * 2, escape(row["problem"]))
            continue
        line = row["threshold"]
        text = "nothing released" if line is None else "by class" if isinstance(line, dict) else f"\u2265 {line:g}"
        mark = (
            "! alarm"
            if row["alarm"]
            else ""
            if line is None
            else "\u2713 certified"
            if row["certified"]
            else "uncertified"
        )
        table.add_row(
            escape(row["stream"]),
            wording.share(row["automation"]),
            wording.DASH if row["at_most"] is None else wording.at_most(row["at_most"]),
            f"{text} {mark}".strip(),
            *(wording.count(row[name]) for name in ("open", "late", "waiting", "faults")),
            wording.DASH if row["measured_at"] is None else f"{row['measured_at'][:16].replace('T', ' ')} UTC",
        )
    return table
