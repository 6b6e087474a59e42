"""Boxes that no reader would see are refused, and the key that shows them is named."""

import polars as pl
import pytest

from models.config import stream
from models.outputs import unseen_box
from tests.unit.models.outputs.test_one_label import TEXT

IMAGE = TEXT.format(labels='["car", "person"]').replace('kind = "text"', 'kind = "image"')
IMAGE = IMAGE.replace('payload = ["text"]', 'payload = ["image"]')
MARKED = IMAGE.replace('labels = ["car", "person"]\n', "").replace('prediction = "label", confidence = "score", ', "")
MARKED += '[[field]]\nname = "marks"\nkind = "boxes"\nlabels = ["a", "b"]\n'
SAMPLED = IMAGE.replace(', confidence = "score"', "") + "[score.samples]\n"
ANSWERED = MARKED.partition("[[field]]")[0] + "".join(
    f'[[field]]\nname = "{side}"\nkind = "number"\n' for side in ("x", "y", "width", "height")
)
BOX = 'under [review]: box = { x = "x", y = "y", width = "width", height = "height" }'
ROWS = pl.DataFrame(
    [
        {"id": n, "image": f"https://example.org/{n // 2}.jpg", "label": "car", "score": 0.5}
        | {"x": n, "y": 9, "width": 20, "height": 31}
        for n in range(12)
    ]
)


def described(text: str = IMAGE) -> stream.Stream:
    return stream.parse(text, origin="mail.toml")


def test_pictures_with_several_boxes_are_refused_with_the_key_that_shows_them() -> None:
    refused = unseen_box.refusal(ROWS, described())
    assert refused is not None
    assert refused.startswith("6 of 6 pictures in column 'image' (input.payload) have several boxes")
    assert refused.endswith(f"to show it write {BOX}")


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (ROWS, IMAGE.replace('kind = "image"', 'kind = "image",' + BOX.partition(":")[2])),
        (ROWS, IMAGE.replace('kind = "image"', 'kind = "text"')),
        (ROWS.drop("height"), IMAGE),
        (ROWS.head(8), IMAGE),  # four pictures may be a slip
        (ROWS.with_columns(image=pl.col("image") + "?" + pl.col("id").cast(pl.String)), IMAGE),
        (ROWS.with_columns(pl.lit(1).alias("x")), IMAGE),  # the same box in each row
        (ROWS.clear(), IMAGE),
        (ROWS, MARKED),
        (ROWS.with_columns(model=pl.col("id") % 2), IMAGE.replace("payload", 'model = "model", payload')),
        (ROWS, SAMPLED),
        (ROWS, ANSWERED),
    ],
)
def test_a_box_that_is_shown_or_that_nobody_can_mistake_is_no_trouble(rows: pl.DataFrame, text: str) -> None:
    assert unseen_box.refusal(rows, described(text)) is None


def test_ids_that_do_not_tell_the_boxes_apart_are_named_with_the_key_and_a_row_without_a_box_changes_nothing() -> None:
    by_picture = ROWS.with_columns(id=pl.col("image"))
    without = ROWS.with_columns(pl.when(pl.col("id") == 0).then(None).otherwise("x").alias("x"))
    refused = unseen_box.refusal(by_picture, described())
    assert refused is not None
    assert refused.endswith(f'write input.id = ["id", "x", "y"], and {BOX}')
    assert unseen_box.refusal(without, described()) is not None


def test_a_picture_within_the_table_needs_an_address_for_its_box() -> None:
    within = ROWS.with_columns(image=pl.lit("data:image/png;base64,AAAA"))
    key = unseen_box.key(within, described())
    assert key == f"{BOX}, and give the pictures as http(s) addresses"
