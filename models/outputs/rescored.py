"""A row whose id was decided before, from other content: another model's answer to the same item, or a fault.

Another model decides an item anew in a later epoch, unless people have it. So does the same row where the stream file reads rows
otherwise than the epoch did that decided it: a misspelt label is known now, a score is taken for what it is. Else what stands
in a file that was read before is no new answer, whatever epoch reads it: neither a row that says what a case of the item rests
on, nor one that was refused then, nor one of which other columns are read now.
"""

from collections.abc import Collection
from enum import StrEnum

import polars as pl

from models import columns

_GIVEN_BESIDE = ("cost", "latency_ms", "produced_at")  # null where the stream did not name the column


class Kind(StrEnum):
    """What a row is of which the id is known with other content."""

    REPEAT = "repeat"  # a case of the item rests on it
    ANEW = "anew"  # the item is decided anew by it
    WITH_PEOPLE = "with people"  # it would be, but people have the item, and it stays with them
    FAULT = "fault"


def kinds(
    rows: pl.DataFrame,
    cases: pl.DataFrame,
    *,
    epoch_id: str,
    same_model: Collection[str],
    read_otherwise: Collection[str] = (),
    cold: Collection[str] = (),
    named: bool = False,
) -> pl.DataFrame:
    """What each row is.

    Args:
        rows: case_id (the id of the item), content, payload, source, line, prediction, raw_score, cost, latency_ms,
            produced_at; `ours`: whether the model answered that is in force; `refused`: whether the row was a fault before
            the epoch. No id twice.
        cases: The cases of the items by now: item_id, the same columns but for the last two, model_id, epoch_id, seal, sent and
            recalled. Null is what is not known; of `content` a beginning is enough.
        epoch_id: The epoch in force.
        same_model: The names of the model in force.
        read_otherwise: Earlier epochs under whose terms rows were read otherwise than they are now.
        cold: Those of them in which nothing was released. All that waits of these is decided anew, also where it is read alike:
            what the new epoch decides of them is then not chosen by what the model says.
        named: Whether each row names its model, so that none can be taken for another's.

    Returns:
        `kind` (String), and `sent_as`: the case of the item that was sent to people, if any; in the order of the rows.
    """
    newest = (
        cases.sort("seal")
        .group_by("item_id")
        .agg(
            last_epoch=pl.col("epoch_id").last(),
            last_model=pl.col("model_id").last(),
            shown=pl.col("payload").drop_nulls().last(),
            people=(pl.col("sent") | pl.col("recalled")).any(),
            sent_as=pl.col("case_id").filter(pl.col("sent")).first(),
        )
    )
    met = rows.join(cases, left_on="case_id", right_on="item_id", suffix="_then")
    same = pl.col("content").str.starts_with(pl.col("content_then"))
    alike = ~pl.col("epoch_id").is_in(list(read_otherwise)) | (_read_alike() & ~pl.col("epoch_id").is_in(list(cold)))
    said_before = met.group_by("case_id").agg(
        repeat=(same & alike).any(), read_anew=(same & ~alike).any(), unmoved=_unmoved().any()
    )
    whole = rows.join(newest, left_on="case_id", right_on="item_id", how="left", maintain_order="left").join(
        said_before, on="case_id", how="left", maintain_order="left"
    )
    fault = (
        (pl.col("last_epoch") == epoch_id)
        | pl.col("last_model").is_in(list(same_model))
        | ~pl.col("ours")
        | (pl.col("payload") != pl.col("shown")).fill_null(value=False)
        | (pl.col("unmoved") & (not named))
        | pl.col("refused")
    )
    return whole.select(
        kind=pl.when("repeat")
        .then(pl.lit(Kind.REPEAT))
        .when(fault & ~pl.col("read_anew"))
        .then(pl.lit(Kind.FAULT))
        .when("people")
        .then(pl.lit(Kind.WITH_PEOPLE))
        .otherwise(pl.lit(Kind.ANEW)),
        sent_as="sent_as",
    )


def _read_alike() -> pl.Expr:
    """Whether a row's answer and score are those of a case; of one that was retired nobody knows any other."""
    same = [pl.col(name).eq_missing(pl.col(f"{name}_then")) for name in ("prediction", "raw_score")]
    return pl.col("source_then").is_null() | pl.all_horizontal(same)


def _unmoved() -> pl.Expr:
    """Whether a row stands where a case was read, and answers as that says, in all that both hold."""
    same = [pl.col(name).eq_missing(pl.col(f"{name}_then")) for name in ("source", "line", "prediction", "raw_score")]
    for name in _GIVEN_BESIDE:
        same.append((pl.col(name) == pl.col(f"{name}_then")).fill_null(value=True))
    return pl.all_horizontal(same)


def collisions(rows: pl.DataFrame) -> pl.Series:
    """Why a row cannot be decided whose id would be another's too: that of an item's new case, and one that the input gives.

    Args:
        rows: case_id, item_id (null: no item that is decided anew), and `taken`: whether the ledger has another case of that id;
            in the order of the input, for the earlier row keeps the id.

    Returns:
        String, null where nothing is in the way.
    """
    placed = rows.with_row_index("place")
    new = placed.filter(pl.col("item_id").is_not_null())
    own = placed.filter(pl.col("item_id").is_null()).select("case_id", other="place")
    both = new.join(own, on="case_id", how="left")
    late = pl.col("taken") | (pl.col("other") < pl.col("place")).fill_null(value=False)
    shown, item = columns.printable(pl.col("case_id")), columns.printable(pl.col("item_id"))
    another = ": give one of the two another id"
    theirs = columns.sentence("id '", item, "' is decided anew as '", shown, f"', which is an id of the input{another}")
    ours = columns.sentence("id '", shown, "' is what the item '", item, f"' is decided anew as{another}")
    reasons = pl.concat(
        [
            both.filter(late).select("place", reason=theirs),
            both.filter(~late, pl.col("other").is_not_null()).select(place="other", reason=ours),
        ]
    )
    return placed.join(reasons, on="place", how="left", maintain_order="left")["reason"]
