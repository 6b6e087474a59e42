"""The commands `shadow` and `retrain`: another model beside the one whose answers go out, asked or trained."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import StreamName
from flows.commands.terminal import err, say

app = typer.Typer()


@app.command(
    epilog="Example: `second-reader shadow digits --model m-2 --wanted ask.jsonl`, then `second-reader shadow digits --model m-2 "
    "answers.jsonl`"
)
def shadow(
    stream: StreamName,
    file: Annotated[
        Path | None,
        typer.Argument(help="What the model said: rows with case_id, and the answer in the columns the stream reads."),
    ] = None,
    model: Annotated[str, typer.Option(help="The other model's name.")] = "",
    wanted: Annotated[
        Path | None, typer.Option(help="Instead: write the cases that it is still to be asked about, as JSON Lines.")
    ] = None,
    million_tokens_in: Annotated[
        float | None,
        typer.Option(help="What a million tokens that it reads cost; without it, what the stream file says."),
    ] = None,
    million_tokens_out: Annotated[float | None, typer.Option(help="The same of tokens that it writes.")] = None,
) -> None:
    """Record what another model says of cases that people have read, so that the report compares the two."""
    from flows.planning import shadows

    with err.status(f"shadow {stream}"):
        prices = (million_tokens_in, million_tokens_out)
        say([shadows.done(stream, model, answers=file, wanted=wanted, prices=prices)])


@app.command(
    epilog="Example: `second-reader retrain digits --model digits-sure-1`, or `second-reader retrain digits --model digits-2 "
    "--kind refit`"
)
def retrain(
    stream: StreamName,
    model: Annotated[str, typer.Option(help="The candidate's name; its file is called so.")] = "",
    kind: Annotated[
        str,
        typer.Option(
            help="second-stage: score the answers anew; calibrator: make the score a probability; refit: fit the stream's own "
            "classifier anew."
        ),
    ] = "second-stage",
    curve: Annotated[
        bool, typer.Option(help="Train it on parts of the labels, too, to say whether more of them would help.")
    ] = True,
) -> None:
    """Train a candidate on people's answers, and let it answer in shadow, so that the report compares it."""
    from flows.planning import candidates
    from flows.runtime import runs

    with err.status(f"retrain {stream}"):
        counts = candidates.retrain(stream, model, kind, curve=curve)
    say([f"retrain: {runs.line(counts)}", *counts["says"]])
