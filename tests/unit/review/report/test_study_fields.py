"""The fields of a study of records in words: what a reader of the terminal sees of each."""

import json
import re

from models.planning import record_study, study
from review.report import study_fields
from tests.unit.models.planning.test_record_study import Record, history

SURE: list[Record] = [(0.95, 0.9, True, True)] * 185
UNSURE: list[Record] = [(0.95, 0.3, True, False)] * 40 + [(0.2, 0.9, False, True)] * 20 + [(None, 0.9, True, True)] * 5


def lines(names: tuple[str, ...] = ("vendor", "total"), target: float = 0.1) -> list[str]:
    records = history(SURE + UNSURE)
    result = study.of(records, target=target, delta=0.05)
    by_field = record_study.of(records, names, result)
    assert json.loads(json.dumps(study_fields.as_json(by_field)))["rows"][1]["name"] == names[1]
    return [line.replace("\u00a0", " ") for line in study_fields.lines(by_field, result)]


def test_a_row_says_how_right_a_field_is_how_often_it_decides_and_what_it_alone_could_release() -> None:
    head, columns, vendor, total, whole, left = lines()
    assert "released: records at 0.9 and above, as certified" in head
    rows = [re.sub(" +", " ", row.strip()) for row in (columns, vendor, total)]
    assert rows == [
        "field right 95 % limits if released least sure could go alone certified",
        "vendor 91.8 % 87.6 % to 95.0 % 100 % 8.2 % 98.0 % 90.0 %",
        "total 84.0 % 78.8 % to 88.4 % 100 % 91.8 % 84.0 % 84.0 %",
    ]
    assert whole.startswith("A record goes out whole, by one threshold for all of its fields: 74.0 % of them could.")
    assert whole.endswith("could in 84.0 % or more ('total' least).")
    assert left == "Records that a field leaves to a person: 'vendor' 5."


def test_a_long_name_and_one_with_control_characters_keep_to_their_column() -> None:
    rows = lines(("x" * 60, "a\x1b[2Jb"))
    assert rows[2].startswith(f"{'x' * 17}\u2026  ")
    assert "\x1b" not in "".join(rows)
    assert {len(row) for row in rows[1:4]} == {len(rows[1])}


def test_labels_have_no_fields() -> None:
    result = study.of(history(SURE), target=0.1, delta=0.05)
    assert (study_fields.lines(None, result), study_fields.as_json(None)) == ([], None)
