"""What waits to be put before people, and where it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from review.ledger.ledger import Ledger
from review.queries import items

_IN_A_QUERY = 10_000  # values: SQLite takes 32,766


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    """A stream's Label Studio project and the labelling config we gave it."""

    project_id: int
    config: str
    config_hash: str


def project(ledger: Ledger, stream: str) -> ProjectRow | None:
    """The stream's newest Label Studio project; None if it has none yet."""
    rows = ledger.read(
        """
        SELECT project_id, config, config_hash FROM project
        WHERE stream = :stream ORDER BY created_at DESC, seal DESC LIMIT 1
        """,
        stream=stream,
    )
    return None if rows.is_empty() else ProjectRow(**rows.row(0, named=True))


_UNSENT = """
    FROM (
        SELECT d.*, 0 AS recalled FROM decision d WHERE d.stream = :stream AND (d.route = 'REVIEW' OR d.blind)
        UNION ALL
        SELECT d.*, 1 AS recalled FROM recall c CROSS JOIN decision d
        WHERE d.stream = c.stream AND d.case_id = c.case_id AND c.stream = :stream AND d.route = 'AUTOMATE' AND NOT d.blind
    ) AS wanted
    WHERE NOT EXISTS (
        SELECT 1 FROM dispatch s WHERE s.stream = wanted.stream AND s.case_id = wanted.case_id AND s.slot = 0
    )"""


def pending(
    ledger: Ledger, stream: str, limit: int, *, blind_first: bool = False, since: int | None = None
) -> pl.DataFrame:
    """At most `limit` cases that wait to be put before a person, in the order they should be.

    In the order of decision, and among those decided together in the order of their content's SHA-256: so nobody can tell an
    audit from a doubtful case by its place, a queue answered in part is answered at random, and what was answered so far is
    a beginning of what was sampled. Before that come recalled cases, for up to half of the places. `blind_first`: blind samples
    before the others, while evidence is what is lacking. `since`: a seal; blind samples decided under later ones come first,
    for four places in five: behind an old backlog nobody would see what is released now. A payload may be null, by reference.
    A case that another of its item has overtaken (`items`) waits no more.
    """
    columns = "case_id, payload, source, line, content, prediction, confidence, doubt, route, blind, decided_at"
    waits = f" AND NOT {items.is_overtaken('wanted')}" if items.decides_anew(ledger, stream) else ""

    def some(which: str, most: int, order: str = "", **values: int) -> pl.DataFrame:
        sql = f"SELECT {columns} {_UNSENT}{waits} AND {which} ORDER BY {order}seal, content, case_id LIMIT :most"
        return ledger.read(sql, stream=stream, most=most, **values)

    by_kind = "CASE WHEN blind THEN 0 ELSE 1 END, " if blind_first else ""
    frames = [some("recalled = 1", (limit + 1) // 2)]
    left = limit - len(frames[0])
    if since is not None:
        frames.append(some("recalled = 0 AND blind AND seal > :since", left - left // 5, since=since))
    frames.append(some("recalled = 0", left, by_kind))
    if sum(map(len, frames)) < limit or since is not None:  # places that one kind leaves free are another's
        frames.append(some("recalled >= 0", limit, by_kind))
    return pl.concat(frames).unique("case_id", keep="first", maintain_order=True).head(limit)


def unsent(ledger: Ledger, stream: str) -> pl.DataFrame:
    """Every reading that may be under way without a receipt, in any order: case_id, slot, blind.

    The first one of each case that waits for a person, or did before its item was decided anew, and the next one of each
    case that was read blind: the dispute that asked for it may be over, and its task is there all the same.
    """
    first = ledger.read(f"SELECT case_id, blind {_UNSENT}", stream=stream)
    after = ledger.read(
        "SELECT case_id, max(slot) + 1 AS slot FROM dispatch WHERE stream = :stream AND blind GROUP BY case_id",
        stream=stream,
    )
    parts = [first.with_columns(slot=pl.lit(0)), after.with_columns(blind=pl.lit(True))]
    return pl.concat(
        part.select("case_id", pl.col("slot").cast(pl.Int64), pl.col("blind").cast(pl.Boolean)) for part in parts
    )


def kept(ledger: Ledger, stream: str, case_ids: Sequence[str]) -> pl.DataFrame:
    """What the ledger keeps of what these cases said, those it knows of them in any order.

    case_id, payload (null: by reference), source, line, content, prediction, blind.
    """
    read = partial(
        ledger.read,
        "SELECT case_id, payload, source, line, content, prediction, blind FROM decision "
        "WHERE stream = :stream AND case_id IN :cases",
        stream=stream,
    )
    starts = range(0, max(len(case_ids), 1), _IN_A_QUERY)
    return pl.concat(read(cases=case_ids[start : start + _IN_A_QUERY]) for start in starts)


def field_scores(ledger: Ledger, stream: str, case_ids: Sequence[str], epoch_id: str) -> pl.DataFrame:
    """How sure the model was of the fields of those of these cases that the epoch decided and nobody reads blind.

    case_id, field_scores (JSON list), threshold (that the case was decided by; null: nothing was released).
    """
    read = partial(
        ledger.read,
        """
        SELECT d.case_id, d.field_scores, p.threshold FROM decision d JOIN policy p ON p.policy_id = d.policy_id
        WHERE d.stream = :stream AND d.case_id IN :cases AND d.epoch_id = :epoch AND NOT d.blind AND d.field_scores IS NOT NULL
        """,
        stream=stream,
        epoch=epoch_id,
    )
    starts = range(0, max(len(case_ids), 1), _IN_A_QUERY)
    return pl.concat(read(cases=case_ids[start : start + _IN_A_QUERY]) for start in starts)


def of_earlier_epochs(ledger: Ledger, stream: str, case_ids: Sequence[str], epoch_id: str) -> int:
    """How many of these cases another epoch than this one decided."""
    read = partial(
        ledger.read,
        "SELECT count(*) AS n FROM decision WHERE stream = :stream AND epoch_id <> :epoch AND case_id IN :cases",
        stream=stream,
        epoch=epoch_id,
    )
    starts = range(0, len(case_ids), _IN_A_QUERY)
    return sum(int(read(cases=case_ids[start : start + _IN_A_QUERY])["n"].item()) for start in starts)


def dispatched(ledger: Ledger, project_id: int) -> int:
    """How many tasks were put into a project."""
    return int(
        ledger.read("SELECT count(*) AS n FROM dispatch WHERE project_id = :project", project=project_id)["n"].item()
    )
