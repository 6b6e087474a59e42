"""Which names a history has, as columns or as paths, before it is read by them."""

from pathlib import Path

import polars as pl

from flows.inputs import present
from tests.unit.models.planning.test_record_labels import described

WANTED = ["truth_total", "truth.total", "truth.order", "truth.gone"]


def names(path: Path) -> list[str]:
    stream = described('[[field]]\nname = "vendor"')
    bare = stream.input.model_copy(update={"id": "vendor", "payload": ["vendor"]})
    return present.names(path, WANTED, stream.model_copy(update={"input": bare}))


def test_a_column_is_there_by_its_name_in_every_kind_of_file(tmp_path: Path) -> None:
    rows = pl.DataFrame({"vendor": ["a"], "truth_total": ["1"], "truth.total": ["2"]})
    rows.write_csv(tmp_path / "a.csv")
    rows.write_parquet(tmp_path / "a.parquet")
    rows.write_ndjson(tmp_path / "a.jsonl")
    for name in ("a.csv", "a.parquet", "a.jsonl"):
        assert names(tmp_path / name) == ["truth_total", "truth.total"]


def test_a_path_is_there_if_a_row_has_its_last_name_and_be_it_with_a_null(tmp_path: Path) -> None:
    lines = ['{"vendor": "a", "truth": {"total": 5, "order": null}}', '{"vendor": "b", "truth": null}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n")
    assert names(tmp_path / "a.jsonl") == ["truth.total", "truth.order"]
    pl.DataFrame({"vendor": ["a"], "truth": [{"total": 5}]}).write_parquet(tmp_path / "a.parquet")
    assert names(tmp_path / "a.parquet") == ["truth.total"]


def test_of_a_folder_one_file_that_has_a_name_is_enough(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("vendor\nx\n")
    (tmp_path / "b.csv").write_text("vendor,truth_total\nx,1\n")
    assert names(tmp_path) == ["truth_total"]
