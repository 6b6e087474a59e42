"""A stream of the test's own on the real queue, with two people who answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.walks.queue_walk import EMAILS, Walk


@pytest.fixture(scope="session")
def tokens(label_studio: Any) -> dict[str, str]:
    """The tokens of two accounts of Label Studio, by their addresses."""
    return {email: label_studio.add_reviewer(email, "a-Pass-word-9") for email in EMAILS}


@pytest.fixture
def walk(tmp_path: Path, label_studio: Any, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """An empty stream with two people who answer; its Label Studio project is deleted afterwards."""
    for name, value in {
        "LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}",
        "STREAMS": str(tmp_path / "streams"),
        "DATA": str(tmp_path),
        "LABEL_STUDIO_URL": label_studio.url,
        "LABEL_STUDIO_TOKEN": label_studio.token,
    }.items():
        monkeypatch.setenv(f"SECOND_READER_{name}", value)
    built = Walk(tmp_path, label_studio.url, label_studio.token, tokens)
    yield built
    if (tmp_path / "ledger.db").exists():
        built.take_down()
