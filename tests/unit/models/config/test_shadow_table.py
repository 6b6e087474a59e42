"""Another model's columns: the table names its own mistakes, no reader is shown them, and they are no term of an epoch."""

import pytest

from models.config import stream, terms
from models.config.stream import Stream
from models.errors import StreamInvalid
from tests.unit.models.config import test_field_table as records
from tests.unit.models.config.test_stream import MAIL

TABLE = '[[shadow]]\nmodel = "m2"\nprediction = "answer_2"\nconfidence = "score_2"\n'


def parsed(table: str = TABLE, *, mail: str = MAIL) -> Stream:
    return stream.parse(f"{mail}\n{table}", origin="mail.toml")


def test_a_table_says_what_another_model_answered() -> None:
    two = parsed(TABLE + '[[shadow]]\nmodel = "m3"\nprobabilities = ["p"]\ncost = "c"\nlatency_ms = "ms"\n').shadow
    assert [(one.model, one.columns) for one in two] == [("m2", ["answer_2", "score_2"]), ("m3", ["p", "c", "ms"])]
    assert two[1].telling == ["p"], "what it cost tells nobody what it said"
    (of_label,) = parsed(TABLE.replace('"score_2"', '{ of = "bug", column = "p2" }')).shadow
    assert (of_label.confidence, of_label.confidence_of) == ("p2", "bug")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (
            TABLE.replace('"m2"', '"m1"'),
            "shadow[0].model: 'm1' is the stream's own model (model.id); name the other one",
        ),
        (TABLE + TABLE, "shadow[1].model: another table is of 'm2'; give each model one"),
        (TABLE.replace('"m2"', '" "'), 'shadow[0].model = " ": must be the name of a model'),
        (TABLE.replace("confidence", "confidense"), "shadow[0].confidense: no such key; did you mean confidence?"),
        (
            TABLE.replace("[[shadow]]", "[shadow]"),
            'shadow = "...": must be [[shadow]], in double brackets: a table for each',
        ),
        ('[[shadow]]\nmodel = "m2"\n', "shadow[0]: name the prediction column, or the probabilities it follows from"),
        (TABLE + 'probabilities = ["p"]\n', "shadow[0]: give confidence or probabilities, not both"),
        (
            '[[shadow]]\nmodel = "m2"\nprobabilities = ["a", "b", "c"]\n',
            "shadow[0].probabilities: 3 columns for 2 labels; give one column per label, in the order of labels, or one list",
        ),
        (
            '[[shadow]]\nmodel = "m2"\nprediction = "a"\nscale = "percent"\n',
            "shadow[0].scale: speaks of confidence or scores, which are not given; drop it",
        ),
        (
            TABLE.replace('"score_2"', '{ of = "eggs", column = "p" }'),
            "shadow[0].confidence: of = 'eggs': must be one of two labels",
        ),
        (TABLE.replace('"score_2"', '{ of = "bug" }'), 'shadow[0].confidence = "...": must be a column in quotes or'),
        (
            TABLE + 'values = { a = "b" }\n',
            "shadow[0].values: values and scores are of a record, and this stream has labels",
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(table: str, text: str) -> None:
    with pytest.raises(StreamInvalid) as caught:
        parsed(table)
    (line,) = str(caught.value).splitlines()
    assert text in line
    first = MAIL.count("\n") + 2
    assert first <= int(line.split(":")[1]) < first + table.count("\n")


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (
            'prediction = "a"',
            "shadow[0].prediction: this stream has fields; name its columns by field, values = { total = ",
        ),
        ('cost = "c"', 'shadow[0].values: missing; name a column by field, as { total = "..." }'),
        (
            'values = { totl = "t2" }',
            "shadow[0].values: 'totl' is no field of the stream; its fields are total, vendor",
        ),
        ('values = { total = "t2" }\nscores = { x = "s2" }', "shadow[0].scores: 'x' is no field of the stream"),
        ('values = { total = "t2" }\nscores = { vendor = "v2" }', "shadow[0].scores: 'vendor' has no column in values"),
        ('values = { total = "t2" }\nscale = "percent"', "shadow[0].scale: speaks of confidence or scores"),
        ('values = { total = "page" }', "input.payload: shows 'page', which tells m2's answer"),
    ],
)
def test_of_a_record_the_columns_are_named_by_field(table: str, text: str) -> None:
    assert text in records.refused(last=f'[[shadow]]\nmodel = "m2"\n{table}')
    (good,) = records.parsed(
        last='[[shadow]]\nmodel = "m2"\nvalues = { total = "t2" }\nscores = { total = "s2" }'
    ).shadow
    assert good.needed(["vendor"]) == {"t2", "s2"}
    assert good.needed(["total"]) == set()


@pytest.mark.parametrize("column", ["answer_2", "score_2"])
def test_no_reader_is_shown_what_another_model_said(column: str) -> None:
    mail = MAIL.replace('["text"]', f'["text", "{column}"]').replace('kind = "text"', 'kind = "record"')
    with pytest.raises(StreamInvalid, match=f"shows '{column}', which tells m2's answer or how sure it is to a reader"):
        parsed(mail=mail)
    with pytest.raises(StreamInvalid, match="shows 'other', which tells m2's answer"):
        parsed(TABLE.replace("answer_2", "other.label"), mail=MAIL.replace('["text"]', '["other"]'))


def test_a_table_is_no_term_of_an_epoch() -> None:
    assert terms.of(parsed(), None) == terms.of(parsed(""), None)
