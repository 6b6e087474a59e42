"""A labelled history of records, read by the rules of its stream: what is right, how sure, and what is left out."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.inputs import files
from flows.planning import study as studies
from flows.planning import study_records
from models.answers import record_text
from models.config.box_table import Box
from models.config.stream import Stream
from models.errors import InputInvalid, Misuse
from models.outputs import contract, field_same
from models.planning import record_labels, study
from models.planning.labelled import Columns
from tests.unit.flows.planning.test_study_field import FIELD
from tests.unit.models.planning.test_record_labels import ROW, described

ODD: list[dict[str, Any]] = [
    {},
    {"truth_vendor": "acme."},
    {"truth_total": "13"},
    {"truth_order": None},
    {"order": None, "order_p": None, "truth_order": None},
    {"order": None, "order_p": None},
    {"vendor": None, "truth_vendor": None},
    {"amount": "a lot"},
    {"amount_p": None},
    {"vendor_p": "sure"},
    {"vendor": None, "amount": None, "order": None},
]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(ROW | row) + "\n" for row in rows))
    return path


def read(
    path: Path, pattern: str = record_labels.PATTERN, stream: Stream | None = None, **columns: Any
) -> studies.History:
    return study_records.read(path, stream or described(), pattern, Columns(**columns))


def by_field(history: studies.History) -> pl.DataFrame:
    assert history.records is not None
    return history.records


def test_score_and_a_study_agree_on_what_is_right_and_on_the_confidence(tmp_path: Path) -> None:
    rows = [row | {"id": f"r{place}", "page": f"page {place}"} for place, row in enumerate(ODD)]
    path, stream = lines(tmp_path / "h.jsonl", rows), described()
    chunks = [chunk.frame for chunk in files.chunks(path, stream)]
    cases = contract.validate(pl.concat(chunks), stream, source="h.jsonl").cases
    fields = {field.name: field for field in stream.field}

    def right(prediction: str | None, row: dict[str, Any]) -> bool:
        total = row["truth_total"]
        people = {"vendor": row["truth_vendor"], "total": float(total), "order": row["truth_order"]}
        return prediction == record_text.answered(
            prediction, people, lambda name, ours, theirs: field_same.same(ours, theirs, fields[name])
        )

    expected = [right(cases["prediction"][place], ROW | row) for place, row in enumerate(rows)]
    assert {True, False} == set(expected)
    history = read(path)
    assert history.cases["right"].to_list() == expected
    assert history.cases["confidence"].to_list() == cases["raw_score"].to_list()
    assert (history.left_out.unscored, history.left_out.first_reason) == (5, cases["doubt"].drop_nulls()[0])


def test_rows_without_right_values_and_with_unreadable_ones_are_left_out_and_counted(tmp_path: Path) -> None:
    nothing = {"truth_vendor": None, "truth_total": None, "truth_order": None}
    history = read(lines(tmp_path / "h.jsonl", [{}, nothing, nothing, {"truth_total": "?"}]))
    left = history.left_out
    assert (len(history.cases), left.unlabelled, left.unread) == (1, 2, 1)
    assert left.first_unread == "truth_total: '?' is not a number, as 1250.5, of at most 15 digits"


def test_a_field_without_right_values_is_named(tmp_path: Path) -> None:
    pl.DataFrame([ROW]).drop("truth_order").write_csv(tmp_path / "h.csv")
    history = read(tmp_path / "h.csv")
    assert history.notes == (
        "No right values are there of 'order': a record counts as right where all other fields are",
    )
    assert by_field(history)["right 2"].to_list() == [None]


def test_right_values_may_stand_within_an_object_of_each_row(tmp_path: Path) -> None:
    row = {name: value for name, value in ROW.items() if not name.startswith("truth")}
    truths = [{"vendor": "ACME", "total": 12.5, "order": "A-1"}, {"vendor": "ACME", "total": 12.5, "order": None}]
    path = tmp_path / "h.jsonl"
    path.write_text("".join(json.dumps(row | {"truth": truth}) + "\n" for truth in truths))
    assert read(path, "truth.{field}").cases["right"].to_list() == [True, False]


def test_a_history_is_read_as_its_name_says_where_the_stream_reads_another_kind_of_file(tmp_path: Path) -> None:
    stream = described()
    jsonl = stream.model_copy(update={"input": stream.input.model_copy(update={"format": "jsonl", "rows": "traces"})})
    pl.DataFrame([ROW]).write_csv(tmp_path / "h.csv")
    assert read(tmp_path / "h.csv", stream=jsonl).cases["right"].to_list() == [True]


def test_what_else_the_stream_says_of_answers_is_read_where_it_is_there(tmp_path: Path) -> None:
    stream = described()
    keys = {"model": "model", "group": "customer"}
    named = stream.model_copy(update={"input": stream.input.model_copy(update=keys)})
    path = lines(tmp_path / "h.jsonl", [{}, {}])
    assert (read(path, stream=named).group, read(path, stream=named).left_out.unscored) == (None, 0)
    rows = [{"model": model, "customer": "c"} for model in ("m-1", "m-1", "m-0")]
    history = read(lines(tmp_path / "with.jsonl", rows), stream=named)
    assert (history.group, history.cases["group"].n_unique()) == ("customer", 1)
    assert history.left_out.first_reason == "model 'm-0' answered, not 'm-1'"
    assert read(tmp_path / "with.jsonl", stream=named, group="").group is None


def test_a_history_may_hold_what_the_model_was_shown_and_nothing_that_names_an_item(tmp_path: Path) -> None:
    rows = [{"text": f"page {place}"} for place in range(40)]
    assert read(lines(tmp_path / "h.jsonl", rows)).cases["right"].to_list() == [True] * 40
    history = read(lines(tmp_path / "twice.jsonl", rows + rows))
    assert any("Column 'text' has 40 values in 80 labelled rows" in note for note in history.notes)


def test_rows_of_one_item_are_one_unit_and_known_chances_are_weighted(tmp_path: Path) -> None:
    nothing = {"truth_vendor": None, "truth_total": None, "truth_order": None}
    rows = [{"doc_id": f"d{place // 2}", "odds": 0.5} | (nothing if place // 2 % 2 else {}) for place in range(200)]
    history = read(lines(tmp_path / "h.jsonl", rows), chance="odds")
    assert (history.group, len(history.cases), history.cases["group"].n_unique()) == ("doc_id", 200, 100)
    assert history.cases["right"].drop_nulls().to_list() == [True] * 100
    assert by_field(history)["score 1"].to_list() == [0.8] * 200


def test_rows_of_one_id_are_one_unit_whatever_the_stream_calls_it(tmp_path: Path) -> None:
    stream = described()
    named = stream.model_copy(update={"input": stream.input.model_copy(update={"id": "invoice"})})
    path = lines(tmp_path / "h.jsonl", [{"invoice": f"R-{place // 2}"} for place in range(40)])
    history = read(path, stream=named)
    assert (history.group, history.cases["group"].n_unique()) == ("invoice", 20)
    assert read(path, stream=named, group="").group is None


@pytest.mark.parametrize(
    ("rows", "pattern", "why"),
    [
        (
            [{}],
            "people_{field}",
            "no field of stream 'receipts' has a right value, for there is no column 'people_vendor'",
        ),
        (
            [{"truth_vendor": None, "truth_total": None, "truth_order": None}],
            "truth_{field}",
            "no row has a right value in",
        ),
        (
            [{"truth_total": "?"}],
            "truth_{field}",
            r"no row has a right value that can be read \(the first: truth_total: '\?'",
        ),
        ([{"vendor": None}], "truth_{field}", r"no record can be scored \(the first: field 'vendor': no value\)"),
        ([{"vendor_p": "0.8"}, {"vendor_p": "37"}], "truth_{field}", "line 2: vendor_p 37 is not from 0 to 1"),
    ],
)
def test_a_history_that_says_nothing_is_refused_in_one_line(
    tmp_path: Path, rows: list[dict[str, Any]], pattern: str, why: str
) -> None:
    with pytest.raises(InputInvalid, match=why) as caught:
        read(lines(tmp_path / "h.jsonl", rows), pattern)
    assert "\n" not in str(caught.value)


def test_right_values_that_are_the_models_own_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"--truth '\{field\}' names, for field 'vendor', the column 'vendor'"):
        read(lines(tmp_path / "h.jsonl", [{}]), "{field}")


def test_sets_of_labels_are_as_right_as_a_study_of_lists_says() -> None:
    flags = (
        '[[field]]\nname = "flags"\nkind = "set"\nlabels = ["harassment", "hate", "violence", "none"]\nscore = "score"'
    )
    path = FIELD / "multilabel" / "a.jsonl.gz"
    history = read(path, "truth", described(flags))
    lists = studies.read(path, Columns(prediction="flags", confidence="score"))
    assert history.cases.equals(lists.cases.select(history.cases.columns))
    assert study.of(history.cases, target=0.05, delta=0.05).accuracy.value == pytest.approx(0.9735)


def test_a_history_may_lack_the_box_that_people_were_shown(tmp_path: Path) -> None:
    plain = described()
    box = Box(x="x", y="y", width="w", height="h")
    shown = plain.review.model_copy(update={"kind": "image", "box": box})
    path = lines(tmp_path / "h.jsonl", ODD)
    assert read(path, stream=plain.model_copy(update={"review": shown})).cases.equals(read(path).cases)
