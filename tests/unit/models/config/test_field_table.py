"""The table [[field]]: what fits each kind, and one line for what does not."""

import pytest

from models.config import stream as streams
from models.config import terms
from models.config.field_table import FieldTable
from models.config.stream import Stream
from models.errors import StreamInvalid

TEXT = """
name = "invoices"
title = "Invoices"
{labels}
[input]
source = "inbox"
payload = ["page"]
{input}
[[field]]
name = "total"
score = "total_conf"
{field}
[[field]]
name = "vendor"
{second}
[model]
id = "m1"
[review]
kind = "text"
question = "What does it say?"
project = "Invoices"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 1.0
{last}
"""


def parsed(**parts: str) -> Stream:
    empty = dict.fromkeys(("labels", "input", "field", "second", "last"), "")
    return streams.parse(TEXT.format(**(empty | parts)), origin="invoices.toml")


def refused(**parts: str) -> str:
    with pytest.raises(StreamInvalid) as caught:
        parsed(**parts)
    return str(caught.value)


def test_a_field_is_a_text_read_from_the_column_of_its_name_and_compared_as_it_stands() -> None:
    total, vendor = parsed().field
    assert (total.column, total.kind, total.compared, total.required) == ("total", "text", "exact", True)
    assert (vendor.score, vendor.scale) == (None, "unit")


@pytest.mark.parametrize(
    ("kind", "compared"),
    [
        ('kind = "choice"\nlabels = ["a", "b"]', "exact"),
        ('kind = "choice"\nlabels = ["a", "b"]\nsame = "folded"', "folded"),
        ('kind = "set"\nlabels = ["a", "b"]', "set"),
        ('same = "edits"\nwithin = 2', "edits"),
        ('kind = "number"\nwithin = 0.01', "within"),
        ('kind = "date"\nformat = "%d.%m.%Y"', "within"),
        ('kind = "yesno"', "exact"),
        ('kind = "rating"\nmost = 3', "within"),
    ],
)
def test_each_kind_has_a_way_to_compare(kind: str, compared: str) -> None:
    assert parsed(field=kind).field[0].compared == compared


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ('kind = "choice"', 'labels: missing, and kind = "choice" needs them, as ["yes", "no"]'),
        (
            'labels = ["a", "b"]',
            'field[0].labels: go with kind = "choice" or "set" or "spans" or "boxes"; this is "text": drop them',
        ),
        ('same = "set"', 'field[0].same = "set": of kind "text", two values are compared by "exact" or "folded"'),
        ("within = 2", "field[0].within: says how far apart numbers, days or edits may be"),
        ('same = "edits"', 'field[0].within: same = "edits" needs the number of edits'),
        ('format = "%Y-%m-%d"', 'field[0].format: goes with kind = "date"'),
        ('kind = "date"\nformat = "%d/%m"', 'field[0].format = "%d/%m": must hold %Y, %m and %d'),
        ("overlap = 0.4", 'field[0].overlap: goes with same = "overlap", and this is compared by "exact"'),
        ('unit = "share"', 'field[0].unit: goes with kind = "boxes"'),
        (
            'kind = "boxes"\nlabels = ["a", "b"]',
            'field[0].kind: "boxes" needs review.kind = "image", and that is "text"',
        ),
        ("most = 3", 'field[0].most: goes with kind = "rating"'),
        ('kind = "invoice"', 'field[0].kind = "invoice": must be'),
        (
            'kind = "choice"\nlabels = ["Bug", "bug"]\nsame = "folded"',
            "field[0].same = \"folded\": 'Bug' and 'bug' are",
        ),
        ('kind = "choice"\nlabels = ["a", "a"]', "field[0].labels: every label once"),
        ('kind = "choice"\nlabels = { names = ["a", "b"] }', "field[0].labels: must be a list"),
        ('kind = "date"\nformat = "%Y%m%d %H"', "must be of a date alone"),
        ('kind = "date"\nformat = "%%Y-%m-%d"', "must be of a date alone"),
    ],
)
def test_a_key_that_does_not_fit_the_kind_is_one_line(field: str, sentence: str) -> None:
    assert sentence in refused(field=field)


PAIR = 'kind = "pair"\nof = ["page", "other"]'


def pairs(field: str = PAIR, *, payload: str = '["page", "other"]', kind: str = "record") -> str:
    text = TEXT.format(**(dict.fromkeys(("labels", "input", "second", "last"), "") | {"field": field}))
    return text.replace('payload = ["page"]', f"payload = {payload}").replace('kind = "text"', f'kind = "{kind}"')


def test_a_pair_is_of_two_columns_that_people_are_shown() -> None:
    field = streams.parse(pairs(), origin="arena.toml").field[0]
    assert (field.options, field.compared) == (("page", "other", "tie"), "exact")
    assert "of = ['page', 'other']" in field.terms()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (pairs('kind = "pair"'), 'field[0].of: missing, and kind = "pair" needs the columns of the two texts'),
        (pairs('of = ["page", "other"]'), 'field[0].of: goes with kind = "pair"; this is "text": drop it'),
        (pairs('kind = "pair"\nof = ["page"]'), "field[0].of: must be two columns"),
        (pairs('kind = "pair"\nof = ["page", "page"]'), "field[0].of: must be two columns"),
        (pairs('kind = "pair"\nof = ["page", "tie"]'), 'neither of them called "tie"'),
        (pairs('kind = "pair"\nof = ["page", "Tie"]'), "field[0].of: 'Tie' and 'tie' are written alike"),
        (pairs(PAIR + "\nrequired = false"), 'field[0].required: a pair always has a value, which is "tie"'),
        (pairs(PAIR + '\nlabels = ["a", "b"]'), 'this is "pair": drop them'),
        (pairs(PAIR + '\nsame = "folded"'), 'field[0].same = "folded": of kind "pair", two values are compared by'),
        (pairs(payload='["page"]'), "field[0].of: people are shown 'other'; put it into input.payload too"),
        (
            pairs(payload='["page"]', kind="text"),
            'field[0].kind: "pair" needs review.kind = "record", and that is "text"',
        ),
        (pairs('kind = "pair"\nof = ["page", "total"]', payload='["page", "total"]'), "shows 'total', which tells"),
    ],
)
def test_a_pair_that_people_could_not_be_shown_is_one_line(text: str, sentence: str) -> None:
    with pytest.raises(StreamInvalid) as caught:
        streams.parse(text, origin="arena.toml")
    assert sentence in str(caught.value)


