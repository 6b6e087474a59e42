"""A header that a stream cannot read is refused in one line that names the column."""

from pathlib import Path

import polars as pl
import pytest

from flows.inputs import files, headers, samples
from models.errors import InputInvalid, StreamInvalid
from tests.unit.flows.inputs.test_paths import described

FILE = Path("mail.csv")


def test_a_header_with_all_that_is_read_is_taken() -> None:
    headers.check(FILE, ["id", "label", "more"], ["label", "id"])


@pytest.mark.parametrize(
    ("present", "wanted", "message"),
    [
        (["id", "a", "a"], ["id"], "column 'a' stands twice in the header"),
        (["id", "__second_reader_line"], ["id"], "has a name we keep for ourselves"),
        (["id", "labels"], ["id", "label"], r"column 'label' is missing \(the file has 'labels', \.\.\.\)"),
        ([], ["id"], r"column 'id' is missing \(the file has no columns\)"),
    ],
)
def test_another_is_refused(present: list[str], wanted: list[str], message: str) -> None:
    with pytest.raises(InputInvalid, match=message):
        headers.check(FILE, present, wanted)


def test_of_many_names_the_first_are_shown_and_of_a_long_one_its_start() -> None:
    assert headers.quoted([str(n) for n in range(12)]).endswith("'9', and 2 more")
    assert headers.quoted(["x" * 100]) == repr("x" * 60 + "...")


@pytest.mark.parametrize("name", ["*", "^i.*$"])
def test_a_name_that_polars_takes_for_several_columns_is_refused_where_it_is_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(StreamInvalid, match="must be the name of one column"):
        described(f"prediction = 'l'\npayload = ['t', '{name}']\n")
    stream = described('prediction = "l"\npayload = ["t"]\n')
    table = pl.DataFrame({"id": ["1"], "l": ["yes"], "t": ["x"], name: ["p"]})
    table.write_csv(tmp_path / "a.csv")
    with pytest.raises(InputInvalid, match="has a name that stands for several columns; rename it"):
        list(files.chunks(tmp_path / "a.csv", stream))
    table.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputInvalid, match="has a name that stands for several columns; rename it"):
        samples.first(tmp_path / "a.parquet", rows=10)
    assert len(list(files.chunks(tmp_path / "a.parquet", stream))) == 1
