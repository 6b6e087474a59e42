"""Formats by name: each reads the lines its platform documents, and hands what failed to people with the platform's reason."""

import re
from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files
from flows.runtime import presets
from models.errors import InputInvalid
from tests.unit.flows.inputs import formats_page
from tests.unit.flows.inputs.format_cases import CASES
from tests.unit.flows.inputs.format_runs import cases, described, wrote


def test_every_format_has_a_case_of_its_own() -> None:
    assert presets.names() == sorted(CASES)


@pytest.mark.parametrize("name", CASES)
def test_what_was_answered_is_scored_and_what_failed_is_a_case_for_people_with_the_reason(
    name: str, tmp_path: Path
) -> None:
    case = CASES[name]
    found = cases(wrote(case, tmp_path), described(name, case, tmp_path))
    scored = {
        row[0]: row[1:]
        for row in found.filter(pl.col("doubt").is_null()).select("case_id", "prediction", "raw_score").rows()
    }
    assert case.scored == scored
    people = found.filter(pl.col("doubt").is_not_null())
    assert case.people == dict(people.select("case_id", "doubt").rows())
    assert people["raw_score"].null_count() == len(people)
    assert 0 == found["payload"].null_count()


@pytest.mark.parametrize("name", CASES)
def test_a_file_of_something_else_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    content, said = case.junk
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / case.junk_name).write_bytes(content)
    with pytest.raises(InputInvalid, match=said) as refused:
        list(files.chunks(tmp_path / "inbox", described(name, case, tmp_path)))
    assert "\n" not in str(refused.value)
    assert re.search(re.escape(case.junk_name), str(refused.value))


def test_the_page_says_what_the_formats_came_to() -> None:
    text = formats_page.PAGE.read_text(encoding="utf-8")
    assert text == formats_page.page(text), "run: python -m tests.unit.flows.inputs.formats_page"
