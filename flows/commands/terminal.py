"""The two consoles of every command: what it says goes to `out`; what it is at, and what went wrong, to `err`."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

# Without emoji, or `:abc:` in an id, a cursor or a case would be printed as a picture.
out = Console(highlight=False, emoji=False)
err = Console(stderr=True, highlight=False, emoji=False)


def say(sentences: Iterable[str], to: Console = out) -> None:
    """Each sentence a line, as it stands: none of it is markup."""
    for sentence in sentences:
        to.print(escape(sentence), soft_wrap=True)
