"""What may stand in the table [release]."""

import pytest
from pydantic import ValidationError

from models.config.release_table import Release


@pytest.mark.parametrize(
    "address",
    ["https://example.com/answers", "https://example.com:8443", "http://127.0.0.1:9000/a?b=c", "http://localhost/x"],
)
def test_an_address_that_nobody_on_the_way_can_read_is_taken(address: str) -> None:
    assert Release(webhook=address).webhook == address


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("http://example.com/answers", "must begin with https://"),
        ("ftp://example.com/answers", "must begin with https://"),
        ("example.com/answers", "must be an address"),
        ("https://", "must be an address"),
        ("https://example.com:port/", "must be an address"),
        ("https://exa mple.com/", "must be an address"),
        ("https://ann:word@example.com/", "must hold no account"),
        ("https://example.com/#here", "must hold no account, password or fragment"),
    ],
)
def test_any_other_is_refused(address: str, text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        Release(webhook=address)


def test_the_table_may_be_empty() -> None:
    assert Release().webhook is None
