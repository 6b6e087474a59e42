"""A real Label Studio, a stream and its project, for the tests of the adapter."""

import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from models.config.stream import Stream
from review.label_studio import (
    access,
)
from tests.integration.adapter.hands import Api, make, stream


@pytest.fixture(scope="module")
def server(label_studio: Any) -> Any:
    return label_studio


@pytest.fixture
def connection(server: Any) -> access.Connection:
    return access.connect(server.url, server.token)


@pytest.fixture
def api(server: Any) -> Iterator[Api]:
    """The server's API past the adapter and the SDK."""
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Token {server.token}"}, trust_env=False
    ) as client:

        def call(method: str, path: str, **rest: Any) -> Any:
            answer = client.request(method, path, timeout=60, **rest).raise_for_status()
            return answer.json() if answer.content else None

        yield call


@pytest.fixture
def mail() -> Stream:
    return stream(f"mail-{secrets.token_hex(4)}")


@pytest.fixture
def project(connection: access.Connection, mail: Stream, api: Api) -> Iterator[int]:
    number = make(connection, mail)
    yield number
    if any(result["id"] == number for result in api("GET", "/api/projects", params={"page_size": 1000})["results"]):
        api("DELETE", f"/api/projects/{number}/")
