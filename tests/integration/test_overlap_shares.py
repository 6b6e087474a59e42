"""The overlap: which agreeing answers another person reads, by which salt and share."""

from collections.abc import Iterator

import polars as pl
import pytest

from review.ledger import ledger
from review.queries import overlap, readings
from tests.integration import ledger_facts as facts
from tests.integration.test_disputes import read, waiting


@pytest.fixture
def book(ledger_url: str) -> Iterator[ledger.Ledger]:
    """An open ledger whose epoch registered that every agreeing answer is read twice; a stream may ask for less."""
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as opened:
        epoch = facts.epochs({"terms": '{"review.overlap": 1.0}'})
        opened.append({"epoch": epoch, "policy": facts.policies(), "adoption": facts.adoptions()}, now=facts.NOW)
        yield opened


def test_the_overlap_is_sampled_by_group_and_by_the_salt_of_the_epoch(book: ledger.Ledger) -> None:
    terms = '{"review.overlap": 0.5}'
    epochs: list[dict[str, facts.Value]] = [{"epoch_id": f"e-{n}", "salt": f"{n}" * 32, "terms": terms} for n in (2, 3)]
    book.append({"epoch": facts.epochs(*epochs)}, now=facts.NOW)
    cases: list[dict[str, facts.Value]] = [
        {
            "case_id": f"c-{n}-{epoch}-{twin}",
            "epoch_id": epoch,
            "group_id": f"{n:016x}" if n % 2 else None,
            "blind": True,
        }
        for n in range(2000)
        for epoch in ("e-2", "e-3")
        for twin in ("a", "b")
    ]
    sent = [{"case_id": case["case_id"], "task_id": n, "blind": True} for n, case in enumerate(cases)]
    message = [row | {"annotation_id": row["task_id"]} for row in sent]
    book.append({"decision": facts.decisions(*cases)}, now=facts.NOW)
    book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*message)}, now=facts.NOW)
    result = overlap.claims(book, "mail", 0.1).with_columns(name=pl.col("case_id").str.split("-"))
    assert 8000 == len(result)
    sampled = result.select(
        "overlap",
        epoch="epoch_id",
        number=pl.col("name").list.get(1).cast(pl.Int64),
        twin=pl.col("name").list.get(-1),
    )
    of_groups = sampled.filter(pl.col("number") % 2 == 1).pivot("twin", index=["epoch", "number"], values="overlap")
    assert of_groups["a"].equals(of_groups["b"])
    alone = sampled.filter(pl.col("number") % 2 == 0).pivot("twin", index=["epoch", "number"], values="overlap")
    both = alone.select((pl.col("a") & pl.col("b")).mean()).item()
    assert 0.003 < both < 0.02  # a hundredth, were it sampled for each by itself
    assert 0.08 < result["overlap"].mean() < 0.12  # type: ignore[operator]
    by_epoch = sampled.filter(pl.col("twin") == "a").pivot("epoch", index="number", values="overlap")
    assert not by_epoch["e-2"].equals(by_epoch["e-3"])
    # The same for ever, and drawing more keeps who was sampled.
    assert result["overlap"].equals(overlap.claims(book, "mail", 0.1)["overlap"])
    assert overlap.claims(book, "mail", 0.2).filter(result["overlap"])["overlap"].all()


def test_an_epoch_goes_by_the_share_it_registered_and_by_none_that_the_stream_asks_for_later(
    book: ledger.Ledger,
) -> None:
    registered = {
        "e-4": '{"review.overlap": 0.0}',
        "e-5": '{"review.overlap": 1.0}',
        "e-6": None,
        "e-7": '{"labels": []}',
    }
    epochs: list[dict[str, facts.Value]] = [{"epoch_id": name, "terms": terms} for name, terms in registered.items()]
    book.append({"epoch": facts.epochs(*epochs)}, now=facts.NOW)
    for name in registered:
        read(book, f"c-{name}", "h", epoch_id=name)
    assert [("c-e-5", 1)] == waiting(book, share=1.0)
    assert [] == waiting(book, share=0.0)


def test_a_case_without_a_known_group_is_sampled_alike_from_the_ledger_and_from_an_extract_of_the_first_version(
    book: ledger.Ledger,
) -> None:
    for number in range(12):
        read(book, f"c-{number:02d}", "h")
    known = overlap.claims(book, "mail", 0.5)
    first = overlap.mark(known.with_columns(member=pl.lit(0, pl.UInt64)), 0.5)
    assert known["overlap"].equals(first["overlap"])
    assert {True, False} == set(known["overlap"])


def test_cases_at_hand_are_marked_and_read_as_those_of_the_ledger(book: ledger.Ledger) -> None:
    for number, answers in enumerate(["h", "hs", "ss", "", "hh", "shs"]):
        held: facts.Value = f"{number:016x}" if number % 2 else None
        route = "AUTOMATE" if number % 3 else "REVIEW"
        read(book, f"c-{number}", answers, group_id=held, route=route, propensity=0.1 + number / 10)
    read(book, "unsampled", "", blind=False)
    cases = facts.judge(book)
    marked = overlap.sampled(cases.kinds, cases.sampled, overlap.salts(book, "mail"), 0.5)
    assert cases.sampled["case_id"].equals(marked["case_id"])
    known = overlap.claims(book, "mail", 0.5)
    people = readings.read(book, "mail")
    ours, theirs = (overlap.twice_read(claims, people).sort("case_id") for claims in (marked, known))
    assert 5 == len(ours)
    assert ours.equals(theirs)
    released = marked.filter(pl.col("route") == "AUTOMATE")
    assert ["c-1", "c-2", "c-4", "c-5"] == overlap.twice_read(released, people)["case_id"].sort().to_list()
