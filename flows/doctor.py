"""Look at everything a stream needs, and say what is wrong with it and what to do. Changes nothing."""

import importlib.util
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from flows import first_look, health_prefect, runs, settings
from models import moment
from models.errors import SecondReaderError
from models.stream import Stream
from review import (
    certified,
    health,
    health_ledger,
    health_queue,
    health_start,
    label_studio_health,
    ledger,
    ledger_health,
)
from review.figures import Pace
from review.states import counted, governed, queued, reviewed

_RUNNERS = {"dask": "prefect_dask"}


def examine(stream: str | None, *, deep: bool) -> Iterator[health.Finding]:
    """Every finding about one stream, or about all (None). `deep`: hold every record of the ledger against its seal."""
    try:
        config = settings.read()
    except SecondReaderError as error:
        yield _said("settings", "environment", error)
        return
    try:
        names = [stream] if stream else settings.stream_names(config)
    except SecondReaderError as error:
        yield _said("settings", "SECOND_READER_STREAMS", error)
        names = []
    streams: list[Stream] = []
    yield from _settings(config, names, streams)
    with ExitStack() as block:
        url = config.ledger.get_secret_value()
        book: ledger.Ledger | None = None
        try:
            book = block.enter_context(ledger.open(url))
            yield from health_ledger.findings(ledger_health.look(book, url, deep=deep))
            yield from _opened(book, streams)
            there = ledger_health.now(book, url)
            if there is not None:
                yield health.clock(ledger.shown(url), there.timestamp() - time.time())
        except SecondReaderError as error:
            yield _said("ledger", "SECOND_READER_LEDGER", error)
        yield from _label_studio(config, book, streams)
    yield from health_prefect.look(streams, now=datetime.now(UTC))


def _said(subject: str, where: str, error: SecondReaderError) -> health.Finding:
    """What a failure says of itself; it names the next step."""
    return health.Finding(level="bad", subject=subject, where=where, what=str(error).replace("\n", " "))


def _settings(config: settings.Settings, names: Sequence[str], streams: list[Stream]) -> Iterator[health.Finding]:
    """Settings and stream files; those that can be read are added to `streams`."""
    well = True
    if not config.label_studio_token.get_secret_value():
        well = False
        yield health.Scribe("settings", "SECOND_READER_LABEL_STUDIO_TOKEN").bad(
            "not set", "copy one from Label Studio (Account & Settings > Personal Access Token)"
        )
    for given, meant in settings.misspelt().items():
        well = False
        yield health.Scribe("settings", given).warn("there is no such setting", f"{meant} was meant, perhaps")
    package = _RUNNERS.get(config.runner)
    if package and importlib.util.find_spec(package) is None:
        well = False
        yield health.Scribe("settings", "SECOND_READER_RUNNER").bad(
            f"{config.runner} is not installed", f'pip install "second-reader[{config.runner}]"'
        )
    nearest = next(folder for folder in (config.reports, *config.reports.absolute().parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        well = False
        yield health.Scribe("settings", "SECOND_READER_REPORTS").bad(
            f"{nearest} cannot be written to", "give this user the right, or name another folder"
        )
    if not names and config.streams.is_dir():
        well = False
        yield health.Scribe("settings", "SECOND_READER_STREAMS").warn(
            f"no stream files in {config.streams}", "add one, or name another folder"
        )
    for name in names:
        try:
            stream = settings.read_stream(name, config)
        except SecondReaderError as error:
            well = False
            yield _said("settings", name, error)
            continue
        streams.append(stream)
        write = health.Scribe("settings", f"stream {stream.name}")
        source = config.data / stream.input.source
        if not source.exists():
            well = False
            yield write.warn(
                f"{source} is not there, so there is nothing to score", "deliver to it, or correct input.source"
            )
        for line in first_look.said(source, stream, harmless=False):
            well = False
            yield write.warn(line, "mend the file, or the stream file")
        if stream.model.file and not (config.data / stream.model.file).exists():
            well = False
            yield write.bad(
                f"{config.data / stream.model.file} is not there", "put the model there, or correct model.file"
            )
    if well:
        yield health.Scribe("settings", "environment and stream files").ok(
            f"complete; {health.counted(len(streams), 'stream', 'streams')}"
        )


def _opened(book: ledger.Ledger, streams: Sequence[Stream]) -> Iterator[health.Finding]:
    """What the ledger lacks before a stream can work, or holds of another model than the stream file names."""
    for stream in streams:
        write = health.Scribe("ledger", stream.name)
        in_force = governed.policy_in_force(book, stream.name)
        if in_force is None:
            yield write.warn("the stream was never opened", f"second-reader init {stream.name}")
            continue
        if differs := runs.changed(book, in_force, stream):
            yield write.warn(differs, f"second-reader init {stream.name} begins a new epoch, evidence from zero")
        if queued.project(book, stream.name) is None:
            yield write.warn("the stream has no Label Studio project", f"second-reader init {stream.name}")
        yield health_start.finding(stream, _readers(book, stream, in_force))


def _readers(book: ledger.Ledger, stream: Stream, in_force: governed.PolicyInForce) -> health_start.Seen:
    """How fast cases come and people answer."""
    people = reviewed.read(book, stream.name)
    counts = counted.totals(book, stream.name, people)
    return health_start.Seen(
        pace=Pace(**counted.pace(book, stream.name, people, now=runs.clock())),
        waiting=counts["open"] + counts["waiting"],
        policy=in_force.policy,
        certified=any(left.certified for left in certified.standings(book, in_force.epoch_id).values()),
    )


def _label_studio(
    config: settings.Settings, book: ledger.Ledger | None, streams: Sequence[Stream]
) -> Iterator[health.Finding]:
    token = config.label_studio_token.get_secret_value()
    if not token:
        return  # said above
    try:
        with label_studio_health.connected(config.label_studio_url, token) as api:
            server, ahead = label_studio_health.server(api)
            yield from health_queue.server(server)
            yield health.clock(server.url, ahead)
            if book is not None:
                for stream in streams:
                    yield from _stream(api, book, stream, server)
    except SecondReaderError as error:
        yield _said("Label Studio", config.label_studio_url, error)


def _stream(
    api: label_studio_health.Api, book: ledger.Ledger, stream: Stream, server: health_queue.Server
) -> Iterator[health.Finding]:
    now = moment.text(datetime.now(UTC))
    queue = label_studio_health.queue(api, book, stream, now=now)
    if queue is not None:
        yield from health_queue.queue(stream, queue, server.members, now=now)
