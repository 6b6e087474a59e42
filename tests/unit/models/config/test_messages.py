"""What is wrong with a stream file is said a line each: file, line, key, value, what is allowed."""

import pytest

from tests.unit.models.config.test_stream import problems


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("audit_rate = 0.1", "audit_rate = 1.5", "mail.toml:27: policy.audit_rate = 1.5: must be at most 1"),
        ("audit_rate = 0.1", "audit_rate = 0", "mail.toml:27: policy.audit_rate = 0: must be above 0"),
        ("audit_rate = 0.1", 'audit_rate = "10%"', 'mail.toml:27: policy.audit_rate = "10%": must be a number'),
        ("error = 2", "error = inf", "mail.toml:23: costs.error = Infinity: must be a finite number"),
        ("error = 0.05", "error = 1.0", "mail.toml:20: target.error = 1.0: must be below 0.666667"),
        (
            'kind = "text"',
            'kind = "video"',
            "mail.toml:15: review.kind = \"video\": must be 'text', 'image', 'pdf', 'html' or 'record'",
        ),
        ('id = "m1"', "id = 7", "mail.toml:12: model.id = 7: must be a text in quotes"),
        ('id = "m1"', 'id = ""', 'mail.toml:12: model.id = "": must not be shorter than 1'),
        (
            'payload = ["text"]',
            'payload = ["text"]\npayload_by = "name"',
            "mail.toml:10: input.payload_by = \"name\": must be 'value' or 'reference'",
        ),
        (
            'payload = ["text"]',
            'payload = ["text"]\nfailed = [{ when = "error" }]',
            "mail.toml:10: input.failed[0].says: missing; add this key",
        ),
        (
            'payload = ["text"]',
            'payload = "text"',
            'mail.toml:9: input.payload = "text": must be a list, ["...", "..."]',
        ),
        (
            'payload = ["text"]',
            'payload = ["text", "text"]',
            'mail.toml:9: input.payload = ["text", "text"]: must name each column once',
        ),
        (
            'payload = ["text"]',
            'payload = ["label"]',
            "mail.toml:9: input.payload: shows 'label', which tells the model's answer or how sure it is to a reader who must "
            "not know it; leave it out (who is to see the answer has it beside the payload; a value to correct is a [[field]])",
        ),
        (
            "[policy]",
            '[release]\nwebhook = "https://ann:s3cret@example.com/"\n[policy]',
            'mail.toml:27: release.webhook = "https://...@example.com/": must hold no account, password or fragment; what proves '
            "the sender is the signature",
        ),
        (
            'confidence = "score"',
            'confidence = { of = "bug" }',
            'mail.toml:8: input.confidence = "...": must be a column in quotes or, for the probability of a label, '
            '{ of = "...", column = "..." }',
        ),
        (
            'confidence = "score"',
            'confidence = { of = "praise", column = "p" }',
            "mail.toml:8: input.confidence: of = 'praise': must be one of two labels; of more, give a confidence of the answer, "
            "or probabilities",
        ),
        (
            'confidence = "score"',
            'confidence = { of = "bug", column = "p" }\nscale = "real"',
            'mail.toml:9: input.scale: "real" is no probability, and input.confidence is that of a label',
        ),
        (
            'labels = ["bug", "question"]',
            'labels = ["bug", " question"]',
            'mail.toml:3: labels[1] = " question": must be one line of text without spaces at its ends',
        ),
        (
            'name = "mail"',
            'name = "Mail!"',
            'mail.toml:1: name = "Mail!": must be small letters, digits and hyphens, a letter first, at most 40',
        ),
        (
            "[policy]",
            '[schedule]\nscore = "* * * *"\n\n[policy]',
            'mail.toml:27: schedule.score = "* * * *": must have five fields: minute, hour, day of '
            'month, month, day of week; "*/5 * * * *"',
        ),
        (
            "[policy]",
            '[schedule]\ntimezone = "Mars/Base"\n\n[policy]',
            'mail.toml:27: schedule.timezone = "Mars/Base": must be a time zone, as in "Europe/Berlin" or "UTC"',
        ),
    ],
)
def test_a_wrong_value_names_its_line_and_what_is_allowed(old: str, new: str, text: str) -> None:
    assert problems(old, new) == [text]


def test_an_unknown_key_names_its_line_and_the_closest_one() -> None:
    (line,) = problems("audit_rate = 0.1", "audit_rat = 0.1")
    assert line == (
        "mail.toml:27: policy.audit_rat: no such key; did you mean audit_rate? "
        "allowed here: audit_rate, audit_bands, blind_rate, cold_blind_rate, per_class, group_size, era_days, max_silence"
    )


def test_a_missing_key_names_its_table() -> None:
    assert problems('source = "inbox/mail"\n', "") == ["mail.toml:5: input.source: missing; add this key"]
    assert problems('[model]\nid = "m1"', "") == ["mail.toml:1: model: missing; add the table [model]"]


def test_text_that_is_not_toml_names_its_line() -> None:
    (line,) = problems('kind = "text"', "kind = text")
    assert line.startswith("mail.toml:15: not TOML: ")


def test_every_problem_gets_a_line_in_the_order_of_the_file() -> None:
    message = problems('prediction = "label"', 'prediction = 1\nconfidenc = "x"')
    assert [line.split(": ")[0] + " " + line.split(": ")[1].split(" ")[0] for line in message] == [
        "mail.toml:7 input.prediction",
        "mail.toml:8 input.confidenc",
    ]


def test_lines_inside_a_long_text_are_not_keys() -> None:
    long = 'question = """\nkind = 3\n"""\nqueue_depth = 0'
    assert problems('question = "What is it?"', long) == [
        "mail.toml:19: review.queue_depth = 0: must be at least 1",
    ]
