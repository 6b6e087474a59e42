"""Where things are: what the environment and `.env` may say."""

from pathlib import Path

import pytest

from flows.runtime import settings


def test_a_variable_spelt_much_like_a_setting_is_named_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SECOND_READER_LEGDER=x\nSECOND_READER_DATA=.\nLEGDER=y\n", encoding="utf-8")
    monkeypatch.setenv("SECOND_READER_REPORT_URL", "http://127.0.0.1")
    monkeypatch.setenv("SECOND_READER_COLOUR", "blue")
    misspelt = settings.misspelt()
    assert misspelt["SECOND_READER_LEGDER"] == "SECOND_READER_LEDGER"
    assert misspelt["SECOND_READER_REPORT_URL"] == "SECOND_READER_REPORTS_URL"
    assert not misspelt.keys() & {"SECOND_READER_DATA", "SECOND_READER_COLOUR", "LEGDER"}
