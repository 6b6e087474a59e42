"""Other models have answered before anybody reads: who is read again may depend on them, what is sampled does not."""

import itertools
from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest

from models.evaluation.estimate import Estimate
from models.evaluation.outcome import Outcome
from review.ledger import ledger
from review.queries import adjudication, outcomes, overlap, readings
from tests.integration import ledger_facts as facts
from tests.integration.test_readers import CASES, MISS, SHARE, WRONG, answer, reported
from tests.integration.test_readers import book as every_case_read_twice

opened = every_case_read_twice  # the fixture, under a name of this file


def say(book: ledger.Ledger, model: str, answers: dict[str, str | None]) -> None:
    """What another model says of cases, as `score` records it before anybody reads."""
    none: dict[str, facts.Value] = {"score": None, "unscored": "no prediction"}
    rows: list[dict[str, facts.Value]] = []
    for case, one in answers.items():
        row: dict[str, facts.Value] = {"case_id": case, "model_id": model, "answer": one}
        rows.append(row | (none if one is None else {}))
    book.append({"shadow": facts.shadows(*rows)}, now=facts.NOW)


def decide(book: ledger.Ledger, cases: list[str]) -> None:
    rows: list[dict[str, facts.Value]] = [{"case_id": case, "blind": True} for case in cases]
    book.append({"decision": facts.decisions(*rows)}, now=facts.NOW)


def due(book: ledger.Ledger, share: float = 0.0) -> list[str]:
    return sorted(adjudication.waiting(book, "mail", 10_000, second_opinion=True, overlap=share)["case_id"])


@pytest.fixture
def plain(ledger_url: str) -> Iterator[ledger.Ledger]:
    """A ledger of which nobody has read anything, and no agreeing answer is sampled."""
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as book:
        epoch = facts.epochs({"terms": '{"review.overlap": 0.0}'})
        book.append({"epoch": epoch, "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW)
        yield book


def test_an_answer_is_read_again_where_any_of_the_models_says_something_else(plain: ledger.Ledger) -> None:
    cases = [f"c-{n}" for n in range(5)]
    decide(plain, cases)
    say(plain, "m-2", {"c-0": "ham", "c-1": "spam", "c-2": "ham", "c-3": None, "c-4": "spam"})
    say(plain, "m-3", {"c-0": "ham", "c-1": "ham", "c-2": "spam", "c-3": None, "c-4": "spam"})
    assert due(plain) == [], "nobody has read anything: there is nothing to read again"
    answer(plain, 0, cases, lambda _: True)
    assert due(plain) == ["c-1", "c-2", "c-4"], "a model that gave no answer contests none"
    answer(plain, 1, ["c-1", "c-2", "c-4"], lambda case: case != "c-2")
    assert due(plain) == ["c-2"], "of those of which two say the same nobody is asked again"


def test_what_is_sampled_and_what_readers_miss_are_as_without_the_other_model(opened: ledger.Ledger) -> None:
    """It is wrong elsewhere than this one, so it contests most of what a reader has overlooked, and much that is right."""
    rng = np.random.default_rng(9)
    wrong = set(np.flatnonzero(rng.random(CASES) < WRONG).tolist())

    def agrees(case: str) -> bool:
        return int(case.removeprefix("c-")) not in wrong or rng.random() < MISS

    cases = [f"c-{n:04d}" for n in range(CASES)]
    answer(opened, 0, cases, agrees)
    before, _ = reported(opened)
    sampled = overlap.claims(opened, "mail", SHARE).select(
        "case_id", "member", "propensity", "salt", "share", "overlap"
    )
    contested = {case for case in cases if (int(case[2:]) in wrong) == (rng.random() < 0.9)}
    say(opened, "m-2", {case: "spam" if case in contested else "ham" for case in cases})
    claims = overlap.claims(opened, "mail", SHARE)
    assert claims.select(sampled.columns).equals(sampled)
    assert set(claims.filter("contested")["case_id"]) == contested

    for round_ in (1, 2):
        answer(opened, round_, due(opened, SHARE), agrees)
    assert due(opened, SHARE) == []
    result, rows = reported(opened)
    assert rows["second"].drop_nulls().len() > result.read + 300, "many more were read twice"
    assert (result.due, result.read) == (before.due, before.due)
    second = rows.filter(pl.col("agree") & pl.col("overlap"))
    assert result.wrong == second.filter("wrong").height < rows.filter(pl.col("agree") & pl.col("wrong")).height
    assert isinstance(result.error, Estimate)
    assert isinstance(result.missed, Estimate)
    assert result.error.low < len(wrong) / CASES < result.error.high
    assert result.missed.low < MISS < result.missed.high


def test_a_contested_answer_counts_at_once_and_can_only_become_an_error_of_this_model(plain: ledger.Ledger) -> None:
    """So a certificate that holds of what first readers and disputes say holds with every reading that another model asks for."""
    ways = {f"c-{n}": way for n, way in enumerate(itertools.product([True, False], repeat=3))}
    pairs = [f"{case}-{kind}" for case in ways for kind in ("alone", "contested")]
    decide(plain, pairs)
    say(plain, "m-2", {f"{case}-contested": "spam" for case in ways})
    errors: list[dict[str, bool]] = []
    for round_ in range(3):

        def agrees(case: str, round_: int = round_) -> bool:
            return ways[case[:3]][round_]

        answer(plain, round_, due(plain) if round_ else pairs, agrees)
        known = outcomes.read(plain, "mail", now=facts.NOW, deadline_hours=48).sampled
        errors.append(
            {case: outcome != Outcome.RIGHT for case, outcome in known.select("case_id", "outcome").iter_rows()}
        )
        first_agrees = known.filter(pl.col("case_id").str.head(3).is_in([case for case, way in ways.items() if way[0]]))
        assert round_ or first_agrees["settled"].all(), "another model leaves nothing of this one open"
        assert all(errors[-1][f"{case}-contested"] >= errors[-1][f"{case}-alone"] for case in ways)
    assert due(plain) == []
    assert {case for case in ways if errors[-1][f"{case}-contested"] > errors[-1][f"{case}-alone"]} == {
        case for case, way in ways.items() if way == (True, False, False)
    }
    assert readings.read(plain, "mail").readings.height == 16 + 12 + 6
