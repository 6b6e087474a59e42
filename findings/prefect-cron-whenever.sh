#!/usr/bin/env bash
# Prefect 3.9.1 accepts whenever 0.10.5. With it, on Python 3.11 and 3.12, no cron schedule has a next date: counting one raises
# ValueError, since Prefect hands over the time zone of pendulum, a subclass of ZoneInfo, and whenever 0.10.5 takes ZoneInfo alone. A
# deployment is accepted, the error stands in the log of the server, and no run is ever made: nobody is shown a new case. With whenever
# 0.11.0 it runs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || { echo "needs Python 3.11 or 3.12" >&2; exit 2; }
cat >"$folder/seen.py" <<'PYTHON'
import asyncio
from datetime import UTC, datetime
from importlib.metadata import version

from prefect.server.schemas.schedules import CronSchedule

try:
    (first,) = asyncio.run(CronSchedule(cron="*/15 * * * *").get_dates(n=1, start=datetime(2026, 2, 1, tzinfo=UTC)))
    seen = f"runs at {first:%H:%M}"
except ValueError as error:
    seen = f"ValueError: {error}"
print(f"prefect {version('prefect')}, whenever {version('whenever')}: */15: {seen}")
assert seen.startswith({"0.10.5": "ValueError", "0.11.0": "runs at 00:00"}[version("whenever")]), seen
PYTHON
for whenever in 0.10.5 0.11.0; do
    python3 -m venv --clear "$folder/env"
    "$folder/env/bin/pip" install --quiet prefect==3.9.1 "whenever==$whenever"
    PREFECT_HOME="$folder/home" "$folder/env/bin/python" "$folder/seen.py"
done
