"""Numbers of classes are read by the names that a Parquet file keeps beside them, as `datasets` 5.2.0 writes them."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.inputs import files, first_stream
from flows.runtime import settings
from models.errors import InputInvalid
from models.outputs.known_format import Known
from tests.unit.flows.inputs.format_runs import cases
from tests.unit.flows.inputs.test_files import MAIL

NAMED = MAIL.model_copy(
    update={"input": MAIL.input.model_copy(update={"prediction": "class_name(label)", "slices": []})}
)
FEATURES = {
    "text": {"dtype": "string", "_type": "Value"},
    "label": {"names": ["bug", "question"], "_type": "ClassLabel"},
}


def wrote(path: Path, *, metadata: str | None = None, rows: int = 3) -> Path:
    columns = {
        "id": [str(n) for n in range(rows)],
        "text": [f"text {n}" for n in range(rows)],
        "label": pa.array([[1, 0, -1][n % 3] for n in range(rows)], pa.int64()),
        "score": [0.5 + n / 100 for n in range(rows)],
    }
    message = json.dumps({"info": {"features": FEATURES}}) if metadata is None else metadata
    pq.write_table(pa.table(columns).replace_schema_metadata({"huggingface": message}), path, row_group_size=2)
    return path


def test_numbers_are_read_as_names_and_minus_one_is_no_label(tmp_path: Path) -> None:
    wrote(tmp_path / "a.parquet")
    (chunk,) = files.chunks(tmp_path, NAMED)
    assert ["question", "bug", None] == chunk.frame["class_name(label)"].to_list()
    (piece,) = files.pieces(tmp_path, NAMED)
    (again,) = files.read(piece)
    assert again.frame.equals(chunk.frame)
    (picked,) = files.picked(tmp_path, "a.parquet", NAMED, pl.Series([2]))
    assert ["bug"] == picked["class_name(label)"].to_list()


@pytest.mark.parametrize("metadata", ["", "{", "[]", '{"info": {"features": []}}', '{"info": 1}', "[" * 100_000])
def test_a_file_without_names_is_one_line(tmp_path: Path, metadata: str) -> None:
    wrote(tmp_path / "a.parquet", metadata=metadata)
    with pytest.raises(InputInvalid, match="column 'label' has no names of classes in the file's metadata"):
        list(files.chunks(tmp_path, NAMED))
    assert 3 == sum(len(chunk.frame) for chunk in files.chunks(tmp_path, MAIL_WITHOUT_SLICES))


MAIL_WITHOUT_SLICES = MAIL.model_copy(update={"input": MAIL.input.model_copy(update={"slices": []})})


def test_guess_reads_such_columns_by_their_names(tmp_path: Path) -> None:
    config = settings.Settings(streams=tmp_path / "streams", data=tmp_path)
    wrote(tmp_path / "a.parquet", rows=30)
    first_stream.write("mail", tmp_path / "a.parquet", config, Known(target=0.1, error=1.0, minute=1.0))
    stream = settings.read_stream("mail", config)
    assert ("class_name(label)", ["bug", "question"]) == (stream.input.prediction, stream.labels)
    assert 20 == cases(tmp_path / "a.parquet", stream)["doubt"].null_count()
