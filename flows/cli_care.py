"""The engineer's commands for a bad day: find what is wrong, put it right, keep a copy of the ledger."""

from typing import Annotated

import typer
from rich.console import Console

from flows import settings

StreamName = Annotated[str, typer.Argument(help="The stream: its name in the streams folder, or a .toml file.")]
By = Annotated[str, typer.Option(help="Your name; kept for ever.")]
Because = Annotated[str, typer.Option(help="Why; kept for ever.")]


def add(app: typer.Typer, out: Console) -> None:
    """Add the commands to the console command; what they say goes to `out`."""

    @app.command(epilog="Example: `second-reader redispatch digits --by 'A. Owner' --because 'the restore of Monday'`")
    def redispatch(stream: StreamName, by: By, because: Because) -> None:
        """Put open cases before people again whose task is gone from Label Studio."""
        settings.quiet_prefect()
        from flows import redispatch as again
        from flows import runs

        counts = again.redispatch(stream, by=by, because=because)
        out.print(f"redispatch: {runs.line(counts)}", soft_wrap=True)
