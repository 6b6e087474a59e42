"""Defaults of Prefect's own settings that suit us. Set before it is imported, for it reads its settings once."""

import os


def prepare() -> None:
    """What a command started by hand needs; what the environment says wins."""
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")  # a first start runs migrations
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "second_reader")
    # Each time it asks, `serve` or a worker begins as many runs as it has room for. Prefect has a worker ask every ten seconds
    # and gives `serve` room without end: where hundreds of runs are due at once, its connections run out and it stops for good.
    os.environ.setdefault("PREFECT_RUNNER_PROCESS_LIMIT", "10")
    os.environ.setdefault("PREFECT_RUNNER_POLL_FREQUENCY", "2")
    os.environ.setdefault("PREFECT_WORKER_QUERY_SECONDS", "2")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")  # what is no flow has none to log to


def quiet() -> None:
    """Prefect's log goes to its server only, for a person at a terminal."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