def test_a_scale_needs_a_score() -> None:
    assert "field[1].scale: speaks of score, which is not given; drop it" in refused(second='scale = "percent"')


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"labels": 'labels = ["a", "b"]'}, "labels: a stream has either labels or fields; give one of them"),
        ({"input": 'prediction = "total"'}, "input.prediction: the fields say what the model answered"),
        ({"input": 'confidence = "p"'}, "input.confidence: the fields say"),
        ({"input": 'score = "margin"'}, "input.score: the fields say"),
        ({"last": '[policy]\nper_class = "joint"'}, "policy.per_class: the fields say"),
        ({"last": '[[field]]\nname = "vendor"'}, "field[2]: another field is called 'vendor'"),
    ],
)
def test_a_record_has_fields_instead_of_labels(parts: dict[str, str], sentence: str) -> None:
    assert sentence in refused(**parts)


def test_a_stream_without_labels_and_fields_says_what_to_give() -> None:
    text = TEXT.format(**dict.fromkeys(("labels", "input", "field", "second", "last"), ""))
    bare = "\n".join(line for line in text.splitlines() if not line.startswith(("[[field", 'name = "t', "score")))
    bare = bare.replace('name = "vendor"', "")
    with pytest.raises(StreamInvalid, match=r"labels: missing; add this key, or a table \[\[field\]\] for each"):
        streams.parse(bare, origin="invoices.toml")


def test_the_payload_does_not_show_what_a_field_is_read_from() -> None:
    with pytest.raises(StreamInvalid, match=r"input\.payload: shows 'total', which tells the model's answer"):
        streams.parse(
            TEXT.format(**dict.fromkeys(("labels", "input", "field", "second", "last"), "")).replace(
                'payload = ["page"]', 'payload = ["total"]'
            ),
            origin="invoices.toml",
        )


def test_single_brackets_are_named() -> None:
    with pytest.raises(StreamInvalid, match=r"must be \[\[field\]\], in double brackets"):
        streams.parse('name = "a"\n[field]\nname = "x"\n', origin="a.toml")


def test_how_a_field_is_read_and_compared_is_a_term_of_the_epoch() -> None:
    now = terms.of(parsed(), None)
    then = terms.of(parsed(field='kind = "number"\nwithin = 0.01'), None)
    assert now["field"] == [["name = total", "score = total_conf"], ["name = vendor"]]
    assert terms.differs(now, then) is not None
    assert "field" not in terms.of(
        parsed().model_copy(update={"field": [], "labels": ["a", "b"]}), None
    )  # epochs opened before there were fields go on


def test_a_field_alone_is_checked_as_in_a_file() -> None:
    with pytest.raises(ValueError, match="most: goes with"):
        FieldTable(name="total", most=3)


def test_a_field_may_have_a_target_stricter_than_the_records() -> None:
    stream = parsed(field="error = 0.01")
    assert [field.error for field in stream.field] == [0.01, None]
    assert (stream.least_error, parsed().least_error) == (0.01, 0.05)
    assert "error = 0.01" in terms.of(stream, None)["field"][0]


def test_a_target_that_every_field_keeps_anyway_is_refused() -> None:
    assert "field[0].error: 0.05 is not below target.error = 0.05, which each field keeps anyway" in refused(
        field="error = 0.05"
    )


ROWS = 'kind = "rows"\ncolumns = { item = "text", price = "number" }\n'


def test_rows_have_columns_in_the_order_of_the_file() -> None:
    (field, _) = parsed(field=f"{ROWS}within = 0.01\nerror = 0.1\ngraded = true").field
    assert (list(field.columns or {}), field.compared, field.graded) == (["item", "price"], "rows", True)


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ('kind = "rows"', 'columns: missing, and kind = "rows" needs them, as { item = "text", price = "number" }'),
        ('columns = { a = "text" }', 'columns: go with kind = "rows"; this is "text": drop them'),
        ('kind = "rows"\ncolumns = { a = "date" }', "must be 'text' or 'number'"),
        ("graded = true\nerror = 0.01", 'graded: goes with kind = "rows" or "spans" or "boxes" and an error'),
        (f"{ROWS}graded = true", 'this is "rows", without an error'),
    ],
)
def test_what_does_not_go_with_rows_is_named(field: str, sentence: str) -> None:
    assert sentence in refused(field=field)


def test_a_target_of_a_field_is_one_that_change_detection_can_watch() -> None:
    assert "error = 0.7: must be below 0.666667" in refused(field=f"{ROWS}error = 0.7\ngraded = true")


def test_a_record_needs_a_field_that_is_right_or_wrong() -> None:
    graded = f"{ROWS}error = 0.1\ngraded = true"
    text = TEXT.format(**dict.fromkeys(("labels", "input", "second", "last"), ""), field=graded)
    alone = text.replace('[[field]]\nname = "vendor"\n', "")
    with pytest.raises(StreamInvalid, match="this stream has no other; drop graded"):
        streams.parse(alone, origin="invoices.toml")
