"""The owner's commands: move the threshold, take it back, see why it stands where it does."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from flows.commands.options import Because, By, StreamName
from flows.commands.terminal import out, say
from models.errors import printable
from review import formats

if TYPE_CHECKING:  # they take a second to load
    import polars as pl

    from review.ledger.ledger import Ledger
    from review.queries.policy_history import PolicyInForce

Uncertified = Annotated[bool, typer.Option(help="Yes, without a certificate; marked so for ever.")]

app = typer.Typer()


def _listed(stream: str, find: "Callable[[Ledger, str], pl.DataFrame]", line: str, nothing: str) -> None:
    """What `find` finds in the ledger, a line each; what stands in it may be anybody's."""
    from flows.runtime import runs, settings

    described = settings.read_stream(stream, settings.read())
    with runs.open_ledger() as book:
        rows = find(book, described.name)
    for row in rows.iter_rows(named=True):
        text = line.format(**row, place=formats.place(row["source"], row["line"]))
        out.print(escape(printable(text).replace("\n", "\\n")), soft_wrap=True)
    if rows.is_empty():
        out.print(nothing)


def _in_force(now: "PolicyInForce", stream: str) -> None:
    rule = now.policy
    if not rule.releases:
        out.print(
            f"Version {now.version} of {escape(stream)} is in force: nothing is released, every case goes to a person."
        )
        return
    stand = "certified" if now.certified else "not certified"
    out.print(
        f"Version {now.version} of {escape(stream)} is in force ({stand}): from the next decision on, "
        f"{escape(formats.releases(rule.threshold, rule.by_class))}.",
        soft_wrap=True,
    )
    from flows.governance import actions

    for sentence in actions.terms(stream, now):
        out.print(escape(formats.plain(sentence)), soft_wrap=True)


@app.command(epilog="Example: `second-reader adopt digits --by 'A. Owner' --because 'certified on Monday'`")
def adopt(
    stream: StreamName,
    by: By,
    because: Because,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Release what has at least this confidence, as the report shows it. Default: what it proposes.",
            min=0,
            max=1,
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option("--class", help="Of a stream with a threshold per class: the class. Default: all.")
    ] = None,
    uncertified: Uncertified = False,
) -> None:
    """Move the threshold to a certified threshold (or, with --uncertified, to any)."""
    from flows.governance import actions

    stop = actions.stopped(stream)
    now = actions.adopt(stream, threshold, by=by, because=because, uncertified=uncertified, label=label)
    _in_force(now, stream)
    if stop and now.policy.releases:
        out.print(f"Before, {escape(stop)}.", soft_wrap=True)


@app.command(
    epilog="Example: `second-reader promote mail --by 'A. Owner' --because 'better at the same error' --unseen`"
)
def promote(
    stream: StreamName,
    by: By,
    because: Because,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="A threshold certified by what the model said in shadow. Default: the least strict.", min=0, max=1
        ),
    ] = None,
    unseen: Annotated[
        bool,
        typer.Option(
            "--unseen",
            help="You say, on the record, that the model has seen none of the labels that it is certified by. Of what retrain "
            "trained it is known.",
        ),
    ] = False,
) -> None:
    """Let the model that the stream file now names take over, with a threshold that its answers in shadow certify."""
    from flows.planning import promotion

    _in_force(promotion.promote(stream, threshold, by=by, because=because, unseen=unseen), stream)


@app.command(epilog="Example: `second-reader halt digits --by 'A. Owner' --because 'new scanner, odd images'`")
def halt(stream: StreamName, by: By, because: Because) -> None:
    """Release nothing from the next decision on; every case goes to a person."""
    from flows.governance import actions

    now = actions.halt(stream, by=by, because=because)
    _in_force(now, stream)


@app.command(epilog="Example: `second-reader resume digits --by 'A. Owner' --because 'scanner mended'`")
def resume(stream: StreamName, by: By, because: Because, uncertified: Uncertified = False) -> None:
    """After a halt, put the last policy of this epoch that released anything in force again, if it is certified."""
    from flows.governance import actions

    now = actions.resume(stream, by=by, because=because, uncertified=uncertified)
    _in_force(now, stream)


@app.command(epilog="Example: `second-reader rollback digits --to 3 --by 'A. Owner' --because 'too many complaints'`")
def rollback(
    stream: StreamName,
    by: By,
    because: Because,
    to: Annotated[
        int | None, typer.Option(help="The version to go back to; without it the versions are listed.", min=1)
    ] = None,
    uncertified: Uncertified = False,
) -> None:
    """Put an earlier version's policy in force again. What releases more than now must be certified."""
    from flows.governance import actions

    now = actions.rollback(stream, to, by=by, because=because, uncertified=uncertified)
    _in_force(now, stream)


@app.command(epilog="Example: `second-reader recall digits --by 'A. Owner' --because 'the alarm of Monday'`")
def recall(stream: StreamName, by: By, because: Because) -> None:
    """Send the released cases that the last alarm put under suspicion to people."""
    from flows.governance import recall as recalls

    count = recalls.recall(stream, by=by, because=because)
    say(recalls.sentences(count, recalls.beyond_recall(stream), recalls.overtaken(stream)))


show = typer.Typer(no_args_is_help=True, help="What the ledger tells of a case or of the threshold.")


@show.command("case", epilog="Example: `second-reader show case digits digit-0007`")
def show_case(stream: StreamName, case: Annotated[str, typer.Argument(help="The case's id.")]) -> None:
    """Replay one decision: what came in and what it said, the threshold it met, its sample, who read it, what became of it."""
    from flows.runtime import runs, settings
    from flows.scoring import payloads
    from review.report import timeline

    config = settings.read()
    described = settings.read_stream(stream, config)
    with runs.open_ledger(config) as book:
        where, payload = payloads.state(book, described, config.data / described.input.source, case)
        events = timeline.case(book, described.name, case, where=where, payload=payload, order=described.shown)
        out.print(escape(events), soft_wrap=True)


@show.command("config", epilog="Example: `second-reader show config digits`")
def show_config(stream: StreamName) -> None:
    """The form as the stream's Label Studio project was given it, for one that somebody has changed."""
    from flows.runtime import runs, settings

    described = settings.read_stream(stream, settings.read())
    with runs.open_ledger() as book:
        print(runs.project(book, described).config)


@show.command("faults", epilog="Example: `second-reader show faults digits`")
def show_faults(stream: StreamName) -> None:
    """Each row and answer that could not be read, newest first: where it stood, and why. Not what it said."""
    from review.queries import rejected

    _listed(stream, rejected.faults, "{found_at}  {place}: {reason}", "Everything could be read.")


@show.command("unscored", epilog="Example: `second-reader show unscored digits`")
def show_unscored(stream: StreamName) -> None:
    """Each case that could not be scored and went to a person: where it stood, and why."""
    from review.queries import rejected

    _listed(stream, rejected.unscored, "{case_id}  {place}: {doubt}", "Every case could be scored.")


@show.command("policy", epilog="Example: `second-reader show policy digits`")
def show_policy(stream: StreamName) -> None:
    """Who moved the threshold, when, why, and on what evidence; alarms and certificates in between."""
    from flows.runtime import runs, settings
    from review.report import timeline

    described = settings.read_stream(stream, settings.read())
    with runs.open_ledger() as book:
        out.print(escape(timeline.policies(book, described.name)), soft_wrap=True)
