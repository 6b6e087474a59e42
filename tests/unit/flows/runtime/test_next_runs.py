"""What a schedule may say is Prefect's to decide, and a schedule that never comes is refused."""

from datetime import UTC, datetime

import pytest

from flows.runtime import next_runs
from models.config import stream
from models.errors import StreamInvalid

NOW = datetime(2026, 2, 1, tzinfo=UTC)


def check(line: str) -> None:
    text = f"""
name = "mail"
title = "Mail"
labels = ["no", "yes"]
input = {{ source = "inbox", prediction = "label", confidence = "score", payload = ["text"] }}
model = {{ id = "m-1" }}
review = {{ kind = "text", question = "Is it?", project = "Mail" }}
target = {{ error = 0.05 }}
costs = {{ error = 1.0, review_minute = 1.0 }}
schedule = {{ collect = "{line}", timezone = "Europe/Berlin" }}
"""
    next_runs.check(stream.parse(text, origin="mail.toml"), origin="mail.toml", now=NOW)


@pytest.mark.parametrize(
    "line", ["* * * * *", "*/15 0-6,22 1 jan-mar MON", "0 0 31 12 7", "5/10 22-4 * * sat-sun", "0 0 29 2 *"]
)
def test_what_prefect_starts_is_taken(line: str) -> None:
    check(line)


@pytest.mark.parametrize("line", ["60 * * * *", "* 24 * * *", "* * 0 * *", "*/0 * * * *", "one * * * *"])
def test_what_prefect_cannot_read_is_refused_by_key_and_value(line: str) -> None:
    with pytest.raises(StreamInvalid) as raised:
        check(line)
    assert str(raised.value) == (
        f"mail.toml: schedule.collect = {line!r}: no schedule that Prefect can read; write it as in '*/5 * * * *'"
    )


@pytest.mark.parametrize("line", ["0 0 31 2 *", "0 0 31 4,6 *"])
def test_a_day_that_never_comes_is_refused(line: str) -> None:
    with pytest.raises(StreamInvalid) as raised:
        check(line)
    assert str(raised.value) == (
        f"mail.toml: schedule.collect = {line!r}: never comes, so collect would never run; give days that its months have"
    )
