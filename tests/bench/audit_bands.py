"""How many audits a later certificate takes, by band against all at one rate: `make bands` writes docs/results/audit-bands.md."""

import argparse
import json
import math
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from deploy.demo import digits, tweets
from models.classifiers import inference
from tests.bench import table
from tests.simulations import later_certificate
from tests.simulations.later_certificate import Floats, Population
from tests.simulations.shapes import MODELS

LABELS = (1_000, 3_000, 10_000, 30_000)
RUNS, CASES = 100, 300_000
FEWEST = 30  # runs that came to a threshold, below which a row says nothing
AIM, MOST = 0.75, 1.05  # of the audits at one rate: in the median of the rows, and in each
RANKS = (np.arange(1000) + 0.5) / 1000
HEAD = """# Audits by band

`make bands` writes this file (`tests/bench/audit_bands.py`, seeds fixed). {date}, on {machine}, beside other
work. {runs} runs of each row.

A run: so many cases are all read (*labels*), as in a stream's first days. The least strict threshold that the labels certify is
adopted. The next era begins with evidence from zero. How many audits does the same threshold take to be certified again, audited
at one rate, and by the bands that the product chooses by those labels? Both on the same cases with the same numbers, by the
product's own grid, walk, evidence and smallest propensities. The mean rate is the same, so days go with audits. The four shapes
are those of `tests/simulations/shapes.py`. Digits and tweets are the answers of the demo's models to the {digits} digits and
{tweets} tweets they were not trained on, sampled with replacement, at the targets and audit rates of their stream files.

- *errors*: wrong among the labels of what is released, mean. *bands in*: share of runs in which bands were chosen.
- *one rate*, *bands*: audits until the certificate, median; a dash: more than {cases} cases bring.
- *ratio*: of the medians, with the limits of 90\u00a0% of a bootstrap over runs. *quicker*: that of the lower quartiles.

"""


def populations(home: Path) -> Iterator[tuple[str, Population]]:
    """The shapes of the simulations, and the demo's digits and tweets."""
    for name, model in MODELS.items():
        yield name, Population(confidence=model.confidence(RANKS), error=model.error(RANKS), target=model.target)
    yield "digits", _digits(home / "digits")
    yield "tweets", _tweets(home / "tweets")


def _digits(home: Path) -> Population:
    prepared = digits.prepare(home, 1)
    rows = pl.read_parquet(prepared.days[0])
    model = inference.load((home / "data" / "models" / "digits.skops").read_bytes())
    chances = model.predict_proba(np.array(rows["pixels"].to_list()))
    answers = np.array([str(name) for name in model.classes_])[chances.argmax(1)]
    truth = np.array([prepared.truth[case] for case in rows["id"]])
    return Population(confidence=chances.max(1), error=(answers != truth).astype(float), target=0.05, audit_rate=0.1)


def _tweets(home: Path) -> Population:
    prepared = tweets.prepare(home, 1)
    rows = [json.loads(line) for line in prepared.days[0].read_text(encoding="utf-8").splitlines()]
    answers = [max(tweets.LABELS, key=row.__getitem__) for row in rows]
    wrong = [answer != prepared.truth[row["id"]] for answer, row in zip(answers, rows, strict=True)]
    surest = [row[answer] for answer, row in zip(answers, rows, strict=True)]
    return Population(confidence=np.array(surest), error=np.array(wrong, float), target=0.1, audit_rate=0.1)


