"""Rows of a chunk whose ids were decided before: which of them decide their item anew, and as which case.

Looked at only in an epoch that another model's came before, or one that read rows otherwise. A chunk may be looked at before
the one ahead of it is recorded, and while people are sent cases: so what it found is asked once more within the transaction that
records it (`still`).
"""

from dataclasses import dataclass

import polars as pl
import polars_hash as plh

from flows.scoring import other_rows
from models.config import terms
from models.config.stream import Stream
from models.errors import Superseded
from models.outputs import contract, rescored
from models.outputs.rescored import Kind
from review.ledger import ledger
from review.queries import candidates, items, registered, shadows
from review.queries.policy_history import PolicyInForce


class Moved(Superseded):
    """An item that was to be decided anew has been put before people meanwhile. Look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A chunk's cases without what adds nothing, and with `item_id`: null, or the id of the item that is decided anew.

    `stays`: the rows that would decide an item anew which people have, with `sent_as` (the case that was sent; null: it waits to
    be). `faults`: FAULT_SCHEMA. `alike`: rows of other files than before that say of an item what another model said of it, word
    for word.
    """

    cases: pl.DataFrame
    stays: pl.DataFrame
    faults: pl.DataFrame
    alike: int = 0

    @property
    def anew(self) -> pl.DataFrame:
        """case_id and item_id of what is decided anew."""
        return self.cases.select("case_id", "item_id").filter(pl.col("item_id").is_not_null())


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of a stream whose epoch in force follows another model's, or one that read rows otherwise."""

    book: ledger.Ledger
    stream: Stream
    epoch: items.Epoch
    epochs: list[items.Epoch]
    same_model: list[str]
    read_otherwise: list[str]  # the epochs before that read rows otherwise than they are read now
    cold: list[str]  # those of them in which nothing was released

    def sort(self, cases: pl.DataFrame) -> Sorted:
        """The cases of a chunk (`contract.CASE_SCHEMA`), of which no id is there twice."""
        if cases.is_empty():
            return ordinary(cases)
        known = items.known(self.book, self.stream.name, cases["case_id"])
        met = cases.select("case_id", now="content", file="source").join(known, on="case_id")
        same = pl.col("now").str.starts_with(pl.col("content"))
        otherwise = pl.col("epoch_id").is_in(self.read_otherwise).fill_null(value=False)
        other = met.filter(~same | otherwise, pl.col("item_id").is_null())["case_id"]
        if other.is_empty():
            return ordinary(cases)
        then = items.cases(self.book, self.stream.name, other, self.epochs)
        rows = cases.filter(pl.col("case_id").is_in(other.implode()))
        kinds = self._kinds(rows, then)
        rows = rows.hstack(kinds)
        anew = pl.col("case_id").is_in(rows.filter(pl.col("kind") == Kind.ANEW)["case_id"].implode())
        left_out = rows.filter(pl.col("kind").is_in([Kind.REPEAT, Kind.WITH_PEOPLE]))
        named = cases.join(left_out, on="case_id", how="anti", maintain_order="left").with_columns(
            item_id=pl.when(anew).then("case_id"),
            case_id=pl.when(anew).then(items.case_id(pl.col("case_id"), self.epoch.number)).otherwise("case_id"),
        )
        free, faults = self._apart(named)
        stays = rows.filter(pl.col("kind") == Kind.WITH_PEOPLE).drop("kind")
        # What it says of a case that it decided itself, read otherwise now, is not another model's answer.
        another = ~pl.col("model_id").is_in(self.same_model)
        shown = then.select(sent_as="case_id", blind=pl.col("blind") & another, group="group_id", ours="prediction")
        theirs = ~pl.col("model_id").is_in(self.same_model) & (pl.col("source") != pl.col("file"))
        return Sorted(
            cases=free,
            stays=stays.join(shown.unique("sent_as"), on="sent_as", how="left", maintain_order="left"),
            faults=faults,
            alike=0 if self.named else len(met.filter(same, theirs)),
        )

    @property
    def named(self) -> bool:
        """Whether each row names its model."""
        return self.stream.input.model is not None

    def _kinds(self, rows: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
        return rescored.kinds(
            rows.with_columns(ours=pl.col("model_id") == self.stream.model.id, refused=self._refused(rows)),
            then,
            epoch_id=self.epoch.epoch_id,
            same_model=self.same_model,
            read_otherwise=self.read_otherwise,
            cold=self.cold,
            named=self.named,
        )

    def _refused(self, rows: pl.DataFrame) -> pl.Series:
        """Whether each row was a fault before this epoch, for its id was known: whoever's answer it was taken for then."""
        models = list(dict.fromkeys(epoch.model_id for epoch in self.epochs if epoch.number < self.epoch.number))
        payloads = [pl.col("payload"), pl.lit(None, pl.String)][: 1 + (self.stream.input.payload_by == "reference")]
        places = rows.select(place=pl.int_range(pl.len()))
        faults = pl.concat(
            contract.clashes(
                rows.with_columns(payload=payload, model_id="model_id" if self.named else pl.lit(model))
            ).hstack(places)
            for model in models
            for payload in payloads
        ).with_columns(content=plh.col("raw").chash.sha2_256())
        before = items.refused(self.book, self.stream.name, faults, before=self.epoch.seal)
        known = faults.join(before, on=["source", "line", "content"], how="semi")
        return places.select(pl.col("place").is_in(known["place"].implode()).alias("refused")).to_series()

    def _apart(self, cases: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The rows whose ids are theirs alone, and faults of the others."""
        new = cases.filter(pl.col("item_id").is_not_null())
        known = self.book.known("decision", new.select(pl.lit(self.stream.name).alias("stream"), "case_id"))
        taken = pl.col("case_id").is_in(known["case_id"].cast(pl.String).implode())
        reasons = rescored.collisions(cases.select("case_id", "item_id", taken=taken))
        bad = cases.with_columns(reason=reasons, case_id=pl.coalesce("item_id", "case_id"))
        faults = contract.rejected(bad.filter(pl.col("reason").is_not_null()), pl.col("reason"))
        return cases.filter(reasons.is_null()), faults


def ordinary(cases: pl.DataFrame) -> Sorted:
    """A chunk of which nothing is decided anew."""
    return Sorted(
        cases=cases.with_columns(item_id=pl.lit(None, pl.String)),
        stays=cases.clear(),
        faults=contract.FAULT_SCHEMA.to_frame(),
    )


def look(book: ledger.Ledger, stream: Stream, in_force: PolicyInForce) -> Look | None:
    """A look at what was decided before; None: no epoch came before that another model answered in, or that read rows otherwise,
    so nothing can be decided anew."""
    all_epochs = items.epochs(book, stream.name)
    if len(all_epochs) == 1:
        return None
    same = candidates.answering_as(book, stream.name, in_force.model_id)
    epoch = next(epoch for epoch in all_epochs if epoch.epoch_id == in_force.epoch_id)
    before = all_epochs[: epoch.number]
    read = {one.epoch_id: registered.terms(book, one.epoch_id) for one in before}
    now = terms.reading(read[epoch.epoch_id] or {})
    otherwise = [name for name, then in read.items() if then is not None and terms.reading(then) != now]
    if not otherwise and all(one.model_id in same for one in before):
        return None
    released = items.released_in(book, stream.name)
    return Look(
        book=book,
        stream=stream,
        epoch=epoch,
        epochs=before,
        same_model=same,
        read_otherwise=otherwise,
        cold=[name for name in otherwise if name not in released],
    )


def of_cases(answers: pl.DataFrame, anew: pl.DataFrame) -> pl.DataFrame:
    """What other models said, with the ids of the cases that items are decided anew as. `anew`: of a `Sorted`."""
    ids = anew.select(new="case_id", case_id="item_id")
    named = answers.join(ids, on="case_id", how="left", maintain_order="left")
    return named.with_columns(case_id=pl.coalesce("new", "case_id")).drop("new")


def still(book: ledger.Ledger, stream: str, anew: pl.DataFrame) -> None:
    """Raise Moved if people have got one of the items meanwhile. Within the transaction that records them."""
    if items.any_with_people(book, stream, anew["item_id"].to_list()):
        raise Moved(f"stream {stream}: people got an item meanwhile that was to be decided anew; run it again")


def shadows_of(book: ledger.Ledger, stream: Stream, stays: pl.DataFrame, *, run_id: str, now: str) -> pl.DataFrame:
    """What the model says of items that stay with people, where other models may be asked about them: rows of `shadow`.

    `stays`: of a `Look`, not empty.
    """
    sampled = stays.filter(pl.col("blind").fill_null(value=False)).with_columns(case_id="sent_as", group_id="group")
    if len(sampled):
        sampled = sampled.filter(shadows.for_measuring(book.identity, sampled))
    return other_rows.facts(sampled, stream, run_id=run_id, now=now)
