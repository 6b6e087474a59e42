#!/usr/bin/env bash
# Prefect 3.8.8 and 3.9.1: a cron schedule with a time zone leaves out the hour that comes twice when clocks are put back. It runs a
# line of the hour that does not come an hour early (3.8.8) or an hour late (3.9.1). A queue that is fed every 15 minutes stands still
# for 75 minutes once a year; what counts deadlines goes on counting.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/seen.py" <<'PYTHON'
import asyncio
from datetime import datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

from prefect.server.schemas.schedules import CronSchedule

ZONE = "Europe/Berlin"


def dates(line: str, start: datetime, count: int) -> list[datetime]:
    found = asyncio.run(CronSchedule(cron=line, timezone=ZONE).get_dates(n=count, start=start))
    return [one.astimezone(ZoneInfo("UTC")) for one in found]


autumn = datetime(2026, 10, 24, 23, 30, tzinfo=ZoneInfo("UTC"))  # clocks go back at 01:00 UTC
quarters = dates("*/15 * * * *", autumn, 20)
gap = max(later - earlier for earlier, later in zip(quarters, quarters[1:]))
spring = datetime(2027, 3, 27, 12, tzinfo=ZoneInfo("UTC"))  # clocks go forward at 01:00 UTC; 02:30 does not come
first = dates("30 2 * * *", spring, 1)[0].astimezone(ZoneInfo(ZONE))
print(f"prefect {version('prefect')}: */15 in {ZONE}, 25 October 2026: longest time without a run {gap.total_seconds() / 60:.0f} minutes")
print(f"prefect {version('prefect')}: 30 2 * * * in {ZONE}, 28 March 2027: runs at {first:%H:%M}")
assert gap == timedelta(minutes=75), gap
assert f"{first:%H:%M}" == {"3.8.8": "01:30", "3.9.1": "03:30"}[version("prefect")], first
PYTHON
for packages in "prefect==3.8.8" "prefect==3.9.1 whenever==0.11.0"; do
    python3 -m venv --clear "$folder/env"
    # shellcheck disable=SC2086
    "$folder/env/bin/pip" install --quiet $packages
    PREFECT_HOME="$folder/home" "$folder/env/bin/python" "$folder/seen.py"
done
