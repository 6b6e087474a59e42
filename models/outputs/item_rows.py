"""What several rows of one id differ in, and what that asks for: an id of several columns, or one case of all of them."""

import json

import polars as pl

from models import columns
from models.config import score_table
from models.config.stream import Stream
from models.outputs import reserved, unseen_box, whole_text

_ROWS = 1000  # looked at
_MOST = 4  # columns beside the id that are named
_LONGEST = 60  # letters of a name that is named
_KEY, _KINDS = f"{reserved.PREFIX}key", f"{reserved.PREFIX}kinds"


def ways(frame: pl.DataFrame, stream: Stream) -> str:
    """The ways out where several rows have one id, the likelier first. `frame`: with all that is known of the rows."""
    drop = "drop input.confidence and " if stream.input.confidence is not None else ""
    samples = (
        f"if they are several answers to one item, {drop}add the table [score.samples], which makes one case of them"
    )
    apart = telling(frame, stream)
    if not apart:
        return f"{samples}; if not, name the columns that tell the rows apart, {_id('...', '...')}"
    own = score_table.id_columns(stream.input.id)
    box = unseen_box.key(frame, stream)
    shown = "" if box is None else f", and {box}"
    return (
        f"the rows of one id differ in {', '.join(apart)} too: if each is a case, {_id(*own, *apart)}{shown}; {samples}"
    )


def telling(frame: pl.DataFrame, stream: Stream) -> list[str]:
    """Columns beside those of the answer that tell the rows of each id apart, the first in the file; none: none do.

    A number that counts the rows of each id is none: it says nothing of what they are about.
    """
    head = frame.head(_ROWS)
    others = _others(head, stream)
    rows = others.select(columns.text(head.select(stream.input.id)).to_series().alias(_KEY), pl.all())
    kinds = rows.group_by(_KEY).agg(pl.all().n_unique())
    differ = [name for name in others.columns if (kinds[name] > 1).any() and not _counts(rows, name)]
    chosen = differ[:_MOST]
    return chosen if chosen and rows.select(_KEY, *chosen).is_unique().all() else []


def _others(frame: pl.DataFrame, stream: Stream) -> pl.DataFrame:
    """The columns that are not of the answer, as text."""
    rows = whole_text.of(frame)
    of_answer = whole_text.of_answer(stream) | {stream.input.id, *score_table.id_columns(stream.input.id)}
    return rows.select(name for name in rows.columns if name not in of_answer and len(name) <= _LONGEST)


def _counts(rows: pl.DataFrame, name: str) -> bool:
    """Whether a column counts the rows of each id."""
    number = columns.numbers(rows[name]).rename(_KINDS)
    by_id = rows.select(_KEY).hstack([number]).group_by(_KEY).agg(pl.len(), pl.col(_KINDS).n_unique())
    return (
        not number.has_nulls()
        and bool((by_id[_KINDS] == by_id["len"]).all())
        and number.n_unique() == by_id["len"].max()
    )


def _id(*names: str) -> str:
    return f"input.id = [{', '.join(json.dumps(name, ensure_ascii=False) for name in names)}]"
