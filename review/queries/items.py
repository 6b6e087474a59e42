"""An item that several models decide: its cases, and which of them people are asked about.

An item is what an id of the input names. Its first case goes by that id. Where another model decides it anew in a later epoch,
that is another case, whose `item_id` is the id. Nobody is asked twice about one item: of its cases at most one is sent, and
the others that would have been are *overtaken*.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from review.ledger import layout
from review.ledger.ledger import Ledger
from review.queries import policy_history

_IN_A_QUERY = 10_000  # values: SQLite takes 32,766
_THEN = ["content", "payload", "model_id", "epoch_id", "seal", "source", "line", "prediction", "raw_score"]
_THEN += ["cost", "latency_ms", "produced_at", "blind", "group_id"]
_PEOPLE = {"sent": "dispatch", "recalled": "recall"}
# A case, and of which item; what it said (null of one that was retired, but for the beginning of `content`); whether it was put
# before people (`sent`), and whether a person asked for that after its release (`recalled`).
CASES = pl.Schema(
    {"item_id": pl.String, "case_id": pl.String}
    | {name: pl.Int64() if name == "seal" else layout.columns("decision")[name] for name in _THEN}
    | {"sent": pl.Boolean, "recalled": pl.Boolean}
)


@dataclass(frozen=True, slots=True)
class Epoch:
    """An epoch of a stream. `number`: its place among them, from 1."""

    epoch_id: str
    model_id: str
    seal: int
    number: int


def epochs(ledger: Ledger, stream: str) -> list[Epoch]:
    """The epochs of a stream, in the order in which they were opened."""
    rows = ledger.read(
        "SELECT epoch_id, model_id, seal FROM epoch WHERE stream = :stream ORDER BY seal, opened_at, epoch_id",
        stream=stream,
    )
    return [Epoch(epoch, model, int(seal), number) for number, (epoch, model, seal) in enumerate(rows.iter_rows(), 1)]


def released_in(ledger: Ledger, stream: str) -> set[str]:
    """The epochs of a stream in which a policy was adopted that releases something."""
    rules = ledger.read(
        f"SELECT DISTINCT p.epoch_id, {', '.join(f'p.{name}' for name in policy_history.RULE)} FROM adoption a "
        "JOIN policy p ON p.policy_id = a.policy_id WHERE a.stream = :stream",
        stream=stream,
    )
    return {row["epoch_id"] for row in rules.iter_rows(named=True) if policy_history.rule_of(row).releases}


def case_id(item_id: pl.Expr, number: int) -> pl.Expr:
    """The id of the case that the stream's epoch of that number makes of an item decided before."""
    return item_id + f"@{number}"


def known(ledger: Ledger, stream: str, ids: pl.Series) -> pl.DataFrame:
    """What is recorded under some ids, none twice: case_id, content (of what was retired, its beginning), and model_id, source,
    item_id, epoch_id (null of what was retired)."""
    keys = pl.DataFrame({"stream": pl.repeat(stream, len(ids), eager=True), "case_id": ids})
    rows = ledger.matching("decision", keys, _KNOWN)
    if _retires(ledger, stream):
        gone = ledger.matching("retired", keys, _KNOWN[:2])
        rows = pl.concat([rows, gone], how="diagonal_relaxed")
    return rows.cast(dict.fromkeys(_KNOWN, pl.String))


_KNOWN = ["case_id", "content", "model_id", "source", "item_id", "epoch_id"]


def cases(ledger: Ledger, stream: str, item_ids: pl.Series, all_epochs: list[Epoch]) -> pl.DataFrame:
    """Every case of some items, no item twice: CASES, in any order. `all_epochs`: of the stream."""
    keys = pl.DataFrame({"stream": pl.repeat(stream, len(item_ids), eager=True), "item_id": item_ids})
    first = ledger.matching("decision", keys.rename({"item_id": "case_id"}), ["case_id", *_THEN])
    frames = [first.with_columns(item_id="case_id"), ledger.matching("decision", keys, ["item_id", "case_id", *_THEN])]
    frames += [_retired(ledger, keys, all_epochs)] if _retires(ledger, stream) else []
    kinds = pl.Schema((name, kind) for name, kind in CASES.items() if name not in _PEOPLE)
    return _with_people(ledger, stream, pl.concat([frame.select(kinds.names()).cast(kinds) for frame in frames]))


def _retires(ledger: Ledger, stream: str) -> bool:
    return len(ledger.read("SELECT 1 AS one FROM retired WHERE stream = :stream LIMIT 1", stream=stream)) > 0


