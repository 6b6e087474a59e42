"""A picture that no reader can open is refused, not put before one."""

import json
from pathlib import Path

import polars as pl
import pytest

from models.config.box_table import Box
from models.config.stream import Stream
from models.errors import InputInvalid
from models.outputs import contract

BOXES = Path(__file__).resolve().parents[3] / "field" / "boxes" / "a.jsonl"
STREAM = Stream.model_validate(
    {
        "name": "boxes",
        "title": "Boxes",
        "labels": ["person", "car"],
        "input": {"source": "inbox", "prediction": "label", "confidence": "score", "payload": ["image"]},
        "model": {"id": "m-1"},
        "review": {"kind": "image", "question": "What is it?", "project": "Boxes"},
        "target": {"error": 0.05},
        "costs": {"error": 1.0, "review_minute": 1.0},
    }
)
SHOWN = [
    "https://example.org/a.jpg",
    "HTTP://example.org/a.jpg",
    "data:image/png;base64,iVBORw0KGgo=",
    "s3://bucket/a.jpg",
    "/data/upload/3/a.jpg",
]


def validated(*images: object) -> contract.Validated:
    rows = {"id": [f"c-{n}" for n in range(len(images))], "label": "person", "score": 0.9}
    frame = pl.DataFrame(rows).with_columns(image=pl.Series(images, dtype=pl.String))
    return contract.validate(frame, STREAM, source="a.jsonl")


def test_a_column_of_paths_is_refused_in_one_line_with_what_to_do() -> None:
    rows = [json.loads(line) for line in BOXES.read_text(encoding="utf-8").splitlines()]
    with pytest.raises(InputInvalid) as refusal:
        validated(*(row["image"] for row in rows))
    assert str(refusal.value) == (
        "a.jsonl: column 'image' holds paths, such as 'frames/frame_00000.jpg', that no reader's browser can open: "
        "give an http(s) address, or the picture itself as data:image/png;base64,..."
    )


def test_a_path_among_pictures_is_a_fault_of_its_row() -> None:
    result = validated(*SHOWN, "frames/b.jpg", "file:///srv/c.jpg", "C:\\d.png", None)
    assert result.cases["case_id"].to_list() == [f"c-{n}" for n in range(len(SHOWN))]
    assert [str(reason).partition(",")[0] for reason in result.faults["reason"]] == [
        "image holds 'frames/b.jpg'",
        "image holds 'file:///srv/c.jpg'",
        "image holds 'C:\\d.png'",
        "missing payload (image)",
    ]


def test_of_a_stream_of_pdfs_a_row_without_one_is_a_fault_and_a_column_without_any_is_refused() -> None:
    pdf = "data:application/pdf;base64,JVBERi0="
    shown = STREAM.model_copy(update={"review": STREAM.review.model_copy(update={"kind": "pdf"})})

    def read(*values: str) -> contract.Validated:
        ids = [f"c-{n}" for n in range(len(values))]
        frame = pl.DataFrame({"id": ids, "label": "person", "score": 0.9, "image": values})
        return contract.validate(frame, shown, source="a.jsonl")

    result = read(pdf, "scans/a.pdf", pdf.replace(";", ";name=a.pdf;", 1))
    assert result.cases["case_id"].to_list() == ["c-0", "c-2"]
    assert result.faults["reason"].to_list() == [
        "image holds 'scans/a.pdf', a text that is no PDF: give the PDF itself as data:application/pdf;base64,..."
    ]
    with pytest.raises(
        InputInvalid, match=r"column 'image' holds texts, such as 'a.pdf', that are no PDFs: give the PDF"
    ):
        read(*["a.pdf"] * 4)


def test_with_a_box_a_picture_needs_an_address() -> None:
    boxed = STREAM.model_copy(
        update={"review": STREAM.review.model_copy(update={"box": Box(x="x", y="y", width="width", height="height")})}
    )
    rows = {"id": [f"c-{n}" for n in range(len(SHOWN))], "image": SHOWN, "label": "person", "score": 0.9}
    frame = pl.DataFrame(rows).with_columns(x=10.0, y=10.0, width=5.0, height=5.0)
    result = contract.validate(frame, boxed, source="a.jsonl")
    assert result.cases["case_id"].to_list() == ["c-0", "c-1"]
    assert result.faults["reason"][0] == (
        "image holds 'data:image/png;base64,iVBORw0KGgo=', a picture that has no address and so cannot be shown with its box: "
        "give an http(s) address, or cut the box out as a picture of its own and drop review.box"
    )
    with pytest.raises(InputInvalid, match=r"holds pictures, such as .* that have no address and so cannot be shown"):
        contract.validate(frame.with_columns(image=pl.lit(SHOWN[2])), boxed, source="a.jsonl")
