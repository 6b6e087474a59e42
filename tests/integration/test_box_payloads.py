"""The box of a case on its picture: part of the payload that the ledger keeps, or reads again from the file."""

import json
from typing import Any

import pytest

from flows.governance import actions, epochs
from flows.planning import shadows
from flows.scoring import payloads
from models.errors import InputInvalid
from review.integrity import verify
from review.label_studio import task_data
from tests.integration.desk import ANN, WHY
from tests.integration.inbox import BY_REFERENCE, Inbox

BOX = 'kind = "image"\nbox = { x = "at.x", y = "at.y", width = "at.w", height = "at.h", unit = "share" }'
STREAM = BY_REFERENCE.replace('kind = "text"', BOX.replace("{", "{{").replace("}", "}}")).replace(
    '["text"]', '["image"]'
)
PICTURES = 20


def rows() -> list[dict[str, Any]]:
    """Two boxes on each picture."""
    return [
        {"id": f"c-{n:02d}", "label": "ham", "score": 0.9, "image": f"https://example.org/{n // 2}.jpg"}
        | {"at": {"x": 0.1 + 0.5 * (n % 2), "y": 0.25, "w": 0.125, "h": 0.5}}
        for n in range(2 * PICTURES)
    ]


def deliver(inbox: Inbox, sent: list[dict[str, Any]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in sent)
    (inbox.folder / "inbox" / "a.jsonl").write_text(text, encoding="utf-8")


@pytest.fixture
def boxes(inbox: Inbox) -> Inbox:
    """The stream with a box, which releases what has a confidence of 0.5."""
    epochs.begin_epoch(inbox.book, inbox.run(STREAM).stream, ANN)
    actions.adopt("mail", 0.5, by=ANN, because=WHY, uncertified=True)
    return inbox


def test_a_recalled_box_is_read_again_from_its_file_and_one_that_moved_is_not_shown(boxes: Inbox) -> None:
    deliver(boxes, rows())
    boxes.score(text=STREAM)
    released = boxes.released()
    boxes.recall(released)
    run = boxes.run(STREAM)
    there, lost = payloads.pending(run, 1000)
    assert (len(there), lost) == (2 * PICTURES, 0)
    for case_id, payload in there.select("case_id", "payload").iter_rows():
        x = 0.1 + 0.5 * (int(case_id[2:]) % 2)
        shown = json.loads(payload)
        assert {"at.h": "0.5", "at.w": "0.125", "at.x": f"{x:g}", "at.y": "0.25"}.items() <= shown.items()
        assert f"left: {100 * x:g}%; top: 25%" in str(task_data.data(run.stream, shown, case_id)["picture"])
    assert boxes.book.read("SELECT DISTINCT group_id FROM decision").height == 2 * PICTURES

    moved = rows()
    place = int(released[0][2:])
    moved[place]["at"]["x"] += 0.125
    deliver(boxes, moved)
    there, lost = payloads.pending(run, 1000)
    assert (len(there), lost) == (2 * PICTURES - 1, 1)
    assert released[0] not in there["case_id"].to_list()
    assert verify.ledger(boxes.book) == []


def test_a_row_without_its_box_is_a_rejected_row_and_a_file_in_another_unit_is_refused(boxes: Inbox) -> None:
    sent = rows()
    del sent[3]["at"]["w"]
    deliver(boxes, sent)
    run = boxes.run(STREAM)
    boxes.score(text=STREAM)
    assert boxes.book.read("SELECT case_id FROM decision").height == 2 * PICTURES - 1
    assert [(line, reason) for _, line, reason in boxes.faults()] == [
        (
            4,
            "at.x = 0.6, at.y = 0.25, at.w = missing, at.h = 0.5: no box that can be shown; give numbers in shares of the "
            "picture, 0 to 1, and within it, width and height above 0",
        )
    ]
    pixels = [row | {"id": f"p-{row['id']}", "at": {"x": 300, "y": 20, "w": 40, "h": 40}} for row in rows()]
    deliver(boxes, pixels)
    with pytest.raises(InputInvalid, match=r"none of .* rows has a box in shares of the picture"):
        boxes.score(text=STREAM)
    assert boxes.book.read("SELECT case_id FROM decision").height == 2 * PICTURES - 1
    assert run.stream.shown == ["image", "at.x", "at.y", "at.w", "at.h"]


def test_a_box_may_stand_in_the_other_file(boxes: Inbox) -> None:
    text = STREAM.replace("at.", "request.").replace('["image"]', '["request.image"]')
    text = text.replace("\n[model]", '\n[input.join]\nsource = "requests.jsonl"\nid = "id"\n\n[model]', 1)
    wanted = [{"id": row["id"], "image": row["image"]} | row.pop("at") for row in rows()]
    requests = "".join(json.dumps(row) + "\n" for row in wanted)
    (boxes.folder / "requests.jsonl").write_text(requests, encoding="utf-8")
    deliver(boxes, [{"id": row["id"], "label": "ham", "score": 0.4} for row in rows()])
    epochs.begin_epoch(boxes.book, boxes.run(text).stream, ANN)
    boxes.score(text=text)
    payload = json.loads(boxes.book.read("SELECT payload FROM decision ORDER BY case_id")["payload"][1])
    assert payload == {
        "request.image": "https://example.org/0.jpg", "request.x": "0.6", "request.y": "0.25", "request.w": "0.125",
        "request.h": "0.5",
    }  # fmt: skip
    assert boxes.faults() == []


def test_another_model_is_asked_about_the_box_and_need_not_repeat_it(boxes: Inbox) -> None:
    deliver(boxes, [row | {"score": 0.4} for row in rows()])
    boxes.score(text=STREAM)
    cases = boxes.book.read("SELECT case_id FROM decision WHERE blind OR route = 'REVIEW'")["case_id"].to_list()
    boxes.run(STREAM)  # its stream file is there
    file = boxes.folder / "said.jsonl"
    answers = [{"case_id": case, "label": "spam", "score": 0.9} for case in cases]
    file.write_text("".join(json.dumps(row) + "\n" for row in answers), encoding="utf-8")
    shadows.record("mail", file, "m-2")
    assert boxes.book.read("SELECT case_id FROM shadow WHERE model_id = 'm-2'").height == len(cases) > 0
    shadows.asked("mail", "m-3", boxes.folder / "ask.jsonl")
    lines = (boxes.folder / "ask.jsonl").read_text(encoding="utf-8").splitlines()
    assert all(set(json.loads(line)) == {"case_id", "image", "at.x", "at.y", "at.w", "at.h"} for line in lines)