def _retired(ledger: Ledger, item_ids: pl.DataFrame, all_epochs: list[Epoch]) -> pl.DataFrame:
    """The cases of items that have left the ledger: their epoch is the one in which their seal was set."""
    ids = [pl.col("item_id"), *(case_id(pl.col("item_id"), epoch.number) for epoch in all_epochs[1:])]
    named = pl.concat([item_ids.select("stream", "item_id", case_id=one) for one in ids])
    gone = ledger.matching("retired", named.select("stream", "case_id").unique(), ["case_id", "content", "of_seal"])
    opened = pl.DataFrame(
        [(epoch.seal, epoch.epoch_id, epoch.model_id) for epoch in all_epochs],
        schema={"opened": pl.Int64, "epoch_id": pl.String, "model_id": pl.String},
        orient="row",
    )
    rows = gone.cast({"case_id": pl.String, "content": pl.String, "of_seal": pl.Int64}).rename({"of_seal": "seal"})
    rows = rows.sort("seal").join_asof(opened, left_on="seal", right_on="opened", allow_exact_matches=False)
    missing = [name for name in _THEN if name not in rows.columns]
    return rows.join(named, on="case_id").with_columns(pl.lit(None, CASES[name]).alias(name) for name in missing)


def _with_people(ledger: Ledger, stream: str, cases: pl.DataFrame) -> pl.DataFrame:
    keys = cases.select(pl.lit(stream).alias("stream"), "case_id").unique()
    marks = {name: ledger.matching(table, keys, ["case_id"]) for name, table in _PEOPLE.items()}
    return cases.with_columns(
        pl.col("case_id").is_in(rows["case_id"].cast(pl.String).implode()).alias(name) for name, rows in marks.items()
    )


def any_with_people(ledger: Ledger, stream: str, item_ids: list[str]) -> bool:
    """Whether any case of any of these items was put before people, or is to be since somebody recalled it."""
    asked = """
        SELECT 1 AS one FROM decision d WHERE d.stream = :stream AND d.{column} IN :items AND (
            EXISTS (SELECT 1 FROM dispatch s WHERE s.stream = d.stream AND s.case_id = d.case_id)
            OR EXISTS (SELECT 1 FROM recall c WHERE c.stream = d.stream AND c.case_id = d.case_id)
        ) LIMIT 1
        """
    return any(
        len(ledger.read(asked.format(column=column), stream=stream, items=item_ids[start : start + _IN_A_QUERY]))
        for start in range(0, len(item_ids), _IN_A_QUERY)
        for column in ("case_id", "item_id")
    )


def refused(ledger: Ledger, stream: str, faults: pl.DataFrame, *, before: int) -> pl.DataFrame:
    """Those of some faults (source, line, content) that were recorded under earlier seals than `before`: the same columns."""
    key = ["source", "line", "content"]
    keys = faults.select(pl.lit(stream).alias("stream"), *key).unique()
    rows = ledger.matching("fault", keys, [*key, "seal"]).filter(pl.col("seal") < before)
    return rows.select(key).cast(faults.select(key).schema)


def decides_anew(ledger: Ledger, stream: str) -> bool:
    """Whether any item of a stream was decided anew."""
    rows = ledger.read(
        "SELECT 1 AS one FROM decision WHERE stream = :stream AND item_id IS NOT NULL LIMIT 1", stream=stream
    )
    return len(rows) > 0


def is_overtaken(case: str) -> str:
    """SQL: whether a case that was not sent will never be, for another case of its item was, or was decided later.

    `case`: what the query calls a row of `decision`. A released case that somebody recalls is overtaken only by a case that
    people are asked about, for somebody wants it read.
    """
    item = f"coalesce({case}.item_id, {case}.case_id)"
    later = f"SELECT 1 FROM decision o WHERE o.stream = {case}.stream AND o.item_id = {item}"
    wanted = "SELECT 1 FROM recall c WHERE c.stream = {0}.stream AND c.case_id = {0}.case_id"
    return f"""(
        EXISTS ({later} AND o.seal > {case}.seal AND (
            o.route = 'REVIEW' OR o.blind OR EXISTS ({wanted.format("o")}) OR NOT EXISTS ({wanted.format(case)})
        ))
        OR EXISTS ({later} AND EXISTS (SELECT 1 FROM dispatch s WHERE s.stream = o.stream AND s.case_id = o.case_id))
        OR EXISTS (SELECT 1 FROM dispatch s WHERE s.stream = {case}.stream AND s.case_id = {case}.item_id)
    )"""


def overtaken(ledger: Ledger, stream: str) -> pl.DataFrame:
    """The cases for people that were not sent and never will be (`is_overtaken`), in any order: case_id, blind."""
    rows = ledger.read(
        f"""
        SELECT d.case_id, d.blind FROM (
            SELECT * FROM decision WHERE stream = :stream AND item_id IS NOT NULL
            UNION ALL
            SELECT f.* FROM (
                SELECT DISTINCT item_id FROM decision WHERE stream = :stream AND item_id IS NOT NULL
            ) AS i CROSS JOIN decision f WHERE f.stream = :stream AND f.case_id = i.item_id
        ) AS d
        WHERE (
            d.route = 'REVIEW' OR d.blind
            OR EXISTS (SELECT 1 FROM recall c WHERE c.stream = d.stream AND c.case_id = d.case_id)
        )
        AND NOT EXISTS (SELECT 1 FROM dispatch s WHERE s.stream = d.stream AND s.case_id = d.case_id)
        AND {is_overtaken("d")}
        """,
        stream=stream,
    )
    return rows.cast({"case_id": pl.String, "blind": pl.Boolean})


