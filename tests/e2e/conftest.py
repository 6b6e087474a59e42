"""A stream of the test's own, on the real servers."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests import forking
from tests.e2e.browser import FLAGS
from tests.e2e.forked import Forked, foreign
from tests.e2e.place import Place


@pytest.fixture(scope="session")
def forked(prefect_api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forked]:
    """Commands without their start, against this run's Prefect server."""
    folder = tmp_path_factory.mktemp("forked")
    path, log = folder / "f", folder / "forked.log"
    with forking.serving("tests.e2e.forked", path, log, os.environ):
        yield Forked(path, log, foreign(os.environ))


@pytest.fixture
def place(tmp_path: Path, label_studio: Any, prefect_api: str, forked: Forked) -> Iterator[Place]:
    """An empty place of the test's own, with a stream file; its Label Studio project is deleted afterwards."""
    for folder in ("streams", "inbox"):
        (tmp_path / folder).mkdir()
    environment = os.environ | {
        "SECOND_READER_LEDGER": f"sqlite:///{tmp_path / 'ledger.db'}",
        "SECOND_READER_LABEL_STUDIO_URL": label_studio.url,
        "SECOND_READER_LABEL_STUDIO_TOKEN": label_studio.token,
        "SECOND_READER_STREAMS": str(tmp_path / "streams"),
        "SECOND_READER_DATA": str(tmp_path),
        "SECOND_READER_REPORTS": str(tmp_path / "reports"),
        "PREFECT_API_URL": prefect_api,
    }
    built = Place(tmp_path, f"mail-{secrets.token_hex(4)}", environment, forked)
    built.describe()
    yield built
    if (tmp_path / "ledger.db").exists():
        with built.label_studio() as client:
            for (project,) in built.rows("SELECT project_id FROM project"):
                client.delete(f"/api/projects/{project}")


@pytest.fixture
def page(chromium: str) -> Iterator[Page]:
    """An empty page of a browser of the test's own."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser.new_page(viewport={"width": 1400, "height": 900})
        browser.close()
