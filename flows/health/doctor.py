"""Look at everything a stream needs, and say what is wrong with it and what to do. Changes nothing."""

import importlib.util
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

from flows.health import prefect_probe
from flows.inputs import first_look
from flows.runtime import next_runs, runs, settings
from models import timestamps
from models.config.stream import Stream
from models.errors import SecondReaderError
from review.health import (
    findings,
    label_studio_findings,
    label_studio_probe,
    ledger_findings,
    ledger_probe,
    release_findings,
    start_findings,
)
from review.label_studio import access
from review.ledger import ledger
from review.queries import certificates, handouts, pending_cases, policy_history, readings, rejected, totals
from review.report.figures import Pace

_RUNNERS = {"dask": "prefect_dask"}


def examine(stream: str | None, *, deep: bool) -> Iterator[findings.Finding]:
    """Every finding about one stream, or about all (None). `deep`: hold every record of the ledger against its seal."""
    try:
        config = settings.read()
    except SecondReaderError as error:
        yield _finding("settings", "environment", error)
        return
    try:
        names = [stream] if stream else settings.stream_names(config)
    except SecondReaderError as error:
        yield _finding("settings", "SECOND_READER_STREAMS", error)
        names = []
    streams: list[Stream] = []
    yield from _settings(config, names, streams)
    with ExitStack() as block:
        url = config.ledger.get_secret_value()
        book: ledger.Ledger | None = None
        try:
            book = block.enter_context(ledger.open(url))
            yield from ledger_findings.of(ledger_probe.look(book, url, deep=deep))
            yield from _opened(book, streams)
            there = ledger_probe.now(book, url)
            if there is not None:
                yield findings.clock(ledger.shown(url), there.timestamp() - time.time())
        except SecondReaderError as error:
            yield _finding("ledger", "SECOND_READER_LEDGER", error)
        yield from _label_studio(config, book, streams)
    yield from prefect_probe.look(streams, now=datetime.now(UTC))


def _finding(subject: str, where: str, error: SecondReaderError) -> findings.Finding:
    """What a failure says of itself; it names the next step."""
    return findings.Finding(level="bad", subject=subject, where=where, what=str(error).replace("\n", " "))


