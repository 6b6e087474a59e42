"""What another model said in columns of the input, of records and beside a model that second-reader applies itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import skops.io as skops_io
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from flows.governance import epochs
from flows.inputs import files
from flows.runtime import settings
from flows.scoring import decide
from review.ledger import ledger
from review.queries import overlap, shadows
from tests.integration import ledger_facts as facts
from tests.integration.desk import ANN

COMMON = """
name = "{name}"
title = "A stream"
{labels}

[input]
source = "{name}.jsonl"
payload = ["page"]

[model]
id = "m-1"
{model}

[review]
kind = "text"
question = "What does it say?"
project = "mail"

[target]
error = 0.1

[costs]
error = 2.0
review_minute = 0.5
"""
FIELDS = """
[[field]]
name = "vendor"
score = "vendor_conf"
same = "folded"

[[field]]
name = "total"
score = "total_conf"
kind = "number"
within = 0.01

[[field]]
name = "order"
required = false
score = "order_conf"
"""
SHADOW = """
[[shadow]]
model = "m-2"
values = { vendor = "v2.vendor", total = "v2.total" }
scores = { vendor = "v2.vendor_conf", total = "v2.total_conf" }
"""


@pytest.fixture
def book(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ledger.Ledger]:
    for name, value in {"LEDGER": ledger_url, "STREAMS": str(tmp_path), "DATA": str(tmp_path)}.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    ledger.migrate(ledger_url)
    with ledger.open(ledger_url) as opened:
        yield opened


def score(book: ledger.Ledger, folder: Path, name: str, text: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """A stream's rows come in and are decided: what the other model said of those that it is asked about."""
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    described = settings.read_stream(name, settings.read())
    epochs.begin_epoch(book, described, ANN)
    for chunk in files.chunks(folder / f"{name}.jsonl", described):
        decide.record.fn(described, "run", chunk)
    assert shadows.wanted(book, name, "m-2").is_empty()
    return book.read(
        "SELECT s.case_id, d.prediction, s.answer, s.score, s.unscored, d.doubt FROM shadow s JOIN decision d "
        "ON d.stream = s.stream AND d.case_id = s.case_id WHERE s.stream = :stream ORDER BY s.case_id",
        stream=name,
    )


def record(number: int, theirs: dict[str, object] | None) -> dict[str, object]:
    ours: dict[str, object] = {"vendor": "ACME", "vendor_conf": 0.9, "total": 12.5, "total_conf": 0.8, "order": None}
    return {"id": f"c-{number:03d}", "page": f"page {number}", "order_conf": 0.9} | ours | {"v2": theirs}


def test_a_record_of_the_other_model_is_written_as_ours_where_it_is_the_same(
    book: ledger.Ledger, tmp_path: Path
) -> None:
    same: dict[str, object] = {"vendor": "acme ", "vendor_conf": 0.7, "total": "12.504", "total_conf": 0.6}
    answers_of = [
        same,
        same | {"total": 99},
        same | {"vendor": None},
        same | {"total": "about 12"},
        same | {"total_conf": None},
        None,
    ]
    rows = [record(n, answers_of[n % 6]) for n in range(180)]
    text = COMMON.format(name="mail", labels="", model="") + FIELDS + SHADOW
    answers = score(book, tmp_path, "mail", text, rows)
    assert answers["doubt"].null_count() == len(answers), "this model's records are as sure as ever"
    by_kind = {int(case[2:]) % 6: (answer, sure, why) for case, _, answer, sure, why, _ in answers.iter_rows()}
    ours = '{"order":null,"total":12.5,"vendor":"ACME"}'
    assert by_kind == {
        0: (ours, 0.6, None),
        1: ('{"order":null,"total":99,"vendor":"ACME"}', 0.6, None),
        2: ('{"order":null,"total":12.5,"vendor":null}', None, "field 'vendor': no value"),
        3: (
            '{"order":null,"total":null,"vendor":"ACME"}',
            None,
            "field 'total': 'about 12' is not a number, as 1250.5, of at most 15 digits",
        ),
        4: (ours, None, "field 'total': no confidence"),
        5: (None, None, "field 'vendor': no value"),
    }
    blind = answers.select("case_id")
    sent = [{"case_id": case, "task_id": n, "blind": True} for n, case in enumerate(blind["case_id"])]
    read = [row | {"annotation_id": row["task_id"], "answer": ours} for row in sent]
    book.append({"dispatch": facts.dispatches(*sent), "review": facts.reviews(*read)}, now=facts.NOW)
    contested = overlap.claims(book, "mail", 0.0).filter("contested")["case_id"]
    assert {int(case[2:]) % 6 for case in contested} == {1, 2, 3}, "a field that is another, and no other spelling"


def test_a_field_that_needs_a_value_and_is_not_named_has_none(book: ledger.Ledger, tmp_path: Path) -> None:
    rows = [record(n, {"total": 12.5}) for n in range(40)]
    table = '[[shadow]]\nmodel = "m-2"\nvalues = { total = "v2.total" }\n'
    answers = score(book, tmp_path, "mail", COMMON.format(name="mail", labels="", model="") + FIELDS + table, rows)
    assert set(answers.select("answer", "unscored").rows()) == {
        ('{"order":null,"total":12.5,"vendor":null}', "field 'vendor': no value")
    }


def test_the_columns_stand_beside_items_that_second_reader_answers_itself(book: ledger.Ledger, tmp_path: Path) -> None:
    own = make_pipeline(CountVectorizer(), LogisticRegression()).fit(
        ["offer now", "hello you"] * 5, ["spam", "ham"] * 5
    )
    (tmp_path / "own.skops").write_bytes(skops_io.dumps(own))
    model = 'file = "own.skops"\nfeatures = ["page"]'
    text = COMMON.format(name="own", labels='labels = ["ham", "spam"]', model=model)
    shadow = '[[shadow]]\nmodel = "m-2"\nprobabilities = ["p_ham", "p_spam"]\n'
    rows: list[dict[str, object]] = [
        {"id": f"c-{n:03d}", "page": f"{'offer now' if n % 2 else 'hello you'} {n}", "p_ham": 0.25, "p_spam": 0.75}
        for n in range(60)
    ]
    answers = score(book, tmp_path, "own", text + shadow, rows)
    assert set(answers.select("answer", "score").rows()) == {("spam", 0.75)}
    assert set(answers["prediction"]) == {"ham", "spam"}
