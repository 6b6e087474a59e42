"""When a stream's flows run next, by Prefect's own rules: what Prefect cannot read, or would never start, is refused."""

import asyncio
from datetime import datetime

from models.config import cron
from models.config.stream import Schedule, Stream
from models.errors import StreamInvalid


def check(stream: Stream, *, origin: str, now: datetime) -> None:
    """Hold each cron line of a stream against Prefect.

    Args:
        stream: The stream as its file describes it.
        origin: The stream file, for the message.
        now: An instant with a time zone, from which the next run is counted.

    Raises:
        StreamInvalid: Prefect cannot read a line, or no date fits it, as 31 February.
    """
    # Seconds of a core, which no other command needs.
    from prefect._vendor.croniter.croniter import CroniterBadDateError
    from prefect.server.schemas.schedules import CronSchedule

    for flow in ("score", "dispatch", "collect", "measure", "release", "retrain"):
        text = getattr(stream.schedule, flow)
        if text is None:
            continue
        where = f"{origin}: schedule.{flow} = {text!r}"
        zone = cron.zone(text, stream.schedule.timezone)
        try:
            schedule = CronSchedule(cron=text, timezone=zone)
        except ValueError:  # Pydantic's error is one
            default = Schedule.model_fields[flow].default or "0 3 1 * *"
            raise StreamInvalid(f"{where}: no schedule that Prefect can read; write it as in {default!r}") from None
        try:
            dates = asyncio.run(schedule.get_dates(n=1, start=now))
        except CroniterBadDateError:  # no date in fifty years
            dates = []
        if not dates:
            raise StreamInvalid(f"{where}: never comes, so {flow} would never run; give days that its months have")
