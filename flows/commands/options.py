"""Arguments and options that several commands have, and what a shell completes them to."""

from typing import Annotated

import typer

from models.errors import SecondReaderError


def _streams(begun: str) -> list[str]:
    """The streams whose names begin so; a folder that is not there completes to nothing."""
    from flows.runtime import settings

    try:
        return [name for name in settings.stream_names(settings.read()) if name.startswith(begun)]
    except (SecondReaderError, OSError):
        return []


StreamName = Annotated[
    str,
    typer.Argument(help="The stream: its name in the streams folder, or a .toml file.", autocompletion=_streams),
]
By = Annotated[str, typer.Option(help="Your name; kept for ever.")]
Because = Annotated[str, typer.Option(help="Why; kept for ever.")]
