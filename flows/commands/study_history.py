"""The command `study`: what a labelled history says, before anything is set up."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from flows.commands.terminal import err, out
from models.errors import Misuse
from review import private_files

Scale = Literal["unit", "percent", "logprob"]  # as models.outputs.score_columns, which is loaded with the command only

app = typer.Typer()


@app.command(epilog="Example: `second-reader study last-year.parquet --target 0.02 --truth label`")
def study(
    file: Annotated[Path, typer.Argument(help="Labelled outputs: Parquet, CSV or JSONL, or a folder of them.")],
    target: Annotated[float, typer.Option(help="How much of the released may be wrong, as in 0.02.")],
    delta: Annotated[float, typer.Option(help="The doubt that may remain.")] = 0.05,
    truth: Annotated[str, typer.Option(help="Column of the right answer.")] = "truth",
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
    labels: Annotated[
        str | None,
        typer.Option(
            help="A stream, or its file: read labels as its [labels] does, and know no others.", metavar="STREAM"
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
    from flows.planning import study as studies
    from flows.planning import study_formats
    from flows.runtime import settings
    from models.planning import labelled, simulation
    from models.planning import study as figures
    from review.report import study_text

    for name, value in (("--target", target), ("--delta", delta), ("--audit-rate", audit_rate)):
        if not 0 < value < 1:
            raise Misuse(f"{name} {value:g}: give a share between 0 and 1, as in 0.02")
    if labels is not None and (fold or right):
        option = "--fold" if fold else "--right"
        raise Misuse(f"--labels says how answers are compared with a truth; drop {option}, or --labels")
    columns = labelled.Columns(
        truth=truth,
        prediction=prediction or (None if probabilities or right else "prediction"),
        confidence=None if probabilities else confidence,
        probabilities=_names(probabilities),
        votes=_names(votes),
        right=right,
        group=group,
        chance=chance,
        scale=scale,
        of=of,
        fold=fold,
        rule=None if labels is None else settings.read_stream(labels, settings.read()).rule,
    )
    preset = None if of_format is None else study_formats.preset(of_format)
    columns = columns if preset is None else study_formats.columns(columns, preset)
    with err.status(f"Reading {file}") as status:
        history = studies.read(
            file, columns, preset=preset, progress=lambda rows: status.update(f"Reading {file}: {rows:,} rows")
        )
    setting = simulation.Setting(
        target=target,
        delta=delta,
        days=days,
        per_day=per_day or max(1, len(history.cases) // days),
        audit_rate=audit_rate,
    )
    with _bar() as bar:
        task = bar.add_task("Rehearsing", total=days * simulation.RUNS)
        measured, loop = studies.studied(history, setting, tick=lambda: bar.advance(task))
    agree = figures.proportion(history.votes_right, history.votes, delta) if history.votes else None
    shown = (measured, loop, agree, history.people, history.left_out, history.notes)
    text = study_text.lines(file.name, *shown)
    read = {"rows_without_truth": history.unlabelled, "rows_unreadable": history.unreadable, "group": history.group}
    whole = json.dumps(read | study_text.as_json(*shown), indent=2)
    _write(output, {"study.txt": text + "\n", "study.json": whole + "\n"})
    if as_json:
        print(whole)
        return
    out.print(text, soft_wrap=True, markup=False)
    out.print(f"Written: {output / 'study.txt'}, {output / 'study.json'}", soft_wrap=True, markup=False)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _bar() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=err, transient=True)


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Each file appears whole or not at all."""
    try:
        for name, text in texts.items():
            private_files.replace(folder / name, text)
    except OSError as error:
        raise Misuse(f"--output {folder}: cannot be written ({error.strerror}); name another folder") from None
