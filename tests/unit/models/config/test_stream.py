"""A stream file names its own mistakes: file, line, key, value, what is allowed."""

from pathlib import Path

import pytest

from models.config import cron, stream
from models.errors import StreamInvalid

EXAMPLES = sorted((Path(__file__).parents[4] / "deploy" / "streams").glob("*.toml"))
MAIL = """\
name = "mail"
title = "Mail"
labels = ["bug", "question"]

[input]
source = "inbox/mail"
prediction = "label"
confidence = "score"
payload = ["text"]

[model]
id = "m1"

[review]
kind = "text"
question = "What is it?"
project = "Mail"

[target]
error = 0.05

[costs]
error = 2
review_minute = 0.5

[policy]
audit_rate = 0.1
"""


NAMES = 'names = ["bug", "question"]'


def problems(old: str, new: str) -> list[str]:
    assert old in MAIL
    with pytest.raises(StreamInvalid) as caught:
        stream.parse(MAIL.replace(old, new), origin="mail.toml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_are_streams(path: Path) -> None:
    assert stream.parse(path.read_text(encoding="utf-8"), origin=path.name).name == path.stem


def test_a_stream_holds_what_its_file_says_and_defaults_for_the_rest() -> None:
    mail = stream.parse("\ufeff" + MAIL, origin="mail.toml")
    assert (mail.labels, mail.costs.error, mail.policy.audit_rate) == (["bug", "question"], 2.0, 0.1)
    assert (mail.input.id, mail.policy.blind_rate, mail.review.queue_depth) == ("id", 0.2, 200)


@pytest.mark.parametrize("column", ["label", "score", "p1"])
def test_what_a_reader_is_shown_names_neither_the_answer_nor_how_sure_it_is(column: str) -> None:
    how = 'probabilities = ["p1", "p2"]' if column == "p1" else 'confidence = "score"'
    text = MAIL.replace('confidence = "score"', how).replace('["text"]', f'["text", "{column}"]')
    with pytest.raises(StreamInvalid, match=f"mail.toml:9: input.payload: shows '{column}'"):
        stream.parse(text.replace('kind = "text"', 'kind = "record"'), origin="mail.toml")


def test_a_confidence_can_be_the_probability_of_one_of_two_labels() -> None:
    table = MAIL.replace('confidence = "score"', 'confidence = { of = "question", column = "p" }')
    value = stream.parse(table, origin="mail.toml").input
    assert (value.confidence, value.confidence_of) == ("p", "question")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("error = 0.05", "error = 0.667", ": target.error = 0.667: must be below 0.666667"),
        ("audit_rate = 0.1", "era_days = 4000", ": policy.era_days = 4000: must be at most 3650"),
        ("audit_rate = 0.1", "max_silence = 1e6", ": policy.max_silence = 1000000.0: must be at most 3650"),
        (
            'kind = "text"',
            'kind = "text"\ndeadline_hours = 1e6',
            ": review.deadline_hours = 1000000.0: must be at most 87600",
        ),
    ],
)
def test_what_no_flow_could_count_with_is_refused_at_the_file(old: str, new: str, text: str) -> None:
    (line,) = problems(old, new)
    assert line.startswith("mail.toml:")
    assert line.endswith(text)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('["bug", "question"]', '["bug", "bug"]', "mail.toml:3: labels: every label once"),
        (
            'confidence = "score"',
            'confidence = "score"\nprobabilities = ["p"]',
            "mail.toml:5: input: give confidence or probabilities, not both",
        ),
        (
            'confidence = "score"',
            'probabilities = ["a", "b", "c"]',
            "mail.toml:8: input.probabilities: 3 columns for 2 labels; "
            "give one column per label, in the order of labels, or one list column",
        ),
        (
            'prediction = "label"\nconfidence = "score"\n',
            "",
            "mail.toml:5: input: name the prediction column, or the probabilities it follows from",
        ),
        ('id = "m1"', 'id = "m1"\nfile = "m.skops"', "mail.toml:11: model: file and features come together"),
        (
            'payload = ["text"]',
            'payload = ["text", "sender"]',
            "mail.toml:9: input.payload: kind 'text' shows one column; use kind 'record' for several",
        ),
    ],
)
def test_tables_that_do_not_agree_name_the_line(old: str, new: str, text: str) -> None:
    assert problems(old, new) == [text]


