"""What people may be called in the record, and what they may give as a reason."""

import pytest

from models import names_and_reasons
from models.errors import Misuse


@pytest.mark.parametrize(
    "name",
    [
        "Ann",
        "ann@example.org",
        "Zoë O'Brien-Müller",
        "李小龙",
        "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        "👩\u200d💻 Ada",
        "<b>not markup</b>",
        "the watchdogs",
        "I am the era",
    ],
)
def test_a_name_in_any_script_is_taken_as_it_is(name: str) -> None:
    assert names_and_reasons.checked(name, "--by") == name


def test_spaces_at_the_ends_are_no_part_of_it() -> None:
    assert names_and_reasons.checked("  Ann Owner\n", "--by") == "Ann Owner"


@pytest.mark.parametrize(
    "name",
    [
        "the watchdog",
        "The Watchdog",
        " the  watchdog ",
        "the\u00a0era",
        "\uff34\uff28\uff25 ERA",
        "the silence rule",
        "the wat\u200dchdog",
    ],
)
def test_nobody_is_called_as_the_product_itself(name: str) -> None:
    with pytest.raises(Misuse, match=r"--by '.*' is the name second-reader itself acts under; give that of a person"):
        names_and_reasons.checked(name, "--by")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\nb", "000A"),
        ("a\rb", "000D"),
        ("\x1b[31mred", "001B"),
        ("a\x00b", "0000"),
        ("a\x9bb", "009B"),
        ("a\u202eb", "202E"),
        ("a\u2066b", "2066"),
        ("a\u200eb", "200E"),
        ("a\u061cb", "061C"),
        ("a\u200bb", "200B"),
        ("a\u2028b", "2028"),
        ("a\ud800b", "D800"),
        ("\U000e0041bc", "E0041"),
    ],
)
def test_what_a_terminal_or_a_page_would_obey_is_refused_in_one_line_that_shows(text: str, code: str) -> None:
    with pytest.raises(ValueError, match=rf"^--because holds the character U\+{code}, which does not show") as caught:
        names_and_reasons.checked(text, "--because")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["", " ", "\n", "\u200d", "\u200c \u200d"])
def test_what_shows_nothing_is_empty(text: str) -> None:
    with pytest.raises(Misuse, match="--by is empty"):
        names_and_reasons.checked(text, "--by")
