"""A case of a format read as a stream reads it."""

from pathlib import Path

import polars as pl

from flows.inputs import files
from flows.runtime import presets
from models.config import stream as streams
from models.outputs import contract
from tests.unit.flows.inputs.format_cases import Case

STREAM = """
name = "mail"
title = "Mail"
labels = {labels}
[input]
source = "inbox"
format = "{name}"
{keys}
[model]
id = "m-1"
[review]
kind = "{kind}"
question = "What is it?"
project = "Mail"
[target]
error = 0.05
[costs]
error = 1.0
review_minute = 0.5
"""


def described(name: str, case: Case, folder: Path) -> streams.Stream:
    text = STREAM.format(name=name, labels=list(case.labels), keys=case.keys, kind=case.kind)
    return streams.parse(text, origin="mail.toml", lookup=presets.lookup(folder / "mail.toml"))


def wrote(case: Case, folder: Path) -> Path:
    inbox = folder / "inbox"
    inbox.mkdir()
    for name, content in case.files.items():
        (inbox / name).write_bytes(content)
    return inbox


def cases(inbox: Path, stream: streams.Stream) -> pl.DataFrame:
    """All cases; no row may be a fault."""
    items = []
    for chunk in files.chunks(inbox, stream):
        checked = contract.validate(chunk.frame, stream, source=chunk.source)
        assert [] == pl.concat([chunk.faults, checked.faults]).rows()
        items.append(checked.cases)
    return pl.concat(items)
