"""Names and reasons that people give: what may stand in the record for ever."""

import unicodedata

from models.errors import Misuse

RESERVED = ("the watchdog", "the era", "the silence rule")  # who moves the line without a person
_CONTROL = ("Cc", "Cs", "Zl", "Zp")
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def checked(value: str, what: str) -> str:
    """The value without spaces at its ends. `what`: the option it was given by, for messages.

    Raises Misuse if it is empty, holds a character that a terminal obeys or that turns the direction of text, or reads
    as one of RESERVED (case, width, spaces and invisible characters aside).
    """
    text = value.strip()
    if not text:
        raise Misuse(f"{what} is empty; the record of who moved the line and why is kept for ever")
    odd = next((letter for letter in text if unicodedata.category(letter) in _CONTROL or letter in _DIRECTION), None)
    if odd is not None:
        raise Misuse(f"{what} holds the character U+{ord(odd):04X}, which no reader sees; leave it out")
    visible = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    if " ".join(unicodedata.normalize("NFKC", visible).casefold().split()) in RESERVED:
        raise Misuse(f"{what} {text!r} is the name of a rule of the product, not of a person; give your own")
    return text
