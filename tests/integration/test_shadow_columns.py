"""What another model said stands beside this one's answers: it is recorded with the decisions, and changes none of them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from flows import measure
from flows.governance import actions, evidence
from flows.inputs import files
from flows.planning import other_models, shadows
from flows.runtime import runs, settings
from flows.scoring import decide, payloads, workers
from models.errors import InputInvalid
from models.evaluation.comparison import Paired
from review.integrity import verify
from review.ledger import ledger
from review.queries import shadows as shadow_queries
from review.report import as_json, report
from tests.integration import desk as desks
from tests.integration.desk import ANN, WHY, Clock, Desk
from tests.integration.inbox import BY_REFERENCE, Inbox

SHADOW = """
[[shadow]]
model = "m-2"
prediction = "answer_2"
confidence = "score_2"
cost = "cost_2"
latency_ms = "ms_2"
"""


@pytest.fixture
def desk(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Iterator[Desk]:
    with desks.opened(ledger_url, tmp_path, monkeypatch) as desk:
        yield replace(desk, rules=SHADOW)


def theirs(
    count: int, answers: dict[int, object] | None = None, scores: dict[int, object] | None = None
) -> dict[str, list[object]]:
    """The other model's columns: ham, surely, but for these rows."""
    return {
        "answer_2": [(answers or {}).get(n, "ham") for n in range(count)],
        "score_2": [(scores or {}).get(n, 0.9) for n in range(count)],
        "cost_2": [0.002] * count,
        "ms_2": [120.0] * count,
    }


def recorded(book: ledger.Ledger) -> pl.DataFrame:
    return book.read(
        "SELECT case_id, model_id, answer, score, unscored, cost, latency_ms FROM shadow ORDER BY case_id, model_id"
    )


def wanted(desk: Desk, model: str) -> list[str]:
    return sorted(shadow_queries.wanted(desk.book, "mail", model)["case_id"])


def score(desk: Desk, name: str) -> dict[str, int]:
    """Read one file (again), as `score` does."""
    described = desk.describe()
    total: dict[str, int] = {}
    for chunk in files.chunks(desk.folder / f"{name}.parquet", described):
        total = decide.record.fn(described, "again", chunk)
    return total


def test_the_blind_samples_for_measuring_have_its_answer_with_their_decision(desk: Desk) -> None:
    desk.arrive("a", 60, 0.9, answer=False, more=theirs(60, {3: "spam"}, {3: 0.25}))
    rows = recorded(desk.book)
    assert rows["case_id"].to_list() == wanted(desk, "m-9"), "of whom another model would be asked"
    assert 15 < len(rows) < 45
    assert set(rows.filter(pl.col("case_id") != "a-0003").drop("case_id").rows()) == {
        ("m-2", "ham", 0.9, None, 0.002, 120.0)
    }
    assert wanted(desk, "m-2") == []
    seals = desk.book.read("SELECT seq, table_name, sealed_at FROM seal ORDER BY seq").tail(3)
    assert seals["table_name"].to_list() == ["decision", "shadow", "dispatch"], "one append, one seal after the other"
    assert verify.ledger(desk.book) == []


def test_what_it_did_not_say_is_no_fault_and_the_case_is_decided_as_ever(desk: Desk) -> None:
    odd: dict[int, object] = {n: None if n % 3 == 0 else "eggs" if n % 3 == 1 else "ham" for n in range(60)}
    unsure: dict[int, object] = dict.fromkeys(range(2, 60, 3))
    desk.arrive("a", 60, 0.9, more=theirs(60, odd, unsure))
    assert desk.book.read("SELECT doubt FROM decision")["doubt"].null_count() == 60
    assert desk.book.read("SELECT reason FROM fault").is_empty()
    rows = recorded(desk.book)
    assert set(rows.select("answer", "score", "unscored").rows()) == {
        (None, None, "no prediction"),
        (None, None, "unknown label 'eggs'"),
        ("ham", None, "no confidence"),
    }
    assert wanted(desk, "m-2") == [], "what it has no answer to it is not asked again, as of a file of its own"


def test_the_table_comes_and_goes_and_no_decision_changes(desk: Desk) -> None:
    desk.arrive("a", 40, 0.9, answer=False, more=theirs(40))
    alone = replace(desk, rules="")
    alone.arrive("b", 40, 0.9, answer=False, more=theirs(40))
    assert set(recorded(desk.book)["case_id"].str.head(1)) == {"a"}
    head = desk.book.head()
    assert score(alone, "a") == score(desk, "a")
    assert desk.book.head() == head, "the same rows, read with and without it"
    assert score(desk, "b")["repeats"] == 40
    assert wanted(desk, "m-2") == [], "what was decided before the table came is recorded when its row is read again"


