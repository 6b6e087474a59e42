"""What a trained candidate releases at the same certified error as the model's own score, on the demo's data: `make learning`.

20 splits: the product's own wall, for 20 ledgers. On the training side a second stage and a calibrator are trained, on the
measuring side all scores are certified by the same labels (the truth of each case, everyone read), as `models.certification` does
it. Where a candidate refuses, for its own training labels do not speak for it, the plain score stays.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from deploy.demo import digits, prepared, receipt_reader, receipts, tweets
from flows.inputs import files
from models.answers import record_text
from models.certification import case_counts, certificate, era_plan, prefix
from models.classifiers import calibrator, inference, second_stage
from models.config import stream as streams
from models.config.stream import Stream
from models.evaluation.estimate import NotEnoughEvidence
from models.outputs import contract
from models.routing import measuring
from review.ledger import rollups
from tests.bench import table
from tests.faults.process import ROOT

SPLITS, DAYS, DELTA, WANTED = 20, 4, 0.05, 1.15
STREAMS: Mapping[str, ModuleType] = {"digits": digits, "tweets": tweets, "receipts": receipts}
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a candidate releases of the measuring side, and how wrong that is. `after`, `before`: what it was kept for, and the
    same of the plain score, in groups that it had not seen. `refused`: why it was not kept, or empty; the plain score stays."""

    released: float
    wrong: float = 0.0
    after: float = 0.0
    before: float = 0.0
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The shares released of the measuring side: by the plain score, with the labels of both sides, and by each candidate."""

    plain: float
    plain_all: float
    trained: Mapping[str, Trained]


def main() -> None:
    """Measure, print, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--write", type=Path, default=None, help="the page of results")
    args = asked.parse_args()
    parts = [TITLE, f"Measured on {table.machine()}.", HEAD]
    sentences = []
    for name, module in STREAMS.items():
        began = time.monotonic()
        described, cases = labelled(name, module)
        splits = [split(described, cases, number) for number in range(SPLITS)]
        parts += [row(name, kind, described, cases, splits) for kind in KINDS]
        sentences += [verdict(name, kind, splits) for kind in KINDS]
        shown = (*parts[-len(KINDS) :], *sentences[-len(KINDS) :])
        print(*shown, f"({time.monotonic() - began:.0f} s)", sep="\n")
    text = "\n".join([*parts, "", "\n\n".join(sentences), "", READ])
    if args.write:
        args.write.write_text(text + "\n", encoding="utf-8")


def labelled(name: str, module: ModuleType) -> tuple[Stream, pl.DataFrame]:
    """A stream of the demo, and all its cases with `right`: whether the model's answer is the truth."""
    home = ROOT / ".local" / "learning" / name
    ready: prepared.Prepared = module.prepare(home, DAYS)
    text = (ROOT / "deploy" / "streams" / f"{name}.toml").read_text(encoding="utf-8")
    described = streams.parse(text, origin=name)
    frames = []
    for day in ready.days:
        for chunk in files.chunks(day, described):
            frame = chunk.frame
            if described.model.file is not None:
                model = inference.load((home / "data" / described.model.file).read_bytes())
                frame = inference.apply(model, frame, described)
            frames.append(contract.validate(frame, described, source=chunk.source).cases)
    cases = pl.concat(frames)
    right = [same(answer, ready.truth[case]) for case, answer in cases.select("case_id", "prediction").iter_rows()]
    return described, cases.with_columns(
        right=pl.Series(right), weight=pl.lit(1.0), group=pl.coalesce("group_id", "case_id")
    )


def same(answer: str | None, truth: str) -> bool:
    """Whether an answer is right; a record where each field is, as its stream has it."""
    ours, theirs = record_text.values(answer), record_text.values(truth)
    if not theirs or answer is None:
        return answer == truth
    return all(receipt_reader.same(name, ours.get(name), theirs.get(name)) for name in receipt_reader.FIELDS)


