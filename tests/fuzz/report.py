"""What came of many inputs, as a table."""

from typing import Any

import polars as pl

HEAD = """# Fuzzing the input

`make fuzz` writes this file. The numbers from {first} to {last} are {count} inputs (`tests/fuzz/inputs.py`): files of one inbox,
made by the number alone, through what `score` does with them and into an SQLite ledger of their own (`tests/fuzz/once.py`).

An input is **broken** if there was a traceback or a panic, a message of more than one line, a row that is neither decided
nor a fault nor a repeat, a part of a chunk in the ledger, anything in it from an input refused at the start, another count
of rows than were written, {seconds} s of processor time, {peak} GiB of memory, or a process that died. Every tenth is scored
twice: the second time must add nothing, and the seals must hold.
"""


def table(outcomes: list[dict[str, Any]], *, first: int) -> str:
    """The whole text of `docs/results/fuzz.md`."""
    from tests.fuzz import hunt

    frame = pl.DataFrame(outcomes, infer_schema_length=None).with_columns(
        pl.col("kind").str.replace(" (csv|jsonl|parquet)(\\.gz)?$", "").alias("group"),
        pl.col("kind").str.extract("((?:csv|jsonl|parquet)(?:\\.gz)?)$").fill_null("several").alias("format"),
    )
    last = int(frame["number"].max())  # type: ignore[arg-type]
    parts = [HEAD.format(first=first, last=last, count=len(frame), seconds=int(hunt.SECONDS), peak=hunt.PEAK >> 30)]
    parts += [
        _counted(frame, "group", "kind of input"),
        _counted(frame, "format", "format"),
        _errors(frame),
        _summary(frame),
    ]
    return "\n".join(parts)


def _counted(frame: pl.DataFrame, by: str, title: str) -> str:
    lines = [
        f"| {title} | inputs | scored | with faults | refused | broken | rows | decided | faults | slowest, s | peak, MiB |",
        "|---|" + "--:|" * 10,
    ]
    for row in frame.group_by(by).agg(_figures()).sort("inputs", descending=True).iter_rows():
        lines.append(f"| {row[0]} | " + " | ".join(_shown(value) for value in row[1:]) + " |")
    total = frame.select(_figures()).row(0)
    lines.append("| **all** | " + " | ".join(_shown(value) for value in total) + " |")
    return "\n".join(lines) + "\n"


def _figures() -> list[pl.Expr]:
    broken = pl.col("broken") != ""
    return [
        pl.len().alias("inputs"),
        ((pl.col("ended") == "scored") & ~broken).sum().alias("scored"),
        ((pl.col("ended") == "scored with faults") & ~broken).sum().alias("faulty"),
        (~pl.col("ended").str.starts_with("scored") & ~broken).sum().alias("refused"),
        broken.sum().alias("broken"),
        pl.col("rows").sum(),
        pl.col("decided").sum(),
        pl.col("faults").sum(),
        pl.col("seconds").max(),
        (pl.col("peak").max() / 2**20).alias("peak"),
    ]


def _shown(value: float) -> str:
    return f"{value:,.1f}".replace(",", " ") if isinstance(value, float) else f"{value:,}".replace(",", " ")


def _errors(frame: pl.DataFrame) -> str:
    kinds = frame.filter(pl.col("message") != "").group_by("ended").len().sort("len", descending=True)
    text = ", ".join(f"`{name}` {count}" for name, count in kinds.iter_rows()) or "none"
    return f"Errors by class: {text}.\n"


def _summary(frame: pl.DataFrame) -> str:
    slow = frame.sort("seconds", descending=True).row(0, named=True)
    large = frame.sort("peak", descending=True).row(0, named=True)
    return (
        f"Slowest: input {slow['number']} ({slow['kind']}), {slow['seconds']:.1f} s of processor time. "
        f"Most memory: input {large['number']} ({large['kind']}), {large['peak'] / 2**20:.0f} MiB, "
        f"of which some 300 are the process itself.\n"
    )
