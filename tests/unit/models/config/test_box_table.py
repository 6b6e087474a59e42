"""The table [review.box]: four columns, on a picture and nowhere else, and none of them the answer."""

from typing import Any

import pytest

from models.config import stream as streams
from models.config import terms
from models.errors import StreamInvalid

STREAM = """name = "boxes"
title = "Boxes"
{labels}
[input]
source = "inbox"
id = ["image", "x", "y"]
{answer}
payload = ["image"]
[model]
id = "m-1"
[review]
kind = "{kind}"
box = {{ {box} }}
question = "What is it?"
project = "Boxes"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 1.0
"""
BOX = 'x = "x", y = "y", width = "width", height = "height"'
PLAIN = {"labels": 'labels = ["person", "car"]', "answer": 'prediction = "label"\nconfidence = "score"'}


def described(box: str = BOX, kind: str = "image", **more: str) -> streams.Stream:
    return streams.parse(STREAM.format(**(PLAIN | more), box=box, kind=kind), origin="boxes.toml")


def test_people_are_shown_the_picture_and_the_four_columns_of_its_box() -> None:
    built = described()
    assert built.shown == ["image", "x", "y", "width", "height"]
    assert built.review.box is not None
    assert built.review.box.unit == "percent"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"kind": "text"}, 'review.box: lies on a picture, and review.kind is "text"; drop it, or make that "image"'),
        (
            {"box": BOX.replace('"y"', '"x"')},
            "review.box: x, y, width and height must be four columns, and none of them input.payload",
        ),
        (
            {"box": BOX.replace('"y"', '"image"')},
            "review.box: x, y, width and height must be four columns, and none of them input.payload",
        ),
        ({"box": BOX.replace('x = "x"', 'x = "score"')}, "review.box: shows 'score', which tells the model's answer"),
        ({"box": BOX.partition(",")[0]}, "review.box.y: missing; add this key"),
        ({"box": BOX + ', unit = "inch"'}, "must be 'percent', 'share' or 'pixels'"),
        ({"box": BOX + ', angle = "a"'}, "review.box.angle: no such key"),
        (
            {"labels": '[[field]]\nname = "cars"\nkind = "boxes"\nlabels = ["car", "bus"]\nscore = "s"', "answer": ""},
            "review.box: on a picture with its box nothing can be marked, as field 'cars' asks for; drop one of them",
        ),
    ],
)
def test_what_does_not_go_with_a_box_is_one_line(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StreamInvalid) as refusal:
        described(**more)
    assert sentence in str(refusal.value)


def test_a_record_on_a_picture_may_have_a_box() -> None:
    built = described(labels='[[field]]\nname = "plate"\nscore = "s"', answer="")
    assert built.shown[-1] == "height"


@pytest.mark.parametrize(
    ("box", "sentence"),
    [
        (BOX + ', unit = "share"', "the file's review.box.unit is 'share', that of the epoch in force 'percent'"),
        (BOX.replace('x = "x"', 'x = "left"'), "the file's review.box.x is 'left', that of the epoch in force 'x'"),
    ],
)
def test_another_box_opens_a_new_epoch(box: str, sentence: str) -> None:
    before = terms.of(described(), None)
    assert terms.differs(terms.of(described(box), None), before) == sentence


def test_a_first_box_opens_a_new_epoch_and_a_stream_without_one_has_the_terms_it_had() -> None:
    text = STREAM.format(**PLAIN, box=BOX, kind="image")
    bare = streams.parse(text.replace(f"box = {{ {BOX} }}\n", ""), origin="boxes.toml")
    before = terms.of(bare, None)
    assert not any(key.startswith("review.box") for key in before)
    assert terms.differs(terms.of(described(), None), before) == (
        "the file's review.box.x is 'x', that of the epoch in force not given"
    )
