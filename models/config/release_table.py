"""The table [release] of a stream file: finished answers are handed out on a schedule, as files and to a webhook."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from models.config.table import Table

_HERE = ("127.0.0.1", "localhost", "::1")


def _address(text: str) -> str:
    """The address as it is.

    Raises:
        ValueError: It is no https address (http is taken on this machine only), or holds an account or a fragment.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError('must be an address, as in "https://example.com/answers"') from None
    if not host or any(letter.isspace() or not letter.isprintable() for letter in text):
        raise ValueError('must be an address, as in "https://example.com/answers"')
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _HERE):
        raise ValueError(
            "must begin with https://, for answers are not for everybody on the way (http:// on this machine)"
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("must hold no account, password or fragment; what proves the sender is the signature")
    return text


class Release(Table):
    """Where finished answers go by themselves. The table may be empty: then they go to files only."""

    webhook: Annotated[str, AfterValidator(_address)] | None = None  # gets each file's rows too, in batches, signed
