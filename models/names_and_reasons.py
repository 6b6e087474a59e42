"""Names and reasons that people give, which the ledger keeps for ever and every page shows."""

import unicodedata

from models.errors import Misuse

WATCHDOG, ERA, SILENCE = "the watchdog", "the era", "the silence rule"
ACTORS = (WATCHDOG, ERA, SILENCE)  # who the product itself acts as

# Joiners, without which Persian and some emoji cannot be written; alone they show nothing.
_JOINERS = "\u200c\u200d"
# Control characters (line ends and escape sequences among them), directions and other invisible formats, lone
# surrogates, private use, no characters at all, line and paragraph separators.
_UNFIT = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Unfit(Misuse, ValueError):
    """A name or a reason that cannot be kept."""


def checked(value: str, what: str) -> str:
    """The text without spaces at its ends. `what`: how the person gave it, as in "--by".

    Raises Unfit, in one line, if it is empty or shows nothing, if it holds a line end or another character that a
    terminal or a page obeys instead of showing it, or if it is one of ACTORS in any case, width or spacing: what the
    product does by itself must not be taken for a person's doing, nor the other way round.

    >>> checked(" Ann Owner ", "--by")
    'Ann Owner'
    >>> checked("The Watchdog", "--by")
    Traceback (most recent call last):
    models.names_and_reasons.Unfit: --by 'the watchdog' is the name second-reader itself acts under; give that of a person
    """
    text = value.strip()
    for letter in text:
        if unicodedata.category(letter) in _UNFIT and letter not in _JOINERS:
            raise Unfit(
                f"{what} holds the character U+{ord(letter):04X}, which does not show; write it in one line of text"
            )
    if not text.strip(_JOINERS).strip():
        raise Unfit(f"{what} is empty; it is kept for ever, so give one")
    plain = " ".join(
        unicodedata.normalize("NFKC", text).casefold().translate(dict.fromkeys(map(ord, _JOINERS))).split()
    )
    if plain in ACTORS:
        raise Unfit(f"{what} {plain!r} is the name second-reader itself acts under; give that of a person")
    return text