def test_another_policy_decides_and_the_samples_stay_those_that_they_were(desk: Desk) -> None:
    alone = replace(desk, rules="")
    alone.arrive("a", 400, 0.9, more=theirs(400))
    desk.look()
    before = wanted(desk, "m-2")
    actions.adopt("mail", None, by=ANN, because=WHY)
    assert desk.in_force().policy.audit_rate < 1
    assert score(desk, "a")["decided"] == 0
    assert recorded(desk.book)["case_id"].to_list() == before
    head = desk.book.head()
    score(desk, "a")
    score(replace(desk, rules=SHADOW.split("cost")[0]), "a")
    assert desk.book.head() == head, "also where its price is no longer read: that is no part of what it said"


def test_what_it_says_otherwise_later_is_a_rejected_row_and_the_first_answer_stays(desk: Desk) -> None:
    desk.arrive("a", 40, 0.9, answer=False, more=theirs(40))
    rows = recorded(desk.book)
    frame = pl.read_parquet(desk.folder / "a.parquet")
    frame.with_columns(answer_2=pl.lit("spam")).write_parquet(desk.folder / "a.parquet")
    counts = score(desk, "a")
    assert (counts["decided"], counts["faults"], counts["repeats"]) == (0, len(rows), 40 - len(rows))
    faults = desk.book.read("SELECT DISTINCT reason FROM fault")["reason"].to_list()
    assert faults == ["the model said something else of this case before; the first answer stays"]
    assert recorded(desk.book).equals(rows)


