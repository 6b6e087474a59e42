"""A file that a stream reads by names it does not have, and that is of a format known by name."""

import pytest

from flows.inputs import files
from models.config import stream
from models.errors import InputInvalid
from tests.integration.test_first_look import FIELD, STREAM


@pytest.mark.parametrize(
    ("folder", "columns", "sign", "format_", "file"),
    [
        (
            "bedrock",
            'id = "recordId"\nprediction = "modelOutput"\nconfidence = "sure"',
            "'recordId && modelInput'",
            "bedrock-batch",
            "records.jsonl and 1 more",
        ),
        (
            "comprehend",
            'id = "File"\nprediction = "Classes"\nconfidence = "Score"',
            "'File && Classes'",
            "comprehend",
            "predictions.jsonl",
        ),
    ],
)
def test_a_file_of_a_format_that_is_read_by_other_names_is_refused_with_the_formats_name(
    folder: str, columns: str, sign: str, format_: str, file: str
) -> None:
    payload = columns.partition('"')[2].partition('"')[0]
    text = STREAM.format(name="mail", labels='["yes", "no"]', columns=f'{columns}\npayload = ["{payload}"]')
    described = stream.parse(text, origin="mail.toml")
    with pytest.raises(InputInvalid, match="is missing") as refused:
        next(files.chunks(FIELD / folder, described))
    line = str(refused.value)
    assert f"rows of {file} have {sign}, as those of Amazon" in line
    assert line.endswith(
        f'`second-reader guess {FIELD / folder}` writes a stream file that reads them, with input.format = "{format_}"'
    )
