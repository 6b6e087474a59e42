"""A new model over the items of the one before: an answer of its own for each, or one line that says what to do."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import dispatch, score
from flows.governance import epochs
from flows.runtime import runs, settings
from flows.scoring import decide
from models.config import stream as streams
from models.errors import InputInvalid
from review.integrity import verify
from review.ledger import ledger

FIELD = Path(__file__).resolve().parents[1] / "field" / "rerun"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ledger.Ledger]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger.migrate(url)
    with ledger.open(url) as opened:
        yield opened


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def scored(book: ledger.Ledger, inbox: Path, model: str) -> dict[str, int]:
    text = (FIELD / "rerun.toml").read_text(encoding="utf-8").replace('id = "m-2"', f'id = "{model}"')
    stream = streams.parse(text, origin="rerun.toml")
    epochs.begin_epoch(book, stream, "ann@example.org")
    url = f"sqlite:///{inbox.parent / 'ledger.db'}"
    config = settings.Settings(ledger=url, data=inbox.parent)
    run = runs.Run(run_id=model, flow="score", started_at=runs.clock(), stream=stream, settings=config, ledger=book)
    return score.record_all(
        run, inbox, lambda stream, run_id, chunk, facts: decide.append(book, stream, run_id, facts, lambda: chunk)
    )


def recorded(book: ledger.Ledger) -> tuple[int, int]:
    return tuple(book.read(f"SELECT count(*) AS n FROM {name}")["n"].item() for name in ("decision", "fault"))


def test_a_new_model_over_the_same_ids_is_refused_with_what_to_do_and_nothing_is_recorded(
    book: ledger.Ledger, inbox: Path
) -> None:
    shutil.copy(FIELD / "v1.jsonl", inbox)
    assert 40 == scored(book, inbox, "m-1")["decided"]
    shutil.copy(FIELD / "v2.jsonl", inbox)
    with pytest.raises(InputInvalid) as caught:
        scored(book, inbox, "m-2")
    assert str(caught.value) == (
        "v2.jsonl: 40 of 40 ids were decided before, by model m-1, and a case is decided once: what m-2 says of them would "
        "be lost, so nothing of this was recorded; give the rows ids of their own, or m-2 a stream of its own, or move the "
        "file away"
    )
    assert (40, 0) == recorded(book)
    assert verify.ledger(book) == []


def test_ids_of_their_own_make_forty_decisions_in_the_new_epoch(book: ledger.Ledger, inbox: Path) -> None:
    shutil.copy(FIELD / "v1.jsonl", inbox)
    scored(book, inbox, "m-1")
    text = (FIELD / "v2.jsonl").read_text(encoding="utf-8").replace('"id": "m', '"id": "second-m')
    (inbox / "v2.jsonl").write_text(text, encoding="utf-8")
    counts = scored(book, inbox, "m-2")
    assert (40, 0) == (counts["decided"], counts["faults"])


def test_one_old_row_among_new_ones_and_other_inputs_under_old_ids_are_faults_and_stop_nothing(
    book: ledger.Ledger, inbox: Path
) -> None:
    shutil.copy(FIELD / "v1.jsonl", inbox)
    scored(book, inbox, "m-1")
    lines = (FIELD / "v2.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    renamed = [line.replace('"id": "m', '"id": "second-m') for line in lines[1:]]
    (inbox / "v2.jsonl").write_text("".join([lines[0], *renamed]), encoding="utf-8")
    others = "".join(line.replace('"text": "', '"text": "another ') for line in lines)
    (inbox / "v3.jsonl").write_text(others, encoding="utf-8")
    counts = scored(book, inbox, "m-2")
    assert (39, 41) == (counts["decided"], counts["faults"])


@pytest.mark.parametrize("fresh", [0, 3])
def test_dispatch_says_before_it_sends_how_many_cases_an_earlier_epoch_decided(
    book: ledger.Ledger, inbox: Path, monkeypatch: pytest.MonkeyPatch, fresh: int
) -> None:
    shutil.copy(FIELD / "v1.jsonl", inbox)
    scored(book, inbox, "m-1")
    ids = book.read("SELECT case_id FROM decision")["case_id"].to_list()
    text = (FIELD / "v2.jsonl").read_text(encoding="utf-8").replace('"id": "m', '"id": "second-m')
    (inbox / "v2.jsonl").write_text(text, encoding="utf-8")
    scored(book, inbox, "m-2")
    new = [f"second-{case}" for case in ids]
    texts: list[str] = []
    monkeypatch.setattr(runs.log, "warning", lambda line, *values: texts.append(line % values))
    stream = streams.parse((FIELD / "rerun.toml").read_text(encoding="utf-8"), origin="rerun.toml")
    config = settings.Settings(ledger=f"sqlite:///{inbox.parent / 'ledger.db'}", data=inbox.parent)
    run = runs.Run(run_id="d", flow="dispatch", started_at=runs.clock(), stream=stream, settings=config, ledger=book)
    now = runs.policy_in_force(book, stream).epoch_id
    dispatch.tell_earlier(run, [*ids, *new[:fresh]], now)
    dispatch.tell_earlier(run, new, now)
    (line,) = texts
    assert line.startswith(
        f"dispatch {stream.name}: 40 of {40 + fresh} cases that go to people were decided in an earlier"
    )
