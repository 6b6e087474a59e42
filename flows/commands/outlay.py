"""The command `outlay`: money that is spent on a stream whatever comes in."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from flows.commands.options import StreamName
from flows.commands.terminal import out, say
from models.errors import printable
from review import formats

if TYPE_CHECKING:  # it takes a second to load
    import polars as pl

app = typer.Typer()


@app.command(
    epilog="Example: `second-reader outlay digits --what hosting --amount 1200 --from 2026-11-01 --to 2026-11-30 --by 'A. Owner' "
    "--because 'invoice 17'`, then `second-reader outlay digits`"
)
def outlay(
    stream: StreamName,
    what: Annotated[str, typer.Option(help="What the money is for: hosting, a licence, training.")] = "",
    amount: Annotated[str, typer.Option(help="How much, over all of its days, in the stream's currency.")] = "",
    first: Annotated[str, typer.Option("--from", help="The first day it is for, as 2026-11-01.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day it is for.")] = "",
    model: Annotated[str, typer.Option(help="The model it is for. Default: whatever model answers.")] = "",
    undo: Annotated[str, typer.Option(help="Instead: take back the entry with this id.")] = "",
    by: Annotated[str, typer.Option(help="Your name; kept for ever.")] = "",
    because: Annotated[str, typer.Option(help="Why; kept for ever.")] = "",
) -> None:
    """Enter what a stream costs beside its cases, take an entry back or, without any option, list the entries."""
    from flows.governance import outlays

    wanted = {"what": what, "amount": amount, "from": first, "to": last, "model": model}
    sentence, rows = outlays.done(stream, wanted, undo=undo, by=by, because=because)
    if rows is not None and len(rows):
        out.print(_table(rows))
    say([sentence])


def _table(rows: "pl.DataFrame") -> Table:
    table = Table("id", "what", "model", "amount", "from", "to", "who", show_lines=False)
    for number, column in enumerate(table.columns):
        column.no_wrap, column.overflow = number in (0, 3, 4, 5), "fold"
    table.columns[3].justify = "right"
    for row in rows.iter_rows(named=True):
        what, model, who = (escape(printable(row[name] or "any")) for name in ("what", "model_id", "entered_by"))
        days = (row["from_day"], row["to_day"])
        table.add_row(row["outlay_id"][:8], what, model, formats.money(row["amount"]), *days, who)
    return table
