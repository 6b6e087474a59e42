"""A server that answered and took the token, who has an account there, and what its errors mean."""

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from label_studio_sdk.base_client import LabelStudioBase
from label_studio_sdk.core.api_error import ApiError
from label_studio_sdk.core.parse_error import ParsingError
from label_studio_sdk.core.request_options import RequestOptions

from models import timestamps
from models.errors import Refused, Unavailable

READ = RequestOptions(max_retries=2)

# Parts of the SDK that it loads when each is first asked for: what wants to be quick later loads them before.
LATE = (
    *(f"label_studio_sdk.{part}.client" for part in ("annotations", "projects", "tasks", "users")),
    "label_studio_sdk.tokens.client_ext",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A server that answered and took the token. `patience`: seconds a push of unknown outcome is given to show up.

    `met_at`: the moment of the first answer by the server's clock, in whole seconds; None if it did not say. `token`: which
    kind of token it took, personal or legacy.
    """

    url: str
    client: LabelStudioBase = field(repr=False)
    patience: float = 15.0
    met_at: str | None = None
    token: str = "legacy"  # noqa: S105 (its kind)


def connect(url: str, token: str, *, timeout: float = 60.0, patience: float = 15.0, known: bool = False) -> Connection:
    """Open a connection and check server and token. `token`: a legacy or a personal access token.

    `timeout` in seconds per request. `known`: both were checked a moment ago, so nothing is asked. Raises Refused if the
    URL or the token is no good, Unavailable if nobody answers.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise Refused(f"Label Studio URL {url!r}: give one like https://labels.example.com")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Refused(
            "Label Studio token: empty, or with characters no token has; copy it again from Account & Settings"
        )
    # No connection is kept open between requests: a server that closed an idle one would make the next import's outcome
    # unknown. No redirect is followed: the token goes to this server only.
    wire = httpx.Client(
        timeout=timeout,
        follow_redirects=False,
        limits=httpx.Limits(max_keepalive_connections=0),
        verify=_trusted() if parts.scheme == "https" else False,  # nothing to verify over http
    )
    with asking(url, "checking the token"):
        # With a path in it, the SDK's token refresh needs the final slash, or it drops the path.
        # The client with the SDK's extensions would load pandas, Faker and Google's sign-in: 1.5 s of every start.
        client = LabelStudioBase(
            base_url=url.rstrip("/") + "/", api_key=token, timeout=timeout, max_retries=0, httpx_client=wire
        )
        met = {} if known else client.users.with_raw_response.whoami().headers
        kind = "personal" if client._client_wrapper._tokens_client.jwt_token_type(token) else "legacy"
    return Connection(url=url.rstrip("/"), client=client, patience=patience, met_at=_date(met), token=kind)


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities we trust. Reading them takes as long as importing a hundred tasks, so it is done once."""
    return httpx.create_ssl_context()


def _date(headers: Mapping[str, str]) -> str | None:
    """The moment an answer gives in its `Date`; None if it gives none."""
    try:
        return timestamps.text(parsedate_to_datetime(headers["date"]))
    except (KeyError, ValueError):
        return None


def get(connection: Connection, path: str, *, public: bool = False, **params: object) -> httpx.Response:
    """The answer to a GET, sent once, below the SDK's own calls, which hide its headers and counts. Within `asking`.

    `public`: as anybody asks who has no token.
    """
    return _asked(connection, path, method="GET", params=params, headers={"Authorization": ""} if public else None)


def patch(connection: Connection, path: str, body: object) -> None:
    """A PATCH of JSON, sent once; sent again it says the same. Within `asking`, which maps what is raised."""
    content, headers = json.dumps(body).encode(), {"content-type": "application/json"}
    _asked(connection, path, method="PATCH", content=content, headers=headers)


def post(connection: Connection, path: str, body: object, **params: object) -> Any:
    """The answer to a POST of JSON, sent once, below the SDK's own calls. Within `asking`, which maps what is raised.

    The SDK's `import_tasks` looks at every value of every task three times: a sixth of the server's own time, for nothing
    (its type of a task wants a prediction's task id, which only the import gives).
    """
    content = json.dumps(body, separators=(",", ":")).encode()
    headers = {"content-type": "application/json"}
    return _asked(connection, path, method="POST", params=params, content=content, headers=headers).json()


def _asked(connection: Connection, path: str, **request: Any) -> httpx.Response:
    answer = connection.client._client_wrapper.httpx_client.request(path, **request)
    if answer.is_success:
        return answer
    try:
        reason = answer.json()
    except ValueError:
        reason = answer.text
    raise ApiError(status_code=answer.status_code, body=reason)


def people(connection: Connection) -> dict[int, str]:
    """Who may have answered: user id -> e-mail address."""
    with asking(connection.url, "listing the accounts"):
        # The address of a member who was removed reads "Deleted", of every one of them.
        listed = connection.client.users.list(request_options=READ)
        if not listed:  # we have an account ourselves: without a name, answers would be nobody's
            raise TypeError("no accounts")
        return {user.id: user.email for user in listed if "@" in (user.email or "")}


@contextmanager
def asking(url: str, doing: str) -> Iterator[None]:
    """Maps what the SDK raises. The cause is cut off: its text holds headers, and they hold a session cookie."""
    try:
        yield
    except ApiError as error:
        raise _accepted(error, url, doing) from None
    except (ParsingError, AttributeError, KeyError, TypeError, ValueError):
        # JSON of another shape: the SDK does not look at what it is given, and trips over it, as we do.
        raise Unavailable(
            f"{url} did not answer as Label Studio does while {doing}; is it Label Studio 1.23?"
        ) from None
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(
            f"Label Studio at {url} could not be reached while {doing}: {reason}; is it running?"
        ) from None


def _accepted(error: ApiError, url: str, doing: str) -> Refused | Unavailable:
    status = error.status_code
    detail = error.body.get("detail") if isinstance(error.body, dict) else None
    reason = f": {detail}" if isinstance(detail, str) else ""
    if status in (401, 403):
        return Refused(
            f"Label Studio at {url} refused the token while {doing} ({status}{reason}); "
            "copy a valid one from Account & Settings"
        )
    if status == 404:
        return Refused(
            f"Label Studio at {url} knows no such thing while {doing} (404{reason}); was the project deleted?"
        )
    if status is not None and 300 <= status < 400:
        return Refused(
            f"{url} sends us elsewhere while {doing} ({status}); give the URL where Label Studio itself answers"
        )
    if status is not None and 400 <= status < 500 and status not in (408, 409, 425, 429):
        return Refused(f"Label Studio at {url} refused {doing} ({status}{reason})")
    return Unavailable(f"Label Studio at {url} failed while {doing} ({status}{reason})")
