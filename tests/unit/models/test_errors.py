"""Errors: one line for a person, whatever the names in it hold, and what the command ends with."""

import pytest

from models import errors


def test_control_characters_and_lone_surrogates_are_escaped_and_line_ends_stay() -> None:
    assert errors.printable("a\x1b[31mb\nc\udc80é") == "a\\x1b[31mb\nc\\udc80é"
    assert str(errors.StreamInvalid("bad\x07.toml")) == "bad\\x07.toml"


def test_an_error_of_an_input_is_one_line_whatever_the_file_is_called() -> None:
    assert str(errors.InputInvalid("a\nb.csv: no columns")) == "a\\nb.csv: no columns"


@pytest.mark.parametrize(
    ("kind", "code"), [(errors.Misuse, 2), (errors.InputInvalid, 1), (errors.Tampered, 1), (errors.Unavailable, 1)]
)
def test_a_wrong_command_ends_with_2_and_every_other_error_with_1(
    kind: type[errors.SecondReaderError], code: int
) -> None:
    assert kind.exit_code == code


def test_a_tampered_ledger_is_an_invalid_one() -> None:
    with pytest.raises(errors.LedgerInvalid):
        raise errors.Tampered("seal 3")
