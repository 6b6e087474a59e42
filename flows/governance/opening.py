"""A stream is opened: who did it, what began, where its queue is, and when a first certificate can come, in sentences."""

import getpass

from flows.governance import epochs
from flows.runtime import settings
from models.config.stream import Stream
from models.errors import Misuse
from review.health import start_findings


def opened(name: str, stream: Stream, *, by: str) -> list[str]:
    """Make ready what a stream needs, and say what came of it; doing it again changes nothing.

    Args:
        name: The stream, or its file.
        stream: As its file describes it.
        by: Who opens it, kept in the ledger; empty: the name of this account.

    Raises:
        Misuse: The account has no name; and what `epochs.begin` raises.
    """
    who = by or _account()
    project, began = epochs.begin(name, by=who)
    whose = "" if by else f" The ledger says that {who} opened it, the name of this account; --by gives another."
    return [
        f"A new epoch begins: evidence from zero, every case to a person.{whose}"
        if began
        else "Nothing had to change.",
        f"Queue: {settings.read().label_studio_url.rstrip('/')}/projects/{project}/data?labeling=1",
        *start_findings.opening(stream),
    ]


def _account() -> str:
    """The name of the account that runs the command. Raises Misuse where it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise Misuse("this account has no name; say who opens the stream: --by 'A. Owner'") from None
