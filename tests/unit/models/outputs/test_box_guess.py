"""A box in a table of outputs: which columns, in which unit, and what tells the cases apart."""

import tomllib

import polars as pl
import pytest

from models import columns
from models.outputs import box_guess, first_stream


def table(scale: float = 1.0, **more: object) -> pl.DataFrame:
    rows = [
        {"image": f"https://example.org/{n // 2}.jpg", "label": ("car", "person")[n % 2], "score": 0.5 + n / 100}
        | {"x": scale * (5 + n), "y": scale * 9, "width": scale * 20.5, "height": scale * 20, "note": f"n {n % 3}"}
        | more
        for n in range(12)
    ]
    return pl.DataFrame(rows)


def written(frame: pl.DataFrame) -> dict[str, dict[str, object]]:
    return tomllib.loads(first_stream.guess(frame, name="boxes", source="inbox").text)


@pytest.mark.parametrize(("scale", "unit"), [(1.0, {}), (0.01, {"unit": "share"}), (10.0, {"unit": "pixels"})])
def test_columns_of_a_box_beside_a_picture_are_the_key_and_tell_the_cases_apart(
    scale: float, unit: dict[str, str]
) -> None:
    text = written(table(scale))
    assert text["review"]["kind"] == "image"
    assert text["review"]["box"] == {"x": "x", "y": "y", "width": "width", "height": "height"} | unit
    assert text["input"]["id"] == ["image", "x", "y"]
    assert text["input"]["payload"] == ["image"]


def test_other_names_and_paths_are_known_and_an_id_stays() -> None:
    names = {"x": "bbox.left", "y": "bbox.top", "width": "bbox.w", "height": "bbox.h"}
    text = written(table().rename(names).with_columns(id=pl.int_range(12)))
    assert text["review"]["box"] == names
    assert text["input"]["id"] == "id"


def test_without_a_picture_or_a_side_there_is_no_box() -> None:
    assert "box" not in written(table().drop("height"))["review"]
    assert "box" not in written(table().with_columns(image=pl.lit("a text")))["review"]


def test_on_a_picture_within_the_table_no_box_is_shown_and_it_is_no_part_of_an_id() -> None:
    frame = table().with_columns(image=pl.lit("data:image/png;base64," + "A" * 1000))
    texts = columns.text(frame)
    box = box_guess.of(texts, ["x", "y", "width", "height"])
    assert box is not None
    assert box_guess.telling_apart(texts, "image", box) == []
    assert "box" not in written(frame)["review"]
