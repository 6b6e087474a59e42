"""Where items are decided anew: no label of another model's case is evidence, and nothing that a model's words have chosen."""

from dataclasses import replace

import polars as pl

from flows.governance import actions, epochs
from flows.inputs import files
from flows.planning import promotion
from flows.planning import shadows as shadow_flow
from flows.runtime import runs
from flows.scoring import decide
from models.certification import certificate
from review.integrity import verify
from review.queries import certificates, items, shadows
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN, WHY, Desk
from tests.integration.test_promotion import compared


def rescore(desk: Desk, prefix: str, count: int, confidence: float) -> dict[str, int]:
    """The desk's model answers the items of a batch anew."""
    rows = {"id": [f"{prefix}-{n:04d}" for n in range(count)], "label": ["ham"] * count}
    frame = pl.DataFrame(
        rows | {"score": [confidence] * count, "text": [f"hello {n} of {prefix}" for n in range(count)]}
    )
    path = desk.folder / f"{prefix} of {desk.model}.parquet"
    frame.write_parquet(path)
    described = desk.describe()
    (chunk,) = files.chunks(path, described)
    return decide.append(desk.book, described, "run", None, lambda: chunk)


def after(desk: Desk, model: str) -> Desk:
    """Another model takes over with a cold start."""
    changed = replace(desk, model=model)
    epochs.begin_epoch(desk.book, changed.describe(), ANN)
    return changed


def answer(desk: Desk, cases: list[str], label: str = "ham") -> None:
    """The cases are sent, and people say this of them."""
    now, known = runs.clock(), int(desk.book.read("SELECT count(*) AS n FROM dispatch")["n"].item())
    tasks = [(case, known + n + 1) for n, case in enumerate(cases)]
    sent: list[dict[str, facts.Value]] = [
        {"case_id": case, "task_id": task, "blind": True, "task_key": case, "sent_at": now} for case, task in tasks
    ]
    desk.book.append({"dispatch": facts.dispatches(*sent)}, now=now)
    for case, task in tasks:
        desk.answer(case, task, label, now)


def sampled(desk: Desk, where: str) -> list[str]:
    return desk.book.read(f"SELECT case_id FROM decision WHERE blind AND {where} ORDER BY case_id")["case_id"].to_list()


def labels(progress: certificate.Progress) -> float:
    return max(progress.labels)


def test_after_a_cold_start_what_is_decided_anew_is_evidence_about_the_model_that_decided_it(desk: Desk) -> None:
    desk.arrive("a", 30, 0.9)
    rescore(desk, "b", 40, 0.9)
    new = after(desk, "m-2")
    assert rescore(new, "a", 30, 0.8)["with_people"] == 30
    assert rescore(new, "b", 40, 0.8)["decided"] == 40
    own = sampled(new, "item_id IS NOT NULL")
    assert labels(new.look()) == 0, "what people said of another model's cases is none"
    answer(new, own)
    assert labels(new.look()) == len(own) > 5
    assert verify.ledger(new.book) == []


def test_what_an_earlier_model_has_left_by_its_confidence_is_no_evidence(desk: Desk) -> None:
    desk.arrive("a", 20, 0.9)
    actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)
    desk.arrive("b", 60, 0.9)  # released, and those below 0.5 are with people
    new = after(desk, "m-2")
    rescore(new, "b", 60, 0.8)
    own = sampled(new, "item_id IS NOT NULL")
    assert set(items.chosen_by_release(new.book, "mail")) == set(own)
    answer(new, own)
    assert labels(new.look()) == 0
    new.arrive("c", 40, 0.8)
    assert labels(new.look()) == len(sampled(new, "case_id LIKE 'c-%'")) > 5
    third = after(new, "m-3")
    shown = shadows.compared(third.book, "mail", third.cases(), "m-9", beside="m-3")
    assert shown.cases.is_empty()
    rescore(third, "b", 60, 0.7)
    again = sampled(third, "item_id IS NOT NULL AND model_id = 'm-3'")
    assert set(again) <= set(items.chosen_by_release(third.book, "mail")), "chosen once is chosen for ever"


