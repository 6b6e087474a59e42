"""Label Studio as it is, but a connection to its database is kept for the next request of a thread.

Without that each request opens one of its own, which takes a good part of what most requests take.
"""

from core.wsgi import application  # type: ignore[import-not-found]  # noqa: F401
from django.db import connections  # type: ignore[import-not-found]

connections.settings["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
