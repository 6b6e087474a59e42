"""The page of a picture with its box: the frame where it belongs, the same in every task, and nothing of an address runs."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from models.config.stream import Stream
from review.label_studio import boxed_picture, labeling_config, record_form, task_data

BAD = "https://example.org/a.png?a=1&b='\"><script>go()</script><img src=x onerror=go()>\n"
BOX = ["53", "54", "20", "20.5"]


class Tags(HTMLParser):
    """The tags of a page, in their order, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    return [one for one in Tags(text).tags if one[0] not in ("meta", "style")]


def test_the_frame_lies_over_the_picture_in_percent_of_it() -> None:
    assert tags(boxed_picture.page("https://example.org/a.png", BOX, "percent")) == [
        ("div", {"class": "on fit"}),
        ("img", {"alt": "", "src": "https://example.org/a.png"}),
        ("div", {"class": "box", "style": "left: 53%; top: 54%; width: 20%; height: 20.5%"}),
    ]
    shares = boxed_picture.page("https://example.org/a.png", ["0.53", "0.54", "0.2", "0.205"], "share")
    assert shares == boxed_picture.page("https://example.org/a.png", BOX, "percent")


def test_in_pixels_the_picture_is_not_fitted_and_a_line_says_where_the_box_begins() -> None:
    page = boxed_picture.page("https://example.org/a.png", BOX, "pixels")
    assert "begins 53 pixels from the left and 54 from the top" in page
    assert [tag for tag, _ in tags(page)] == ["p", "div", "div", "img", "div"]
    assert tags(page)[-1][1]["style"] == "left: 53px; top: 54px; width: 20px; height: 20.5px"
    assert "fit" not in str([attributes.get("class") for _, attributes in tags(page)])


@pytest.mark.parametrize("unit", ["percent", "pixels"])
@pytest.mark.parametrize(
    "address", [BAD, f"data:image/png;base64,{BAD}", "'", '"', "\"'", "</div></p>", "javascript:go()"]
)
def test_an_address_is_one_attribute_whatever_stands_in_it(address: str, unit: str) -> None:
    built = tags(boxed_picture.page(address, BOX, "percent"))
    ((_, attributes),) = [one for one in built if one[0] == "img"]
    assert attributes == {"alt": "", "src": address.strip()}
    assert [tag for tag, _ in built] == [tag for tag, _ in tags(boxed_picture.page("a", BOX, "percent"))]


def test_the_page_loads_pictures_and_nothing_else() -> None:
    assert "default-src 'none'; img-src http: https:;" in boxed_picture.page("a", BOX, "percent")


def test_a_case_from_before_the_stream_had_a_box_says_that_it_has_none() -> None:
    page = boxed_picture.page("https://example.org/a.png", [None] * 4, "percent")
    assert "It is not known where the box of this case lies: skip the case" in page
    assert 'class="box"' not in page


def stream(**more: object) -> Stream:
    return Stream.model_validate(
        {
            "name": "boxes",
            "title": "Boxes",
            "input": {"source": "inbox", "payload": ["image"]},
            "model": {"id": "m1"},
            "review": {
                "kind": "image",
                "question": "What is it?",
                "project": "Boxes",
                "box": {"x": "x", "y": "y", "width": "w", "height": "h"},
            },
            "target": {"error": 0.05},
            "costs": {"error": 1.0, "review_minute": 1.0},
        }
        | more
    )


LABELS = stream(
    labels=["car", "person"],
    input={"source": "inbox", "prediction": "label", "confidence": "score", "payload": ["image"]},
)
RECORD = stream(
    field=[{"name": "Plate", "score": "s"}, {"name": "Sort", "kind": "choice", "labels": ["a", "b"], "score": "t"}]
)
PAYLOAD = {"image": "https://example.org/a.png", "x": "53", "y": "54", "w": "20", "h": "20.5"}


def test_a_blind_task_and_an_assisted_one_have_the_same_data_and_no_prediction_of_a_box() -> None:
    blind = task_data.data(LABELS, PAYLOAD, "c-1", "car", blind=True)
    assert blind == task_data.data(LABELS, PAYLOAD, "c-1", "car", blind=False)
    assert blind == {"picture": boxed_picture.page("https://example.org/a.png", BOX, "percent")}
    assert [item["type"] for item in task_data.prefill(LABELS, "car", "c-1")] == ["choices"]


@pytest.mark.parametrize("config", [labeling_config.config(LABELS), record_form.config(RECORD)])
def test_every_control_speaks_of_the_picture_with_its_box(config: str) -> None:
    tree = ElementTree.fromstring(config)  # noqa: S314 - ours
    assert [one.attrib for one in tree.iter("HyperText")] == [
        {"name": "subject", "value": "$picture", "valueType": "text"}
    ]
    assert {one.get("toName") for one in tree.iter() if one.get("toName")} == {"subject"}
    assert list(tree.iter("Image")) == []


def test_a_record_s_task_has_the_picture_with_its_box() -> None:
    data = task_data.data(RECORD, PAYLOAD, "c-1", None)
    assert data["picture"] == boxed_picture.page("https://example.org/a.png", BOX, "percent")