def measured(population: Population, labels: int, runs: int) -> dict[str, float] | None:
    """A row of the table; None: too few runs came to a threshold."""
    audits, errors, banded = [], [], []
    for run in range(runs):
        rng = np.random.default_rng([20261201, labels, run])
        taken = later_certificate.adopted(population, labels, rng)
        if taken is None:
            continue
        bands = taken.bands(population)
        banded.append(bands is not None)
        released = taken.counts.filter(pl.col("confidence") >= taken.threshold)
        errors.append(int((released["outcome"] == "wrong").sum()))
        state = rng.bit_generator.state
        one = later_certificate.audits(population, taken, [None], CASES, rng)
        rng.bit_generator.state = state
        audits.append(
            one + (one if bands is None else later_certificate.audits(population, taken, [bands], CASES, rng))
        )
    if len(audits) < FEWEST:
        return None
    both = np.array(audits)
    row: dict[str, float] = {"runs": len(both), "errors": float(np.mean(errors)), "banded": float(np.mean(banded))}
    row["one"], row["bands"] = (float(value) for value in _quantile(both, 0.5))
    resampled = np.random.default_rng(7).integers(len(both), size=(1000, len(both)))
    for name, share in (("ratio", 0.5), ("quicker", 0.25)):
        one, bands = _quantile(both, share)
        row[name] = float(bands / one) if math.isfinite(one) else math.nan
        if name == "ratio" and math.isfinite(one):
            some = np.array([_quantile(both[places], share) for places in resampled])
            known = some[np.isfinite(some[:, 0])]
            row["low"], row["high"] = np.quantile(known[:, 1] / known[:, 0], [0.05, 0.95], method="nearest").tolist()
    return row


def _quantile(audits: Floats, share: float) -> Floats:
    """Of each way to audit; infinity where the runs did not come so far."""
    return np.asarray(np.quantile(audits, share, axis=0, method="lower"), np.float64)


def text(rows: list[tuple[str, int, dict[str, float] | None]], sizes: dict[str, int], runs: int) -> str:
    """The whole page."""
    head = HEAD.format(
        date=datetime.now(UTC).date(), machine=table.machine(), runs=runs, cases=f"{CASES:,}",
        digits=f"{sizes['digits']:,}", tweets=f"{sizes['tweets']:,}",
    )  # fmt: skip
    lines = ["| cases like | labels | runs | errors | bands in | one rate | bands | ratio | quicker |"]
    lines.append("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    ratios: list[float] = []
    often: list[float] = []
    quartiles = 0
    for name, labels, row in rows:
        if row is None:
            lines.append(f"| {name} | {labels:,} | fewer than {FEWEST} | | | | | | |")
            continue
        ratio = "-"
        if not math.isnan(row["ratio"]):
            ratios.append(round(row["ratio"], 2))  # as shown, so that who reads the rows gets the same
            ratio = f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})"
        elif not math.isnan(row["quicker"]):
            ratios.append(round(row["quicker"], 2))
            quartiles += 1
        if row["banded"] > 0.5:
            often += ratios[-1:]
        audits = [f"{row[name]:,.0f}" if math.isfinite(row[name]) else "-" for name in ("one", "bands")]
        often_in = f"{100 * row['banded']:.0f}\u00a0%"
        quicker = "-" if math.isnan(row["quicker"]) else f"{row['quicker']:.2f}"
        lines.append(
            f"| {name} | {labels:,} | {row['runs']} | {row['errors']:,.0f} | {often_in} | {audits[0]} | {audits[1]} | "
            f"{ratio} | {quicker} |"
        )
    return head + "\n".join(lines) + "\n\n" + closing(ratios, quartiles=quartiles, often=often) + "\n"


def closing(ratios: list[float], *, quartiles: int, often: list[float]) -> str:
    """What all rows say, and whether they reach the aim.

    `ratios`: one per row; of `quartiles` rows that of the lower quartiles. `often`: of rows with bands in most runs.
    """
    median, largest = float(np.median(ratios)), max(ratios)
    return (
        f"Over {len(ratios)} rows: median {median:.2f}, smallest {min(ratios):.2f}, largest {largest:.2f} of the audits at one "
        f"rate. A row whose median was not reached enters by the ratio of its lower quartiles ({quartiles} of these). Over the "
        f"{len(often)} rows with bands in more than half of the runs: median {np.median(often):.2f}.\n\n"
        f"Aim: at most {AIM} in the median: {'reached' if median <= AIM else 'not reached'} ({median:.2f}). Never above {MOST}: "
        f"{'kept' if largest <= MOST else 'not kept'} ({largest:.2f})."
    )


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    rows, sizes = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for name, population in populations(Path(folder)):
            sizes[name] = len(population.confidence)
            for labels in LABELS:
                rows.append((name, labels, measured(population, labels, asked.runs)))
                print(rows[-1], flush=True)
    page = text(rows, sizes, asked.runs)
    if asked.write is None:
        print(page)
    else:
        asked.write.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
