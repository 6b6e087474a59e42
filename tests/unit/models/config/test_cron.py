"""A cron line: how many fields it has, and the time zone it is counted in."""

import pytest

from models.config import cron


def test_a_line_of_five_fields_stays_as_it_is() -> None:
    assert cron.five_fields("*/5  6-20 * * 1") == "*/5  6-20 * * 1"


@pytest.mark.parametrize("line", ["", "* * * *", "0 * * * * *", "@daily"])
def test_another_number_of_fields_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="must have five fields"):
        cron.five_fields(line)


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("*/5 * * * *", "UTC"),
        ("0 */2 * * *", "UTC"),
        ("30 6 * * *", "Europe/Berlin"),
        ("*/5 6-20 * * *", "Europe/Berlin"),
        ("*/5 * * * 1-5", "Europe/Berlin"),
        ("0 * 1 * *", "Europe/Berlin"),
    ],
)
def test_an_interval_is_counted_in_utc_and_an_hour_or_a_day_in_the_peoples_own_zone(line: str, zone: str) -> None:
    assert cron.zone(line, "Europe/Berlin") == zone


def test_a_message_names_the_zone_unless_it_is_utc() -> None:
    assert cron.shown("0 6 * * *", "UTC") == "0 6 * * *"
    assert cron.shown("0 6 * * *", "Asia/Tokyo") == "0 6 * * * in Asia/Tokyo"