def test_the_command_takes_what_the_columns_did_not_give(desk: Desk) -> None:
    replace(desk, rules="").arrive("a", 40, 0.9, answer=False, more=theirs(40))
    desk.arrive("b", 40, 0.9, answer=False, more=theirs(40))
    file = desk.folder / "ask.jsonl"
    shadows.asked("mail", "m-2", file)
    asked = [json.loads(line)["case_id"] for line in file.read_text(encoding="utf-8").splitlines()]
    assert {case[0] for case in asked} == {"a"}
    same, other = recorded(desk.book)["case_id"].head(2)
    lines = [
        {"case_id": case, "label": "spam" if case == other else "ham", "score": 0.9} for case in (asked[0], same, other)
    ]
    (desk.folder / "said.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert shadows.record("mail", desk.folder / "said.jsonl", "m-2") == "m-2: recorded 1, again 1, faults 1"
    assert wanted(desk, "m-2") == sorted(asked[1:])


def test_workers_record_what_one_process_does(desk: Desk) -> None:
    desk.arrive("a", 60, 0.9, answer=False, more=theirs(60, dict.fromkeys(range(20), "spam")))
    described = desk.describe()
    shown = ledger.shown(settings.read().ledger.get_secret_value())
    rows = recorded(desk.book)
    frame = pl.read_parquet(desk.folder / "a.parquet").with_columns(pl.col("id").str.replace("a", "b"))
    frame.with_columns(text=pl.col("text").str.replace("a$", "b")).write_parquet(desk.folder / "b.parquet")
    pieces = list(files.pieces(desk.folder / "b.parquet", described, rows=20, chunks=2))
    assert len(pieces) == 2
    prepared = [workers.prepare.fn(described, "run", piece, shown) for piece in pieces]
    for piece, one in zip(pieces, prepared, strict=True):
        workers.record.fn(described, "run", piece, one)
        workers.record.fn(described, "run", piece, one)
    new = recorded(desk.book).filter(pl.col("case_id").str.starts_with("b"))
    assert new["case_id"].to_list() == [case for case in wanted(desk, "m-9") if case.startswith("b")]
    assert set(new.filter(pl.col("case_id") < "b-0020")["answer"]) == {"spam"}
    assert len(recorded(desk.book)) == len(rows) + len(new)


def test_a_column_that_is_not_there_is_named_with_the_table_that_asks_for_it(desk: Desk) -> None:
    frame = pl.DataFrame({"id": ["a"], "label": ["ham"], "score": [0.9], "text": ["x"], "answer_2": ["ham"]})
    more = {"score_2": [0.9], "cost_2": [1.0], "ms_2": [1.0]}
    for name, write in (("a.parquet", pl.DataFrame.write_parquet), ("a.csv", pl.DataFrame.write_csv)):
        write(frame, desk.folder / name)
        with pytest.raises(
            InputInvalid, match=r"'score_2', 'cost_2', 'ms_2' is missing .*; the table \[\[shadow\]\] of 'm-2' asks"
        ):
            list(files.chunks(desk.folder / name, desk.describe()))
    lines = desk.folder / "a.jsonl"
    frame.write_ndjson(lines)
    with pytest.raises(
        InputInvalid, match=r"column 'score_2' is missing .* name a column it has there, or drop the table"
    ):
        list(files.chunks(lines, desk.describe()))
    frame.hstack(pl.DataFrame(more).drop("cost_2", "ms_2")).write_ndjson(lines)
    assert list(files.chunks(lines, desk.describe())), "a price may be left out, as the stream's own may"
    by_path = replace(desk, rules=SHADOW.replace('"answer_2"', '"other.label"').replace('"score_2"', '"other.sure"'))
    frame.with_columns(other=pl.struct(label=pl.lit("ham"), sur=pl.lit(0.9))).write_ndjson(lines)
    with pytest.raises(
        InputInvalid, match=r"path 'other.sure' leads nowhere .* correct it in the table \[\[shadow\]\] of 'm-2'"
    ):
        list(files.chunks(lines, by_path.describe()))


def test_a_column_of_another_scale_is_refused_before_anything_is_recorded(desk: Desk) -> None:
    with pytest.raises(InputInvalid, match=r"score_2 90 is not .*, as in shadow\[0\]\.scale = \"percent\""):
        desk.arrive("a", 20, 0.9, more=theirs(20, None, dict.fromkeys(range(20), 90.0)))
    assert desk.book.read("SELECT case_id FROM decision").is_empty()
    percent = replace(desk, rules=SHADOW.replace('model = "m-2"', 'model = "m-2"\nscale = "percent"'))
    percent.arrive("a", 20, 0.9, answer=False, more=theirs(20, None, dict.fromkeys(range(20), 90.0)))
    assert set(recorded(desk.book)["score"]) == {0.9}


def test_what_it_said_may_stand_in_another_file(desk: Desk) -> None:
    joined = SHADOW.replace('"answer_2"', '"two.label"').replace('"score_2"', '"two.sure"').split("cost")[0]
    table = '[input.join]\nsource = "two.jsonl"\nid = "case"\nname = "two"\n'
    beside = replace(desk, rules=f"{joined}{table}")
    lines = [{"case": f"a-{n:04d}", "label": "spam", "sure": 0.8} for n in range(30)]
    (desk.folder / "two.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECOND_READER_DATA", str(desk.folder))
        beside.arrive("a", 60, 0.9, answer=False)
    rows = recorded(desk.book)
    first = pl.col("case_id") < "a-0030"
    assert set(rows.filter(first).select("answer", "score").rows()) == {("spam", 0.8)}
    assert set(rows.filter(~first).select("answer", "unscored").rows()) == {(None, "no confidence")}


def test_a_payload_by_reference_from_before_the_table_can_still_be_shown(
    ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file has no such columns, and need not get any."""
    (tmp_path / "inbox").mkdir()
    monkeypatch.setenv("SECOND_READER_DATA", str(tmp_path))
    with desks.opened(ledger_url, tmp_path, monkeypatch) as desk:
        inbox = Inbox(tmp_path, desk.book)
        inbox.run()
        actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)
        inbox.deliver("a.csv")
        inbox.score()
        inbox.recall(inbox.released()[:3])
        run = inbox.run(BY_REFERENCE + SHADOW)
        shown, lost = payloads.pending(run, 1000)
        assert (lost, shown["payload"].null_count()) == (0, 0)


def test_the_report_compares_the_two_and_nobody_ran_a_command_for_it(desk: Desk) -> None:
    desk.arrive("a", 400, 0.9, wrong=60, more=theirs(400, dict.fromkeys(range(60), "spam")))
    (one,) = other_models.of(desk.run(), desk.in_force(), desk.cases())
    cases = recorded(desk.book)["case_id"].to_list()
    wrong = sum(int(case[2:]) < 60 for case in cases)
    assert isinstance(one.paired, Paired)
    assert one.paired.ours == pytest.approx(1 - wrong / len(cases))
    assert (one.paired.theirs, one.asked, one.labels) == (1.0, len(cases), len(cases))
    assert one.threshold == 0.9
    assert (one.cost, one.latency_ms) == pytest.approx((0.002, 120.0))
    labels = evidence.labels(desk.describe(), desk.in_force(), desk.cases(), runs.clock())
    progress = evidence.look(desk.run(), desk.in_force(), desk.cases(), runs.clock())
    whole = measure.gather(desk.run(), desk.in_force(), desk.cases(), progress, labels, runs.clock())
    assert [other["model_id"] for other in as_json.whole(whole)["others"]] == ["m-2"]
    assert "Other models" in report.page(whole)