def _settings(config: settings.Settings, names: Sequence[str], streams: list[Stream]) -> Iterator[findings.Finding]:
    """Settings and stream files; those that can be read are added to `streams`."""
    well = True
    if not config.label_studio_token.get_secret_value():
        well = False
        yield findings.Scribe("settings", "SECOND_READER_LABEL_STUDIO_TOKEN").bad(
            "not set", "copy one from Label Studio (Account & Settings > Personal Access Token)"
        )
    for variable, meant in settings.misspelt().items():
        well = False
        yield findings.Scribe("settings", variable).warn("there is no such setting", f"{meant} was meant, perhaps")
    package = _RUNNERS.get(config.runner)
    if package and importlib.util.find_spec(package) is None:
        well = False
        yield findings.Scribe("settings", "SECOND_READER_RUNNER").bad(
            f"{config.runner} is not installed", f'pip install "second-reader[{config.runner}]"'
        )
    nearest = next(folder for folder in (config.reports, *config.reports.absolute().parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        well = False
        yield findings.Scribe("settings", "SECOND_READER_REPORTS").bad(
            f"{nearest} cannot be written to", "give this user the right, or name another folder"
        )
    if not names and config.streams.is_dir():
        well = False
        yield findings.Scribe("settings", "SECOND_READER_STREAMS").warn(
            f"no stream files in {config.streams}", "add one, or name another folder"
        )
    for name in names:
        try:
            stream = settings.read_stream(name, config)
            next_runs.check(stream, origin=str(settings.stream_file(name, config)), now=datetime.now(UTC))
        except SecondReaderError as error:
            well = False
            yield _finding("settings", name, error)
            continue
        streams.append(stream)
        write = findings.Scribe("settings", f"stream {stream.name}")
        source = config.data / stream.input.source
        if not source.exists():
            well = False
            yield write.warn(
                f"{source} is not there, so there is nothing to score", "deliver to it, or correct input.source"
            )
        for line in first_look.sentences(source, stream, harmless=False):
            well = False
            yield write.warn(
                line, "mend the files that come (rows that are recorded keep what was read), or the stream file"
            )
        for key, file in (("model.file", stream.model.file), ("score.second_stage", stream.ranked.second_stage)):
            if file and not (config.data / file).exists():
                well = False
                yield write.bad(f"{config.data / file} is not there", f"put the model there, or correct {key}")
    if well:
        yield findings.Scribe("settings", "environment and stream files").ok(
            f"complete; {findings.counted(len(streams), 'stream', 'streams')}"
        )


def _opened(book: ledger.Ledger, streams: Sequence[Stream]) -> Iterator[findings.Finding]:
    """What the ledger lacks before a stream can work, or holds of another model than the stream file names."""
    for stream in streams:
        write = findings.Scribe("ledger", stream.name)
        in_force = policy_history.policy_in_force(book, stream.name)
        if in_force is None:
            yield write.warn("the stream was never opened", f"second-reader init {stream.name}")
            continue
        if differs := runs.changed(book, in_force, stream):
            yield write.warn(differs, f"second-reader init {stream.name} begins a new epoch, evidence from zero")
        if pending_cases.project(book, stream.name) is None:
            yield write.warn("the stream has no Label Studio project", f"second-reader init {stream.name}")
        yield start_findings.finding(stream, _readers(book, stream, in_force))
        yield from ledger_findings.unshown(stream.name, **rejected.unshown(book, stream.name))
        if stream.release is not None and stream.release.webhook is not None:
            yield from release_findings.of(stream, _webhook(book, stream))


def _webhook(book: ledger.Ledger, stream: Stream) -> release_findings.Seen:
    """What the webhook lacks, and why."""
    secret = None
    try:
        settings.webhook_keys(settings.read())
    except SecondReaderError as error:
        secret = str(error)
    return release_findings.Seen(
        waiting=handouts.waiting(book, stream.name), because=handouts.stopped_by(book, stream.name), secret=secret
    )


def _readers(book: ledger.Ledger, stream: Stream, in_force: policy_history.PolicyInForce) -> start_findings.Seen:
    """How fast cases come and people answer."""
    people = readings.read(book, stream.name)
    counts = totals.totals(book, stream.name, people)
    return start_findings.Seen(
        pace=Pace(**totals.pace(book, stream.name, people, now=runs.clock())),
        waiting=counts["open"] + counts["waiting"],
        policy=in_force.policy,
        certified=any(left.certified for left in certificates.progress_by_scope(book, in_force.epoch_id).values()),
    )


def _label_studio(
    config: settings.Settings, book: ledger.Ledger | None, streams: Sequence[Stream]
) -> Iterator[findings.Finding]:
    token = config.label_studio_token.get_secret_value()
    if not token:
        return  # said above
    try:
        connection = access.connect(config.label_studio_url, token, timeout=30.0)
        server, ahead = label_studio_probe.server(connection)
        yield from label_studio_findings.server(server)
        yield findings.clock(server.url, ahead)
        if book is not None:
            for stream in streams:
                yield from _stream(connection, book, stream, server)
    except SecondReaderError as error:
        yield _finding("Label Studio", config.label_studio_url, error)


def _stream(
    connection: access.Connection, book: ledger.Ledger, stream: Stream, server: label_studio_findings.Server
) -> Iterator[findings.Finding]:
    now = timestamps.text(datetime.now(UTC))
    queue = label_studio_probe.queue(connection, book, stream, now=now)
    if queue is not None:
        yield from label_studio_findings.queue(stream, queue, server.members, now=now)
