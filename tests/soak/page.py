"""The page of results, from a day. Pure."""

from collections.abc import Iterable

from tests.bench import table
from tests.soak import judgement
from tests.soak.life import Day

_SHOWN = 20  # findings
_REMARKS = {
    judgement.OURS: "one process, in which every run of the day was made",
    "Prefect": "",
    "Label Studio": "a master and two workers",
    "PostgreSQL": "every process of it: the databases of ledger, Label Studio and Prefect; not assessed, for it goes up and "
    "down with what its connections have read",
    "PostgreSQL's buffers": "not assessed, for they are filled by what is read until all are used (`shared_buffers`, 134 MB, "
    "and some more)",
    judgement.CONNECTIONS: "a number, not MB",
}


def written(day: Day, *, hours: int, first: int, minutes: float) -> str:
    """The whole page."""
    failed = day.failures()
    verdict = "**It went well.**" if not failed else "**It failed:** " + "; ".join(failed[:_SHOWN]) + "."
    if len(failed) > _SHOWN:
        verdict += f" And {len(failed) - _SHOWN} more."
    return "\n".join(
        [
            "# A day of everything, measured with `make soak`",
            "",
            f"{hours} simulated hours from {first:02}:00 in {minutes:.1f} minutes, on real servers (PostgreSQL, Label "
            f"Studio, Prefect), on {table.machine()}.",
            "",
            verdict,
            "",
            *_memory(day),
            *_runs(day),
            *_hours(day),
            *_end(day),
        ]
    )


def _memory(day: Day) -> Iterable[str]:
    yield "## Memory"
    yield ""
    yield (
        "In MB: what the processes hold for themselves, a shared page counted once, files mapped into memory left out. "
        "Measured after each round of runs. Start, middle and end are medians of an hour. The slope is that of the second "
        f"half of the day, in MB in a simulated hour (Theil-Sen); its limit is {judgement.LIMIT:.1%} of the size in the "
        "middle."
    )
    yield ""
    yield "| of | start | middle | end | slope | limit | |\n|---|--:|--:|--:|--:|--:|---|"
    for one in day.growths():
        if one.slope is None:
            text, slope = "too short to judge", "-"
        else:
            slope = f"{one.slope:+.2f}"
            text = "grows" if one.grows else "flat"
        remark = "; ".join(filter(None, (text, _REMARKS[one.name])))
        yield (
            f"| {one.name} | {one.start:,.1f} | {one.middle:,.1f} | {one.end:,.1f} | {slope} | {one.limit:.2f} | {remark} |"
        )
    yield ""


def _runs(day: Day) -> Iterable[str]:
    yield "## Runs"
    yield ""
    yield "| flow | runs | completed | seconds each |\n|---|--:|--:|--:|"
    for flow in day.seconds:
        times = {state: count for (name, state), count in day.runs.items() if name == flow}
        every = sum(times.values())
        yield f"| {flow} | {every} | {times.get('COMPLETED', 0)} | {day.seconds[flow] / every:.1f} |"
    yield ""
    yield (
        "What is due in one minute starts at once. A second of each run is Prefect's own, waiting for the thread of its "
        "heartbeat to end."
    )
    yield ""


def _hours(day: Day) -> Iterable[str]:
    yield "## Hour by hour"
    yield ""
    yield (
        "At each full hour the oracle of `tests/faults` compares ledger, Label Studio, what was delivered and what people "
        "did. All but the findings are sums so far; memory in MB."
    )
    yield ""
    names = list(day.samples)
    yield (
        "| hour | rows delivered | cases | released | tasks | answers | faults | findings | ledger MB | "
        + " | ".join(names)
        + " |"
    )
    yield "|" + "--:|" * (9 + len(names))
    for row in day.hours:
        counts = [row[name] for name in ("rows", "cases", "released", "tasks", "answers", "faults", "findings")]
        sizes = [row["ledger"], *(row[name] for name in names)]
        yield (
            f"| {row['hour']:02}:00 | "
            + " | ".join(f"{count:,}" for count in counts)
            + " | "
            + " | ".join(f"{size:,.1f}" for size in sizes)
            + " |"
        )
    yield ""


def _end(day: Day) -> Iterable[str]:
    end = day.end
    yield "## At the end"
    yield ""
    yield f"- People gave {end['submissions']:,} answers and skips, and took {end['taken back']} of them back."
    yield f"- Rows in the ledger: {', '.join(f'{count:,} {name}' for name, count in end['rows'].items())}."
    yield (
        f"- Sizes: ledger {end['ledger']:.1f} MB, Label Studio's database {end['Label Studio']:.1f} MB, Prefect's "
        f"{end['Prefect']:.1f} MB."
    )
    yield f"- Seals: {end['seals']}."
    yield f"- `doctor --deep`, apart from what is well: {'; '.join(day.expected) or 'nothing'}."
    yield f"- Alarms of the watchdog: {end['alarms']}."
    yield ""
