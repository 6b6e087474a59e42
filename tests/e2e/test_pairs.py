"""Which of two replies is better, asked by the real Label Studio: a side is chosen by its key, and comes home as a column."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from models.answers import record_text
from review.label_studio import pair_fields
from tests.e2e import task_page, test_records
from tests.e2e.browser import PASSWORD, log_in
from tests.e2e.place import Place

OF = ("reply_a", "reply_b")
STREAM = (
    test_records.STREAM.partition("[[field]]")[0].replace(
        'payload = ["text"]', 'payload = ["text", "reply_a", "reply_b"]'
    )
    + """
[[field]]
name = "better"
value = "verdict"
kind = "pair"
of = ["reply_a", "reply_b"]
score = "verdict_conf"

[[field]]
name = "polite"
kind = "yesno"
score = "polite_conf"

[model]"""
    + test_records.STREAM.partition("[model]")[2]
    .replace('kind = "text"', 'kind = "record"')
    .replace("What does the invoice say?", "Which reply is better?")
)


def row(number: int) -> dict[str, Any]:
    return {
        "doc": f"q-{number:03d}",
        "text": f"Where is my parcel {number}?",
        "reply_a": f"Reply A to {number}.\nIt left on Monday, and is with the carrier. Wait until Thursday.",
        "reply_b": f"Reply B to {number}.\nWe do not know.",
        "verdict": "Reply_A" if number % 2 else "reply_b",
        "verdict_conf": 0.6,
        "polite": "yes",
        "polite_conf": 0.5,
    }


def model(case: str) -> str:
    """What the model answered."""
    return "reply_a" if int(case[2:]) % 2 else "reply_b"


def side_of_model(case: str) -> str:
    return "The left one" if pair_fields.sides(OF, case)[0] == model(case) else "The right one"


def open_task(place: Place, label_studio: Any, page: Page, task: int) -> None:
    task_page.opened(place, label_studio, page, task)
    page.wait_for_load_state("networkidle")  # the form is made anew when the list beside it has come
    for name in "AB":
        text(page, name).wait_for()


def text(page: Page, name: str) -> Locator:
    """A reply in the form, not in the list beside it."""
    return page.locator(".lsf-htx-richtext").get_by_text(f"Reply {name} to")


def test_the_better_reply_is_chosen_by_its_side_and_comes_home_as_its_column(
    place: Place, label_studio: Any, page: Page
) -> None:
    (place.home / "streams" / f"{place.name}.toml").write_text(STREAM.format(name=place.name), encoding="utf-8")
    place.deliver("one.jsonl", [row(number) for number in range(24)])
    assert place.cli("init", place.name).code == 0
    assert place.cli("run", place.name).code == 0
    sent = place.rows("SELECT case_id, task_id, blind FROM dispatch ORDER BY task_id")
    assert len({tuple(sorted(task["data"])) for task in place.tasks()}) == 1
    label_studio.add_reviewer("ines@example.com", PASSWORD)
    log_in(page, label_studio.url, "ines@example.com")

    wanted: dict[str, str] = {}  # case -> what the reader means
    for left in OF:  # blind, and each reply once on the left: the reader likes the first reply
        case, task = next((c, t) for c, t, blind in sent if blind and pair_fields.sides(OF, c)[0] == left)
        open_task(place, label_studio, page, task)
        first, second = (text(page, name).bounding_box() for name in "AB")
        assert first
        assert second
        assert first["y"] == second["y"]
        assert (first["x"] < second["x"]) is (left == "reply_a")
        assert page.locator(".lsf-choice__checkbox input:checked").count() == 0
        page.keyboard.press("1" if left == "reply_a" else "2")
        expect(
            page.get_by_role("checkbox", name="The left one" if left == "reply_a" else "The right one")
        ).to_be_checked()
        page.get_by_role("checkbox", name="Yes").click()
        task_page.submitted(page)
        wanted[case] = "reply_a"
    for left in OF:  # assisted, and taken as it is
        case, task = next((c, t) for c, t, blind in sent if not blind and pair_fields.sides(OF, c)[0] == left)
        open_task(place, label_studio, page, task)
        expect(page.get_by_role("checkbox", name=side_of_model(case))).to_be_checked()
        task_page.submitted(page)
        wanted[case] = model(case)
    case, task = next((c, t) for c, t, blind in sent if not blind and c not in wanted)
    open_task(place, label_studio, page, task)
    expect(page.get_by_role("checkbox", name=side_of_model(case))).to_be_checked()
    page.keyboard.press("3")
    expect(page.get_by_role("checkbox", name="Neither is better")).to_be_checked()
    task_page.submitted(page)
    wanted[case] = "tie"

    assert place.cli("collect", place.name).code == 0
    answers = dict(place.rows("SELECT case_id, answer FROM review"))
    assert {case: record_text.values(answer)["better"] for case, answer in answers.items()} == wanted
    predictions = dict(place.rows("SELECT case_id, prediction FROM decision"))
    assisted = {c for c, _, blind in sent if not blind and c in wanted and c != case}
    assert all(answers[one] == predictions[one] for one in assisted)
