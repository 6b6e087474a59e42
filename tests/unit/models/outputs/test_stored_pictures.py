"""A picture in a storage of a cloud is seen where that storage is connected, and nowhere else."""

import polars as pl

from models.config import stream
from models.outputs import stored_pictures
from tests.unit.models.outputs.test_one_label import TEXT

STREAM = stream.parse(TEXT.format(labels='["car", "bus"]').replace('"text"', '"image"'), origin="mail.toml")


def test_what_no_storage_of_the_project_has_is_named_with_the_way_out() -> None:
    pictures = pl.Series(
        [
            "s3://ours/a.png",
            "gs://ours/a.png",
            "azure-blob://box/a.png",
            "https://example.org/a.png",
            "data:image/png;base64,A",
            None,
            " s3://theirs/a.png",
            "s3://our/a.png",
        ]
    )
    reasons = stored_pictures.unseen(pictures, STREAM, {"s3://ours", "azure-blob://box"})
    assert reasons.is_null().to_list() == [True, False, True, True, True, True, False, False]
    assert [stored_pictures.any_in(pictures[:3]), stored_pictures.any_in(pictures[3:6])] == [True, False]
    assert reasons[1] == (
        "image holds 'gs://ours/a.png', and no storage of the project in Label Studio has 'gs://ours': connect it there "
        "(Settings > Cloud Storage > Add Source Storage), or give an http(s) address"
    )
