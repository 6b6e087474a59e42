"""Readers are checked through the ledger: what it hands out to be read again is enough to tell what one reader misses."""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
import pytest

from models.evaluation.estimate import Estimate, NotEnoughEvidence
from models.reviewers import capture_recapture
from models.routing.policy import Route
from review.ledger import ledger
from review.queries import adjudication, overlap, readings
from review.report import readers_text
from tests.integration import ledger_facts as facts

CASES = 4000
WRONG = 0.05
MISS = 0.4  # how often a reader agrees with a wrong model
SHARE = 0.2


@pytest.fixture
def book(ledger_url: str) -> Iterator[ledger.Ledger]:
    """A ledger of released cases, all sampled and all audits."""
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as opened:
        epoch = facts.epochs({"terms": f'{{"review.overlap": {SHARE}}}'})
        opened.append({"epoch": epoch, "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW)
        cases: list[dict[str, facts.Value]] = [
            {"case_id": f"c-{n:04d}", "blind": True, "route": "AUTOMATE", "propensity": 0.5, "confidence": 0.9}
            for n in range(CASES)
        ]
        opened.append({"decision": facts.decisions(*cases)}, now=facts.NOW)
        yield opened


def answer(book: ledger.Ledger, round_: int, cases: list[str], agrees: Callable[[str], bool]) -> None:
    """Somebody who has read none of these cases reads them all."""
    sent: list[dict[str, facts.Value]] = [
        {"case_id": case, "slot": round_, "task_id": 10_000 * round_ + n, "blind": True} for n, case in enumerate(cases)
    ]
    message = [
        {name: row[name] for name in ("case_id", "slot", "task_id", "blind")}
        | {"annotation_id": row["task_id"], "reviewer": f"{round_}@example.org"}
        | {"answer": "ham" if agrees(str(row["case_id"])) else "spam"}
        for row in sent
    ]
    book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*message)}, now=facts.NOW)


def reported(book: ledger.Ledger) -> tuple[capture_recapture.Readers, pl.DataFrame]:
    claims = overlap.claims(book, "mail", SHARE).filter(pl.col("route") == Route.AUTOMATE)
    cases = overlap.twice_read(claims, readings.read(book, "mail"))
    return capture_recapture.readers(cases, 0.05), cases


def test_a_reader_who_agrees_with_a_wrong_model_is_read_again_and_what_they_miss_is_reported(
    book: ledger.Ledger,
) -> None:
    rng = np.random.default_rng(9)
    wrong = set(np.flatnonzero(rng.random(CASES) < WRONG).tolist())

    def agrees(case: str) -> bool:
        return int(case.removeprefix("c-")) not in wrong or rng.random() < MISS

    answer(book, 0, [f"c-{n:04d}" for n in range(CASES)], agrees)
    before, first = reported(book)
    assert isinstance(before.error, NotEnoughEvidence)
    agreeing = first.filter("agree").height
    assert abs(before.due - SHARE * agreeing) < 3 * np.sqrt(SHARE * (1 - SHARE) * agreeing)
    assert f"0 of {before.due} answers sampled" in readers_text.of(before, SHARE).replace("\u202f", "")

    again = adjudication.waiting(book, "mail", 10_000, second_opinion=True, overlap=SHARE)
    assert len(again) == before.due + CASES - agreeing
    answer(book, 1, again["case_id"].to_list(), agrees)
    ties = adjudication.waiting(book, "mail", 10_000, second_opinion=True, overlap=SHARE)
    answer(book, 2, ties["case_id"].to_list(), agrees)
    assert adjudication.waiting(book, "mail", 10_000, second_opinion=True, overlap=SHARE).is_empty()

    result, cases = reported(book)
    assert cases["wrong"].null_count() == 0
    truth = len(wrong) / CASES
    measured = cases["wrong"].mean()
    assert isinstance(measured, float)
    assert measured < 0.7 * truth
    assert result.read == result.due == before.due
    assert result.wrong == cases.filter(pl.col("agree") & pl.col("wrong")).height > 0
    assert isinstance(result.error, Estimate)
    assert isinstance(result.missed, Estimate)
    assert measured < result.error.low < truth < result.error.high
    assert result.missed.low < MISS < result.missed.high
    assert readers_text.of(result, SHARE).startswith("Readers were checked on ")
