"""The adapter meets a real Label Studio: its token, its errors, its people."""

from typing import Any

import pytest

from models.errors import Refused, Unavailable
from review.label_studio import (
    access,
)

# Connecting


def test_a_wrong_token_is_refused_in_one_line_without_the_token_or_a_cookie(server: Any) -> None:
    with pytest.raises(Refused) as caught:
        access.connect(server.url, "0123456789abcdef" * 2)
    text = str(caught.value)
    assert text.startswith(f"Label Studio at {server.url} refused the token while checking the token (401")
    assert "\n" not in text
    assert "0123456789abcdef" not in text
    assert "ookie" not in text
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "url", ["labels.example.com", "http://", "ftp://labels.example.com", "http://[::1", "http://a:x"]
)
def test_a_url_that_is_none_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Refused, match=r"give one like https://labels\.example\.com"):
        access.connect(url, "token")


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ü"])
def test_a_token_that_cannot_be_one_is_refused_before_anything_is_sent(token: str) -> None:
    with pytest.raises(Refused, match="copy it again from Account & Settings"):
        access.connect("http://127.0.0.1:9", token)


def test_where_nobody_listens_label_studio_is_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"Label Studio at http://127\.0\.0\.1:9 could not be reached"):
        access.connect("http://127.0.0.1:9", "token")


def test_where_something_else_answers_it_is_not_taken_for_label_studio(server: Any) -> None:
    with pytest.raises(Refused, match="404"):
        access.connect(f"{server.url}/elsewhere", server.token)


def test_a_connection_does_not_show_its_token(connection: access.Connection, server: Any) -> None:
    assert server.token not in repr(connection)


def test_people_are_known_by_their_address(connection: access.Connection, server: Any) -> None:
    server.add_reviewer("carla@example.com", "a-Pass-word-9")
    assert "carla@example.com" in access.people(connection).values()
