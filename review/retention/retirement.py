"""Take old decisions out of the ledger, into files, so that every seal can still be checked and every report stays.

Only what no person ever had before them leaves: released, not sampled, not recalled. What people read is evidence, and
rests on references. Estimates rest on extracts, which stay, as do seals, with the keys of their rows. A file is on the
disk, read back and held against the seals, before the ledger lets go of a row; killed anywhere, nothing is lost, and the
next run goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from models import errors
from models.routing.policy import Route
from review import formats
from review.integrity import checks, retired, verify
from review.ledger import archive, rollups, seals
from review.ledger.ledger import Ledger
from review.queries import alarms, suspicion


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who retires, why, when (text of `models.timestamps`): it stands in the ledger for ever."""

    by: str
    because: str
    now: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a retirement did: decisions taken out, files they are in, and seals passed over that must stay for now."""

    rows: int = 0
    files: int = 0
    waiting: int = 0

    def sentences(self, folder: Path) -> list[str]:
        """What was retired into files of `folder`, and what stays for now."""
        files = f"{formats.count(self.files, 'file')} in {folder}"
        text = [f"{formats.count(self.rows, 'decision')} retired into {files}." if self.rows else "Nothing to retire."]
        if self.waiting:
            text.append(
                f"{self.waiting} batches stay for now: released cases in them are under suspicion since the last alarm, "
                "or were not handed out yet (`second-reader release STREAM`)."
            )
        return text


def retire(ledger: Ledger, stream: str, *, before: str, folder: Path, who: Who, settled: int | None = None) -> Done:
    """Retire what was decided before a moment, by whole seals. Raises Tampered if a record is not as it was sealed.

    `settled`: a seal after which none may leave yet; None: any may. Raises Refused for a user that does not own the tables,
    LedgerInvalid if the folder cannot be written.
    """
    ledger.check_owner()
    candidates = _candidates(ledger, stream, before, settled)
    done = Done(waiting=int(candidates["held"].sum()))
    # Counted over those that stay too, for what lies between is read with them.
    files = candidates.with_columns(((pl.col("n").cum_sum() - 1) // seals.ROWS).alias("file")).filter("free")
    places = verify.places(ledger, retired.TABLE) if len(files) else {}
    for part in files.partition_by("file", maintain_order=True):
        taken = _one_file(ledger, stream, part["seal"].to_list(), places, folder, who)
        done = Done(rows=done.rows + taken, files=done.files + (taken > 0), waiting=done.waiting)
    return done


def _candidates(ledger: Ledger, stream: str, before: str, settled: int | None) -> pl.DataFrame:
    """The stream's seals that were not retired, oldest first: seal, n (rows), free (to be retired), held (free but for
    something that still needs its decisions)."""
    rows = ledger.read(
        """
        SELECT e.seal, e.groups FROM extract e WHERE e.stream = :stream
            AND NOT EXISTS (SELECT 1 FROM retirement r WHERE r.of_seal = e.seal)
            AND NOT EXISTS (SELECT 1 FROM extract other WHERE other.seal = e.seal AND other.stream <> :stream)
        ORDER BY e.seal
        """,
        stream=stream,
    )
    groups = _groups(rows)
    released = (pl.col("route") == Route.AUTOMATE) & ~pl.col("blind")
    held = pl.lit(False)
    suspects = alarms.suspects(ledger, stream)
    waiting = set() if suspects is None else set(suspects["epoch_id"])
    for one in alarms.suspicions(ledger, stream) if waiting else ():
        if one.epoch_id in waiting:
            held |= one.suspect & released
    if settled is not None:
        held |= pl.col("seal") > settled
    old = (pl.col("decided_at").max() < before) & released.any()
    return groups.group_by("seal").agg(pl.col("n").sum(), free=old & ~held.any(), held=old & held.any()).sort("seal")


def _one_file(
    ledger: Ledger, stream: str, numbers: list[int], places: dict[int, tuple[int, int]], folder: Path, who: Who
) -> int:
    """Retire a few seals into one file. How many decisions left."""
    rows = verify.sealed(ledger, retired.TABLE, stream, numbers, places).filter(pl.col("seal").is_in(numbers))
    bounds = {"low": numbers[0], "high": numbers[-1]}
    file_seals = verify.seals_of(ledger, retired.TABLE, **bounds)
    parts = {number: rows.filter(pl.col("seal") == number) for number in numbers}
    odd = [one for number in numbers for one in seals.check(file_seals[number], parts[number])]
    odd += [one for one in checks.extract_findings(ledger.read, rows, bounds, {}) if one.seal in parts]
    if odd:
        raise errors.Tampered(f"{odd[0]}; nothing of it was retired; run: second-reader verify")
    touched = _touched(ledger, stream)
    gone = {number: retired.leaving(part, touched) for number, part in parts.items()}
    leaving = {number: which for number, which in gone.items() if which.any()}
    if not leaving:
        return 0
    kept = pl.concat([parts[number] for number in leaving]).select(*_columns(rows))
    name = f"{stream}-{min(leaving):08d}-{max(leaving):08d}.parquet"
    digest = archive.write(folder, name, kept)
    if wrong := archive.check(folder / name, digest, [file_seals[number] for number in leaving]):
        raise errors.LedgerInvalid(
            f"the archive {folder / name} does not hold what was to be retired ({wrong[0]}); "
            "move that file away, or give another folder; nothing was taken out"
        )
    facts = [
        {"of_seal": number, "stream": stream, "file": name, "file_digest": digest, "retired_at": who.now}
        | {"retired_by": who.by, "because": who.because}
        | retired.facts(file_seals[number], parts[number], which, _extract(ledger, number))
        for number, which in leaving.items()
    ]
    keys = pl.concat([retired.keys(parts[number].filter(which)) for number, which in leaving.items()])
    frame = pl.DataFrame(facts, schema_overrides={"kept_digest": pl.String})
    ledger.retire(keys, frame, now=who.now)
    return len(keys)


def _columns(rows: pl.DataFrame) -> Iterator[str]:
    return (name for name in rows.columns if name not in ("key", "mark", "mistyped"))


def _touched(ledger: Ledger, stream: str) -> pl.Series:
    """Cases that were sent to a person, or recalled and will be."""
    return ledger.read(
        "SELECT case_id FROM dispatch WHERE stream = :stream UNION SELECT case_id FROM recall WHERE stream = :stream",
        stream=stream,
    )["case_id"].cast(pl.String)


def _extract(ledger: Ledger, number: int) -> pl.DataFrame:
    rows = ledger.read("SELECT * FROM extract WHERE seal = :number ORDER BY stream", number=number)
    return rows.select(rollups.COLUMNS.names())


def beyond_recall(ledger: Ledger, stream: str) -> int:
    """How many released cases under suspicion were retired before their alarm, so that none of them can be recalled."""
    rows = ledger.read(
        "SELECT e.seal, e.groups FROM extract e JOIN retirement r ON r.of_seal = e.seal WHERE e.stream = :stream",
        stream=stream,
    )
    suspicions = alarms.suspicions(ledger, stream) if len(rows) else []
    return sum(_beyond(ledger, stream, one, rows) for one in suspicions)


def _beyond(ledger: Ledger, stream: str, suspected: suspicion.Suspicion, retired_extracts: pl.DataFrame) -> int:
    suspect = suspected.suspect & (pl.col("route") == Route.AUTOMATE) & ~pl.col("blind")
    groups = _groups(retired_extracts).filter(suspect)
    if groups.is_empty():
        return 0
    still = ledger.read(
        """
        SELECT count(*) AS n FROM decision d JOIN retirement r ON r.of_seal = d.seal
        WHERE d.stream = :stream AND d.epoch_id = :epoch AND d.route = 'AUTOMATE' AND NOT d.blind
            AND (d.seal > :clean OR d.seal IN :doubted)
        """,
        stream=stream,
        epoch=suspected.epoch_id,
        clean=suspected.clean,
        doubted=suspected.doubted,
    )["n"].item()
    return int(groups["n"].sum()) - int(still)


def _groups(rows: pl.DataFrame) -> pl.DataFrame:
    """The groups of extracts (seal, groups), a row each, with their seal."""
    lines = rows["groups"].str.count_matches("\n", literal=True) + 1
    seal = rows.select(pl.col("seal").repeat_by(lines).explode()).to_series()
    return rollups.read_groups([rows["groups"]]).with_columns(seal=seal)


def files(ledger: Ledger) -> int:
    """How many files hold what was retired, of all streams."""
    return int(ledger.read("SELECT count(DISTINCT file) AS n FROM retirement")["n"].item())
