"""A stream of records of a benchmark: twelve fields with a score each, and the same text as the flat outputs."""

from pathlib import Path

import numpy as np
import polars as pl

from tests.bench import outputs

TEXTS, NUMBERS, DATES, CHOICES = 6, 3, 2, 1
FIELDS = TEXTS + NUMBERS + DATES + CHOICES
SORTS = ["goods", "service", "fee"]


def _field(place: int) -> str:
    kind = ["text"] * TEXTS + ["number"] * NUMBERS + ["date"] * DATES + ["choice"] * CHOICES
    more = f"\nlabels = {SORTS}" if kind[place] == "choice" else ""
    return f'[[field]]\nname = "f{place}"\nscore = "s{place}"\nkind = "{kind[place]}"{more}\n'


def write(folder: Path, rows: int) -> None:
    """Write `outputs.parquet` and the stream's file into the folder."""
    flat = outputs.STREAM
    head, _, rest = flat.partition(f"labels = {outputs.LABELS}\n")
    table = '[input]\nsource = "outputs.parquet"\nid = "id"\npayload = ["text"]\n\n'
    fields = "\n".join(_field(place) for place in range(FIELDS))
    text = head + table + fields + "\n[model]" + rest.partition("[model]")[2]
    (folder / "bench.toml").write_text(text, encoding="utf-8")
    random = np.random.default_rng(1)
    columns: dict[str, object] = {"id": [f"case-{n}" for n in range(rows)]}
    for place in range(TEXTS):
        columns[f"f{place}"] = [f"value {n}" for n in random.integers(10_000, size=rows)]
    for place in range(TEXTS, TEXTS + NUMBERS):
        columns[f"f{place}"] = np.round(random.random(rows) * 1000, 2)
    for place in range(TEXTS + NUMBERS, TEXTS + NUMBERS + DATES):
        columns[f"f{place}"] = [f"2026-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in random.integers(336, size=rows)]
    columns[f"f{FIELDS - 1}"] = [SORTS[n] for n in random.integers(3, size=rows)]
    columns |= {f"s{place}": random.random(rows) ** 0.05 for place in range(FIELDS)}
    columns["text"] = [f"{n:0200d}" for n in range(rows)]
    pl.DataFrame(columns).write_parquet(folder / "outputs.parquet")