def test_of_the_epoch_before_those_samples_are_compared_that_people_had_by_then(desk: Desk) -> None:
    desk.arrive("a", 80, 0.9)
    desk.arrive("b", 40, 0.9)
    waiting = sampled(desk, "case_id LIKE 'a-%'")
    late = desk.book.read("SELECT case_id FROM decision WHERE NOT blind AND case_id LIKE 'b-%'")["case_id"].to_list()
    new = after(desk, "m-2")
    path = new.folder / "later.parquet"
    frame = pl.DataFrame({"id": [f"d-{n:04d}" for n in range(60)], "label": ["ham"] * 60, "score": [0.9] * 60})
    frame.with_columns(text=pl.format("hello {}", "id")).write_parquet(path)
    (chunk,) = files.chunks(path, new.describe())
    decide.append(new.book, new.describe(), "run", None, lambda: chunk)
    unsent = sampled(new, "case_id LIKE 'd-%'")
    third = after(new, "m-3")
    before = shadows.wanted(third.book, "mail", "m-4")
    # Of some items it says something else; the others wait as they were.
    changed = frame.with_columns(
        text=pl.format("hello {}", "id"), score=pl.when(pl.int_range(60) < 30).then(0.8).otherwise("score")
    )
    changed.write_parquet(third.folder / "again.parquet")
    (chunk,) = files.chunks(third.folder / "again.parquet", third.describe())
    counts = decide.append(third.book, third.describe(), "run", None, lambda: chunk)
    assert (counts["decided"], counts["repeats"]) == (30, 30)
    left = [case for case in unsent if int(case[2:]) >= 30]
    answer(third, left)
    wanted = shadows.wanted(third.book, "mail", "m-4")
    assert set(before["case_id"]) - set(wanted["case_id"]) == {case for case in unsent if int(case[2:]) < 30} & set(
        before["case_id"]
    )
    rows = wanted.select(
        "case_id", model_id=pl.lit("m-4"), ours="prediction", prediction="prediction", raw_score=pl.lit(0.9)
    )
    rows = rows.with_columns(
        doubt=pl.lit(None, pl.String), cost=pl.lit(None, pl.Float64), latency_ms=pl.lit(None, pl.Float64)
    )
    rows = rows.with_columns(content=pl.lit("5" * 64), request=pl.lit(None, pl.String))
    shadow_flow.append(third.run(), rows, runs.clock())
    seen = set(shadows.compared(third.book, "mail", third.cases(), "m-4", beside="m-3").cases["case_id"])
    assert seen & set(waiting), "what people had by then counts"
    assert not seen & set(left), "those of which the new model said the same are another choice than chance's"
    assert seen & set(sampled(third, "item_id IS NOT NULL"))
    assert not seen & set(late)


def test_after_a_promotion_each_era_has_its_own_labels(desk: Desk) -> None:
    new = compared(desk)
    rescore(desk, "b", 120, 0.9)  # nobody has them yet
    new.describe()
    now = promotion.promote("mail", None, by=ANN, because=WHY, unseen=True)
    first, second = certificates.eras(new.book, now.epoch_id)
    left = certificates.progress(new.book, first.plans[""])
    assert rescore(new, "a", 400, 0.95)["with_people"] == 400
    assert rescore(new, "b", 120, 0.95)["automated"] == 120
    own = sampled(new, "item_id IS NOT NULL")
    assert 30 < len(own) < 90
    progress = new.look()
    assert (progress.plan.era, labels(progress)) == (second.number, 0)
    answer(new, own)
    progress = new.look()
    assert labels(progress) == len(own), "and none of what people said of the cases of m-1"
    assert certificates.progress(new.book, first.plans[""]) == left
    assert verify.ledger(new.book) == []
