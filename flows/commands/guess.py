"""The command `guess`: what files of a model's outputs are, and a stream file that reads them."""

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from flows.commands.terminal import out
from models.errors import Misuse, printable

if TYPE_CHECKING:
    from flows.runtime.settings import Settings
    from models.outputs.known_format import Known

Target = Annotated[
    float | None, typer.Option("--target", help="With --from: how much of the released may be wrong, as in 0.02.")
]
ErrorCost = Annotated[
    float | None, typer.Option("--error-cost", help="With --from: what a wrong released answer costs.")
]
MinuteCost = Annotated[float | None, typer.Option("--minute-cost", help="With --from: what a minute of review costs.")]


app = typer.Typer()


@app.command(epilog="Example: `second-reader guess inbox/batch_output.jsonl inbox/batch_error.jsonl --stream mail`")
def guess(
    files: Annotated[list[Path], typer.Argument(help="Files of a model's outputs, or a folder of them.")],
    stream: Annotated[
        str | None, typer.Option(help="What to call the stream [default: as the file or folder is called].")
    ] = None,
    target: Target = None,
    error_cost: ErrorCost = None,
    minute_cost: MinuteCost = None,
) -> None:
    """Say what files of a model's outputs are taken for, and why, and write a stream file that reads them."""
    from flows.runtime import settings

    data = files[0] if len(files) == 1 else _folder(files)
    costs = {"target": target, "error_cost": error_cost, "minute_cost": minute_cost}
    begin(stream or _name(data), data, settings.read(), **costs)


def begin(
    stream: str,
    data: Path,
    config: "Settings",
    *,
    target: float | None,
    error_cost: float | None,
    minute_cost: float | None,
) -> bool:
    """Write the stream file and say what was guessed; whether it holds all that `init` needs, and no example for a cost."""
    from flows.inputs import first_stream

    known = _known(target, error_cost, minute_cost)
    written = first_stream.write(stream, data, config, known)
    for sentence in written.sentences:
        out.print(escape(printable(sentence)), soft_wrap=True)
    return written.complete and None not in (known.target, known.error, known.minute)


def _known(target: float | None, error_cost: float | None, minute_cost: float | None) -> "Known":
    """What was said on the command line; at a terminal the rest is asked for, and an empty answer leaves an example."""
    from models.outputs.known_format import Known

    if target is not None and not 0 < target < 2 / 3:
        raise Misuse(f"--target {target:g}: give a share above 0 and below 2/3, as in 0.02")
    for name, value in (("--error-cost", error_cost), ("--minute-cost", minute_cost)):
        if value is not None and not 0 <= value < float("inf"):
            raise Misuse(f"{name} {value:g}: give an amount of 0 or more")
    if sys.stdin.isatty() and sys.stdout.isatty():
        target = target if target is not None else _asked("How much of what is released may be wrong (0.02 is 2 %)")
        error_cost = error_cost if error_cost is not None else _asked("What does a wrong released answer cost")
        minute_cost = minute_cost if minute_cost is not None else _asked("What does a minute of a reviewer cost")
    return Known(target=target, error=error_cost, minute=minute_cost)


def _asked(question: str) -> float | None:
    """A number, or None where nothing is answered."""
    answer = str(typer.prompt(f"{question}? [Enter: fill in later]", default="", show_default=False)).strip()
    try:
        return float(answer) if answer else None
    except ValueError:
        raise Misuse(f"{answer!r}: is no number; give one, as in 0.02") from None


def _folder(files: list[Path]) -> Path:
    """The folder that several files lie in. Raises Misuse if they lie in several."""
    folders = {Path(os.path.normpath(file.absolute())).parent for file in files}
    missing = next((file for file in files if not file.exists()), None)
    if missing is not None:
        raise Misuse(f"{missing}: there is no such file or folder; check the name")
    if len(folders) > 1:
        raise Misuse(
            "the files lie in several folders, and a stream reads one; put them into one, or guess each by itself"
        )
    return files[0].parent


def _name(data: Path) -> str:
    """A stream's name from that of a file or folder."""
    plain = re.sub(r"[^a-z0-9]+", "-", data.absolute().name.partition(".")[0].lower()).strip("-")
    return re.sub(r"^[^a-z]+", "", plain)[:40].strip("-") or "stream"
