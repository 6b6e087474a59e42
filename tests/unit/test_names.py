"""A name in the record is a person's, and reads as what it is."""

import pytest

from models import names
from models.errors import Misuse


@pytest.mark.parametrize("name", ["A. Owner", "ann@example.org", "Zoë O'Neill", "عائشة", "山田 太郎"])
def test_a_name_of_any_script_is_taken_as_it_is(name: str) -> None:
    assert names.checked(f" {name} ", "--by") == name


@pytest.mark.parametrize("name", ["", "  ", "\t"])
def test_an_empty_one_is_refused(name: str) -> None:
    with pytest.raises(Misuse, match="--by is empty"):
        names.checked(name, "--by")


@pytest.mark.parametrize(
    "name", ["the watchdog", "The  Watchdog ", "THE ERA", "the silence rule", "the\u200b watch\u200bdog"]
)
def test_a_name_that_reads_as_a_rule_of_the_product_is_refused(name: str) -> None:
    with pytest.raises(Misuse, match="is the name of a rule"):
        names.checked(name, "--by")


@pytest.mark.parametrize(
    ("name", "code"), [("ann\u202enn", "U\\+202E"), ("ann\x1b[2J", "U\\+001B"), ("a\nb", "U\\+000A")]
)
def test_a_character_that_nobody_sees_is_refused_by_its_number(name: str, code: str) -> None:
    with pytest.raises(Misuse, match=code):
        names.checked(name, "--because")
