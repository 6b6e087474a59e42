"""When the flows run where clocks are put forward and back. Prefect's own rules say when: nothing is scheduled here."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import prefect
import pytest
from prefect.server.schemas.schedules import CronSchedule

from flows import deployments
from flows.health import prefect_probe
from flows.runtime import next_runs
from models.config import cron, stream
from models.errors import StreamInvalid

ZONE = "Europe/Berlin"
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)  # when the clocks change
LEFT_OUT = "29 00:30" if prefect.__version__ == "3.8.8" else "29 01:30"  # where 2:30 does not come: 1:30, or 3:30
STREAM = """
name = "mail"
title = "Mail"
labels = ["no", "yes"]
input = {{ source = "inbox", prediction = "label", confidence = "score", payload = ["text"] }}
model = {{ id = "m-1" }}
review = {{ kind = "text", question = "Is it?", project = "Mail" }}
target = {{ error = 0.05 }}
costs = {{ error = 1.0, review_minute = 1.0 }}
schedule = {{ score = "{line}", timezone = "Europe/Berlin" }}
"""


def described(line: str) -> stream.Stream:
    return stream.parse(STREAM.format(line=line), origin="mail.toml")


def runs(line: str, change: datetime) -> list[datetime]:
    """When `score` runs in the 48 hours around a change of the clocks, in UTC, as it is deployed."""
    (deployment,) = (
        built for built in deployments.of(described(line)) if built.name == "mail" and built.flow_name == "score"
    )
    (value,) = deployment.schedules or []
    schedule = CronSchedule(**value.schedule.model_dump(include={"cron", "timezone"}))  # type: ignore[union-attr]
    start, end = change - timedelta(days=1), change + timedelta(days=1)
    return [at.astimezone(UTC) for at in asyncio.run(schedule.get_dates(2000, start=start, end=end))]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
@pytest.mark.parametrize(
    ("line", "minutes"), [("*/5 * * * *", 5), ("*/15 * * * *", 15), ("0 * * * *", 60), ("7 */2 * * *", 120)]
)
def test_an_interval_goes_on_through_both_changes_of_the_clocks(line: str, minutes: int, change: datetime) -> None:
    result = runs(line, change)
    assert {60.0 * minutes} == {(after - before).total_seconds() for before, after in itertools.pairwise(result)}
    assert 48 * 60 / minutes <= len(result) + 1


@pytest.mark.parametrize(
    ("line", "change", "expected"),
    [
        ("0 6 * * *", SPRING, ["28 05:00", "29 04:00"]),  # 6 o'clock on both sides
        ("0 6 * * *", AUTUMN, ["24 04:00", "25 05:00"]),
        ("30 2 * * *", SPRING, ["28 01:30", LEFT_OUT, "30 00:30"]),
        ("30 2 * * *", AUTUMN, ["25 00:30"]),  # the first of two, and once
        ("0 6 * * mon", AUTUMN, []),
    ],
)
def test_a_line_of_an_hour_runs_by_the_clock_of_the_zone_and_once_a_day(
    line: str, change: datetime, expected: list[str]
) -> None:
    assert expected == [f"{at:%d %H:%M}" for at in runs(line, change)]


def test_only_what_repeats_all_day_and_every_day_is_counted_in_utc() -> None:
    for line in ("*/5 * * * *", "0 * * * *", "0,30 */6 * * *", " 5  *  * * * "):
        assert cron.zone(line, ZONE) == "UTC"
    for line in ("0 6 * * *", "*/5 8-17 * * *", "*/5 * * * mon-fri", "0 * 1 * *", "0 * * 6 *"):
        assert cron.zone(line, ZONE) == ZONE


def test_the_doctor_tells_a_schedule_that_was_deployed_in_another_zone() -> None:
    def complaints(line: str, zone: str) -> list[str]:
        by_name = {"polled": True, "paused": False, "last_polled": None}
        flows = [
            prefect_probe.Deployment(flow=flow, crons=[getattr(described(line).schedule, flow)], **by_name)  # type: ignore[arg-type]
            for flow in prefect_probe.SCHEDULED[1:]
        ]
        flows.append(prefect_probe.Deployment(flow="score", crons=[cron.shown(line, zone)], **by_name))  # type: ignore[arg-type]
        seen = prefect_probe.Seen(deployments=flows, runs={}, late=[])
        return [
            result.what for result in prefect_probe.judge(described(line), seen, now=AUTUMN) if result.level != "ok"
        ]

    assert complaints("*/5 * * * *", "UTC") == complaints("0 6 * * *", ZONE) == []
    assert complaints("*/5 * * * *", ZONE) == [
        "score runs at '*/5 * * * * in Europe/Berlin', the stream file says '*/5 * * * *'"
    ]
    assert complaints("0 6 * * *", "UTC") == [
        "score runs at '0 6 * * *', the stream file says '0 6 * * * in Europe/Berlin'"
    ]


def test_release_is_deployed_and_asked_for_where_the_stream_hands_out_by_itself() -> None:
    plain = described("0 6 * * *")
    text = STREAM.format(line="0 6 * * *") + "release = {}\n"
    handing_out = stream.parse(
        text.replace('Europe/Berlin"', 'Europe/Berlin", release = "0 7 * * *"', 1), origin="mail.toml"
    )
    names = [{deployment.flow_name for deployment in deployments.of(one)} for one in (plain, handing_out)]
    assert names[1] - names[0] == {"release"}
    (deployment,) = (deployment for deployment in deployments.of(handing_out) if deployment.flow_name == "release")
    (schedule,) = deployment.schedules or []
    assert (schedule.schedule.cron, schedule.schedule.timezone) == ("0 7 * * *", ZONE)  # type: ignore[union-attr]
    assert deployment.entrypoint == "flows.release.release"
    for one in (plain, handing_out):
        assert set(prefect_probe.flows(one)) == {
            deployment.flow_name for deployment in deployments.of(one) if deployment.schedules
        }


def test_retrain_is_on_a_schedule_where_the_stream_file_has_one() -> None:
    by_hand = described("0 6 * * *")
    text = STREAM.format(line="0 6 * * *").replace('Europe/Berlin"', 'Europe/Berlin", retrain = "0 3 1 * *"', 1)
    monthly = stream.parse(text, origin="mail.toml")
    for one, scheduled in ((by_hand, set()), (monthly, {("0 3 1 * *", ZONE)})):
        (deployment,) = (each for each in deployments.of(one) if each.flow_name == "retrain")
        assert {(each.schedule.cron, each.schedule.timezone) for each in deployment.schedules or []} == scheduled  # type: ignore[union-attr]
        assert ("retrain" in prefect_probe.flows(one)) == bool(scheduled)
    never = stream.parse(text.replace("0 3 1 * *", "0 0 31 2 *"), origin="mail.toml")
    with pytest.raises(StreamInvalid, match=r"schedule\.retrain = '0 0 31 2 \*': never comes"):
        next_runs.check(never, origin="mail.toml", now=SPRING)


def test_what_never_comes_is_not_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_READER_STREAMS", str(tmp_path))
    (tmp_path / "mail.toml").write_text(STREAM.format(line="0 0 31 2 *"), encoding="utf-8")
    with pytest.raises(StreamInvalid, match=r"mail\.toml: schedule\.score = '0 0 31 2 \*': never comes"):
        deployments.serve(["mail"])