def split(described: Stream, cases: pl.DataFrame, number: int) -> Split:
    """One ledger's wall through the cases."""
    apart = measuring.measuring(f"{number:032x}", rollups.members(cases))
    learn, measure = cases.filter(~apart).drop_nulls("raw_score"), cases.filter(apart)
    right, target = measure["right"].to_numpy(), described.target.error
    plain, _ = released(measure["raw_score"], right, target)
    everyone, _ = released(cases["raw_score"], cases["right"].to_numpy(), target)
    trained: dict[str, Trained] = {}
    for kind, one in KINDS.items():
        fit = one(learn, described)
        if isinstance(fit, NotEnoughEvidence):
            trained[kind] = Trained(released=plain, refused=fit.reason)
            continue
        scores, after, before = asked(fit, measure, described)
        share, wrong = released(scores, right, target)
        trained[kind] = Trained(released=share, wrong=wrong, after=after, before=before)
    return Split(plain=plain, plain_all=everyone, trained=trained)


def asked(
    fit: second_stage.Fitted | calibrator.Fitted, measure: pl.DataFrame, described: Stream
) -> tuple[pl.Series, float, float]:
    """The scores of a candidate, and what it was kept for beside the same of the plain score."""
    if isinstance(fit, calibrator.Fitted):
        return calibrator.scores(fit.calibrator, measure, described), fit.brier, fit.brier_before
    return second_stage.scores(fit.stage, measure, described), fit.auroc, fit.auroc_before


def released(scores: pl.Series, right: Bools, target: float) -> tuple[float, float]:
    """The share of the cases that the certified threshold releases, and how wrong these are."""
    thresholds, starts, weights = era_plan.ranks(scores)
    n = len(scores)
    plan = era_plan.Plan(
        epoch="learning",
        alpha=target,
        delta=DELTA,
        thresholds=thresholds,
        starts=starts,
        weights=weights,
        group_size=1,
        by_field=(),
    )
    reached = era_plan.bins(scores, thresholds).fill_null(len(thresholds)).to_numpy()
    order = prefix.Samples(
        bin=reached,
        version=np.zeros(n, np.int64),
        propensity=np.ones(n),
        right=right,
        group=np.arange(n),
        batch=np.zeros(n, np.int64),
    )
    above = np.bincount(reached, minlength=len(thresholds) + 1)[:-1].cumsum().astype(np.float64)
    everyone = np.ones(n, np.bool_)
    progress = certificate.look(
        plan,
        certificate.Samples(order=order, settled=everyone, sent=everyone),
        case_counts.Tally(lowest=np.ones((1, len(thresholds))), cases=above),
    )
    if progress.threshold is None:
        return 0.0, 0.0
    out = (scores >= progress.threshold).fill_null(value=False).to_numpy()
    return float(out.mean()), float((~right[out]).mean())


def row(name: str, kind: str, described: Stream, cases: pl.DataFrame, splits: list[Split]) -> str:
    """A candidate of a stream in the table."""
    those = [one.trained[kind] for one in splits]
    cells = [
        name,
        kind,
        f"{len(cases):,}",
        formats_share(described.target.error),
        spread([one.plain for one in splits], formats_share),
        spread([one.released for one in those], formats_share),
        f"{ratio(kind, splits):.2f}",
        spread([one.trained[kind].released / one.plain for one in splits if one.plain], "{:.2f}".format),
        f"{sum(bool(one.refused) for one in those)}",
        spread([one.plain_all for one in splits], formats_share),
        spread([one.wrong for one in those if not one.refused and one.released], formats_share),
    ]
    return f"| {' | '.join(cells)} |"