def twins(ledger: Ledger, stream: str, case_ids: pl.Series, *, begun: Collection[str] = ()) -> pl.Series:
    """Those of some cases whose item people are asked about as another case: one that was sent, or a later one of these.

    `begun`: those of them that somebody has begun with, so that no later one takes their place.
    """
    if not decides_anew(ledger, stream):
        return case_ids.clear()
    keys = pl.DataFrame({"stream": pl.repeat(stream, len(case_ids), eager=True), "case_id": case_ids})
    of = ledger.matching("decision", keys, ["case_id", "item_id"]).select(
        pl.coalesce("item_id", "case_id").cast(pl.String)
    )
    every = cases(ledger, stream, of.to_series().unique(), epochs(ledger, stream))
    every = every.with_columns(named=pl.col("case_id").is_in(case_ids.implode()))
    pairs = every.filter("named").join(every, on="item_id", suffix="_other")
    later = pl.col("named_other") & (pl.col("seal_other") > pl.col("seal")) | pl.col("case_id_other").is_in(list(begun))
    other = pl.col("case_id_other") != pl.col("case_id")
    return pairs.filter(other, ~pl.col("case_id").is_in(list(begun)), pl.col("sent_other") | later)["case_id"].unique()


def recalled(ledger: Ledger, stream: str) -> pl.Series:
    """The cases that were ever recalled."""
    return ledger.read("SELECT case_id FROM recall WHERE stream = :stream", stream=stream)["case_id"].cast(pl.String)


def without_overtaken(ledger: Ledger, stream: str, case: str) -> str:
    """SQL that goes on a condition: a case was sent, or is not overtaken. Nothing where no item was decided anew.

    `case`: what the query calls a row of `decision`.
    """
    if not decides_anew(ledger, stream):
        return ""
    sent = f"SELECT 1 FROM dispatch s WHERE s.stream = {case}.stream AND s.case_id = {case}.case_id"
    return f" AND (EXISTS ({sent}) OR NOT {is_overtaken(case)})"


def decided_anew_from(ledger: Ledger, stream: str) -> Mapping[str, int]:
    """Of each epoch after which items were decided anew: the first seal under which that was so. epoch_id -> seal."""
    rows = ledger.read(
        "SELECT epoch_id, min(seal) AS seal FROM decision WHERE stream = :stream AND item_id IS NOT NULL GROUP BY epoch_id",
        stream=stream,
    )
    first = {epoch: int(seal) for epoch, seal in rows.iter_rows()}
    later: dict[str, int] = {}
    for number, epoch in enumerate(all_epochs := epochs(ledger, stream) if first else [], 1):
        seals = [first[one.epoch_id] for one in all_epochs[number:] if one.epoch_id in first]
        later |= {epoch.epoch_id: min(seals)} if seals else {}
    return later


def chosen_by_release(ledger: Ledger, stream: str) -> pl.Series:
    """The blind samples decided anew of items that were decided before while something was released.

    What people had by then was what an earlier model was less sure of, so those left say nothing of what comes
    (docs/method.md 2.2): they are no evidence.
    """
    rules = ledger.read(
        f"SELECT policy_id, {', '.join(policy_history.RULE)} FROM policy WHERE stream = :stream", stream=stream
    )
    releasing = [row["policy_id"] for row in rules.iter_rows(named=True) if policy_history.rule_of(row).releases]
    anew = ledger.read(
        "SELECT case_id, item_id, seal FROM decision WHERE stream = :stream AND item_id IS NOT NULL AND blind",
        stream=stream,
    ).cast({"case_id": pl.String, "item_id": pl.String, "seal": pl.Int64})
    if anew.is_empty():
        return anew["case_id"]
    keys = anew.select(pl.lit(stream).alias("stream"), "item_id").unique()
    first = ledger.matching("decision", keys.rename({"item_id": "case_id"}), ["case_id", "policy_id", "seal"])
    others = ledger.matching("decision", keys, ["item_id", "policy_id", "seal"])
    before = pl.concat([first.rename({"case_id": "item_id"}), others]).rename({"seal": "then"})
    met = anew.join(before, on="item_id").filter(pl.col("then") < pl.col("seal"))
    chosen = met.filter(pl.col("policy_id").is_in(releasing))["case_id"]
    retired = ~pl.col("item_id").is_in(first["case_id"].implode())  # it was released, or it would be there
    return anew.filter(pl.col("case_id").is_in(chosen.implode()) | retired)["case_id"]


def later(ledger: Ledger, stream: str, case: str) -> pl.DataFrame:
    """The cases that an item was decided anew as after this case of it, in their order: case_id, model_id, decided_at."""
    return ledger.read(
        """
        SELECT d.case_id, d.model_id, d.decided_at FROM decision d WHERE d.stream = :stream
            AND d.item_id = coalesce((SELECT n.item_id FROM decision n WHERE n.stream = :stream AND n.case_id = :case), :case)
            AND d.seal > coalesce((SELECT n.seal FROM decision n WHERE n.stream = :stream AND n.case_id = :case), 0)
        ORDER BY d.seal
        """,
        stream=stream,
        case=case,
    )
