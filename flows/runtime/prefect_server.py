"""Whether Prefect's server answers: asked once, before a command begins its first flow."""

from functools import cache

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import get_current_settings

from models.errors import Misuse, Unavailable


@cache
def prefect() -> None:
    """Raises Unavailable if the server that is set does not answer, Misuse if none is set and none may be started."""
    current = get_current_settings()
    if not current.api.url:
        if current.server.ephemeral.enabled:
            return  # each command starts one of its own
        raise Misuse("PREFECT_API_URL is not set; start a server (prefect server start) and set it to its address")
    try:
        with get_client(sync_client=True) as client:
            client.api_version()
    except (httpx.HTTPError, httpx.InvalidURL, PrefectHTTPStatusError, RuntimeError, ValueError) as error:
        reason = "" if isinstance(error, PrefectHTTPStatusError | ValueError) else str(error).partition("\n")[0]
        raise Unavailable(
            f"Prefect at {current.api.url} cannot be reached ({reason or type(error).__name__}); start the server "
            "(prefect server start), or correct PREFECT_API_URL"
        ) from None