def formats_share(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def spread(values: list[float], shown: Callable[[float], str]) -> str:
    """The median, and between which values eight in ten lie."""
    if not values:
        return "none"
    low, mid, high = np.quantile(values, [0.1, 0.5, 0.9])
    return f"{shown(mid)} ({shown(low)} to {shown(high)})"


def ratio(kind: str, splits: list[Split]) -> float:
    """The mean share by a candidate over the mean share by the plain score."""
    return float(np.mean([one.trained[kind].released for one in splits]) / np.mean([one.plain for one in splits]))


def verdict(name: str, kind: str, splits: list[Split]) -> str:
    """Whether a candidate is worth it, in words."""
    kept = [one for one in splits if not one.trained[kind].refused]
    more, fewer = (sum(sign * (one.trained[kind].released - one.plain) > 0 for one in kept) for sign in (1, -1))
    reached = "is reached" if ratio(kind, splits) >= WANTED else "is not reached: keep the plain score there"
    refused = len(splits) - len(kept)
    stayed = f" In {refused} its own training labels spoke against it, so the plain score stayed." if refused else ""
    after, before = ([getattr(one.trained[kind], when) for one in kept] for when in ("after", "before"))
    where = f" {KEPT_FOR[kind](after, before)}" if kept else ""
    return (
        f"**{name}, {kind}**: the aim of {WANTED} times the plain score's share {reached} ({ratio(kind, splits):.2f}). Of "
        f"{len(splits)} splits it releases more in {more}, less in {fewer}.{stayed}{where}"
    )


def ordered(after: list[float], before: list[float]) -> str:
    """How well a second stage orders answers."""
    return (
        f"Where it was kept it put {mean(after)} of right answers above wrong ones in groups it had not seen, the plain score "
        f"{mean(before)}."
    )


def near(after: list[float], before: list[float]) -> str:
    """How near to the truth the probability of a calibrator is."""
    return (
        f"Where it was kept its probability was {np.mean(after):.4f} from the truth (mean square) in groups it had not seen, the "
        f"plain score {np.mean(before):.4f}."
    )


def mean(shares: list[float]) -> str:
    """Their mean, in per cent."""
    return formats_share(float(np.mean(shares)))


KINDS: Mapping[str, Callable[[pl.DataFrame, Stream], Any]] = {
    "second stage": second_stage.fit,
    "calibrator": calibrator.fit,
}
KEPT_FOR: Mapping[str, Callable[[list[float], list[float]], str]] = {"second stage": ordered, "calibrator": near}
TITLE = """# Learning from corrections

`make learning` writes this file (`tests/bench/learning.py`). A second stage ([method 4.7e](../method.md#47e-a-second-stage))
and a calibrator ([method 4.7f](../method.md#47f-a-calibrator)) are trained on the labels of one side of the wall. On the other
side each and the model's own score are certified by the same labels, at the target of the stream's file with
95\N{NO-BREAK SPACE}% confidence. 20 splits: the wall of 20 ledgers.
The labels are the truth of each case, and every case is read.
"""
COLUMNS = (
    *(
        "stream",
        "candidate",
        "cases",
        "target",
        "released by the plain score",
        "by the candidate",
        "ratio of the means",
    ),
    *("ratio in a split", "refused", "plain score, labels of both sides", "wrong among what it releases"),
)
HEAD = f"\n| {' | '.join(COLUMNS)} |\n|---|---|{'--:|' * (len(COLUMNS) - 2)}"
READ = """Medians over the splits; in brackets where eight in ten of them lie. The splits share their cases, so this is the spread
of the wall's choice and no limit of a mean. *Refused*: splits in which the candidate was not kept: a second stage that ordered
groups that it had not seen no better than the plain score, a calibrator whose probability was no nearer to the truth there. The
plain score then stays. *Labels of both sides*: what the plain score is certified for in the product, where nothing is put aside
for measuring: a candidate is worth its labels only where it releases more than that. Receipts are records, which have no classes,
so a calibrator keeps their order; where it releases more or less, the chain that starts at a confidence of .9 starts at another
case. The receipts are made up by the demo."""


if __name__ == "__main__":
    main()
