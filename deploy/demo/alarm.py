"""What an owner does in the demo when the watchdog has closed the epoch: looks, and calls back what went out."""

from rich.console import Console
from rich.markup import escape

from flows.governance import evidence, recall
from flows.runtime import runs
from models.config.stream import Stream
from review.queries import alarms
from review.report import timeline

SHOWN = 3  # suspects printed by name


def raised(stream: Stream) -> bool:
    """Whether the policy in force is the watchdog's: nothing is released any more."""
    with runs.open_ledger() as book:
        return runs.policy_in_force(book, stream).adopted_by == evidence.WATCHDOG


def answer(stream: Stream, *, by: str, out: Console) -> None:
    """Print the alarm and the suspects, have them read by people, and print what the ledger tells of it all."""
    with runs.open_ledger() as book:
        suspects = alarms.suspects(book, stream.name)
    cases = [] if suspects is None else suspects["case_id"].to_list()
    out.print("  [bold]The watchdog closed the epoch:[/] nothing is released any more.")
    named = ", ".join(cases[:SHOWN]) + (", ..." if len(cases) > SHOWN else "")
    out.print(f"  {len(cases)} released cases are under suspicion and read by nobody: {escape(named)}", soft_wrap=True)
    recalled = recall.recall(stream.name, by=by, because="the alarm: they may be as wrong as those that were audited")
    out.print(f"  {by} recalls {recalled} of them: people will read them.")
    with runs.open_ledger() as book:
        out.print(f"\n[bold]second-reader show policy {escape(stream.name)}[/]")
        out.print(escape(timeline.policies(book, stream.name)), soft_wrap=True)
        if cases:
            out.print(f"\n[bold]second-reader show case {escape(stream.name)} {escape(cases[0])}[/]")
            out.print(escape(timeline.case(book, stream.name, cases[0])), soft_wrap=True)
    out.print()