RULES = """
[[never_release]]
code = "large"
when = "total > 100"

[[never_release]]
code = "far"
when = "country = 'XK'"

[[always_audit]]
code = "vip"
when = "vip"
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('code = "large"\n', "", "mail.toml:29: never_release[0].code: missing; add this key"),
        (
            'code = "far"',
            'kode = "far"',
            "mail.toml:34: never_release[1].kode: no such key; did you mean code? allowed here: code, when",
        ),
        (
            'code = "vip"',
            'code = "far"',
            "mail.toml:37: always_audit[0]: another rule has the code 'far'; give each its own",
        ),
        (
            "country = 'XK'",
            "country ~ 'XK'",
            "mail.toml:35: never_release[1].when = \"country ~ 'XK'\": cannot be read from \"~ 'XK'\" on;",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_names_its_line(old: str, new: str, message: str) -> None:
    text = MAIL + RULES
    assert old in text
    with pytest.raises(StreamInvalid) as raised:
        stream.parse(text.replace(old, new), origin="mail.toml")
    assert message in str(raised.value)


@pytest.mark.parametrize("line", ["", "* * * *", "* * * * * *", "@daily"])
def test_a_schedule_has_five_fields(line: str) -> None:
    with pytest.raises(ValueError, match="must have five fields"):
        cron.five_fields(line)


def test_labels_are_a_list_or_a_table_with_other_spellings() -> None:
    table = 'labels = { names = ["bug", "question"], fold = true, also = { bug = ["defect"] } }'
    plain = stream.parse(MAIL, origin="mail.toml")
    mail = stream.parse(MAIL.replace('labels = ["bug", "question"]', table), origin="mail.toml")
    assert plain.labels == mail.labels == ["bug", "question"]
    texts = ("defect", "Question.", "bug", "x")
    assert [plain.rule.label(text) for text in texts] == [None, None, "bug", None]
    assert [mail.rule.label(text) for text in texts] == ["bug", "question", "bug", None]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("fold = true", 'mail.toml:30: labels = "...": must name the labels, names = ["...", "..."]'),
        (f'{NAMES}\nfold = "yes"', 'mail.toml:32: labels.fold = "yes": must be true or false'),
        (
            f"{NAMES}\nfolds = true",
            "mail.toml:32: labels.folds: no such key; did you mean fold? allowed here: names, fold, also",
        ),
        (f"{NAMES}\n[labels.also]\nbug = 'x'", 'mail.toml:33: labels.also.bug = "x": must be a list, ["...", "..."]'),
        (
            f"{NAMES}\n[labels.also]\nbag = ['x']",
            "mail.toml:32: labels.also: 'bag' is none of the labels; give the spellings of one of them",
        ),
    ],
)
def test_what_is_wrong_with_the_table_of_labels_names_its_line(table: str, message: str) -> None:
    text = MAIL.replace('labels = ["bug", "question"]\n', "\n") + "\n\n[labels]\n" + table
    with pytest.raises(StreamInvalid) as caught:
        stream.parse(text, origin="mail.toml")
    assert str(caught.value) == message


def test_there_is_no_limit_to_labels_but_one_to_lines_and_what_is_wrong_with_them_is_a_short_line() -> None:
    many = "labels = [" + ", ".join(f'"Home > Group {n // 40} > Leaf {n}"' for n in range(1_200))
    assert len(stream.parse(MAIL.replace('labels = ["bug", "question"', many), origin="mail.toml").labels) == 1_200
    (line,) = problems('labels = ["bug", "question"', many + ', "x "')
    assert line == 'mail.toml:3: labels[1200] = "x ": must be one line of text without spaces at its ends'
    reported = problems('labels = ["bug", "question"]', many.replace("[", "{ fold = [", 1) + "] }")
    assert max(map(len, reported)) < 250
    assert "(1200 entries): must be true or false" in reported[1]
    text = MAIL.replace('labels = ["bug", "question"', many).replace("audit_rate = 0.1", 'per_class = "each"')
    with pytest.raises(
        StreamInvalid, match=r"policy\.per_class: a line for each of 1200 labels is too many; at most 200"
    ):
        stream.parse(text, origin="mail.toml")
