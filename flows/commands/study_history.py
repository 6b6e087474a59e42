"""The command `study`: what a labelled history says, before anything is set up."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from flows.commands.terminal import err, out

if TYPE_CHECKING:
    from flows.planning.question import Answer, Question
    from flows.planning.study import History

Scale = Literal["unit", "percent", "logprob"]  # as models.outputs.score_columns, which is loaded with the command only

app = typer.Typer()


@app.command(epilog="Example: `second-reader study last-year.parquet --target 0.02 --truth label`")
def study(
    file: Annotated[Path, typer.Argument(help="Labelled outputs: Parquet, CSV or JSONL, or a folder of them.")],
    target: Annotated[float, typer.Option(help="How much of the released may be wrong, as in 0.02.")],
    delta: Annotated[
        float, typer.Option(help="The significance level: the chance left that a certificate is false.")
    ] = 0.05,
    truth: Annotated[
        str | None,
        typer.Option(
            help="Column of the right answer; of records with {field} for a field's name [default: truth; truth_{field}]."
        ),
    ] = None,
    of_format: Annotated[
        str | None, typer.Option("--format", help="A format by name, as label-studio-export, or a preset's file.")
    ] = None,
    prediction: Annotated[
        str | None, typer.Option(help="Column of the model's answer [default: prediction, or of --probabilities].")
    ] = None,
    right: Annotated[
        str | None, typer.Option(help="Instead of a truth: column that says accept or reject, yes or no, 1 or 0.")
    ] = None,
    confidence: Annotated[str, typer.Option(help="Column of its confidence, higher = surer.")] = "confidence",
    scale: Annotated[
        Scale | None, typer.Option(help="Of the numbers: unit (0 to 1), percent (0 to 100), logprob (0 and below).")
    ] = None,
    of: Annotated[
        str | None, typer.Option(help="The confidence is the probability of this label, of two.", metavar="LABEL")
    ] = None,
    probabilities: Annotated[
        str, typer.Option(help="Instead: columns a,b,c of probabilities, named as the labels.")
    ] = "",
    votes: Annotated[str, typer.Option(help="Columns a,b of single people's answers.")] = "",
    group: Annotated[
        str | None,
        typer.Option(
            help="Column whose rows belong together (item, customer) [default: an id that repeats; '': none]."
        ),
    ] = None,
    chance: Annotated[
        str | None, typer.Option(help="Column of the chance with which each row was chosen to be labelled.")
    ] = None,
    fold: Annotated[
        bool,
        typer.Option("--fold", help="Pass over case, outer space, final punctuation, forms of numbers in labels."),
    ] = False,
    stream: Annotated[
        str | None,
        typer.Option(
            "--stream",
            "--labels",
            help="A stream, or its file: read labels as its [labels] does, or records as its [[field]] tables do.",
            metavar="STREAM",
        ),
    ] = None,
    days: Annotated[int, typer.Option(help="Days to rehearse.", min=1, max=1000)] = 60,
    per_day: Annotated[
        int | None, typer.Option(help="Cases a day [default: the history spread over the days].", min=1)
    ] = None,
    audit_rate: Annotated[float, typer.Option(help="Share of the released that is audited blind.")] = 0.05,
    output: Annotated[Path, typer.Option(help="Folder for study.txt and study.json.")] = Path("study"),
    as_json: Annotated[bool, typer.Option("--json", help="Print every figure as JSON.")] = False,
) -> None:
    """Study a labelled history: what could be certified, how many labels it takes, how the first days would go."""
    asked = _asked(locals())
    answer = _answered(asked, _read(asked))
    files = answer.write(output)
    if as_json:
        print(answer.whole)
    else:
        out.print(answer.text, soft_wrap=True, markup=False)
        out.print(f"Written: {', '.join(map(str, files))}", soft_wrap=True, markup=False)


def _asked(options: Mapping[str, Any]) -> "Question":
    from flows.planning import question

    return question.Question(**options)


def _read(asked: "Question") -> "History":
    from flows.planning import question

    with err.status(f"Reading {asked.file}") as status:
        return question.read(asked, progress=lambda rows: status.update(f"Reading {asked.file}: {rows:,} rows"))


def _answered(asked: "Question", history: "History") -> "Answer":
    from flows.planning import question

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=err, transient=True
    ) as bar:
        task = bar.add_task("Rehearsing", total=asked.rehearsals)
        return question.answer(asked, history, tick=lambda: bar.advance(task))
