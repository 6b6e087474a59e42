"""The files of a Delta table that are live: those that its log has added and not removed, with their partition values.

The log is replayed from the last checkpoint as the Delta transaction protocol says (version of the documentation: reader
version 1, of the protocol's PROTOCOL.md). What a table has that this does not know is refused rather than half read.
"""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import InputInvalid

FOLDER = "_delta_log"
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet")
_KNOWN = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "typeWidening"}  # features that change no row's place
_LONGEST = 256 * 2**20  # bytes of one commit
_WAY = "export it as Parquet"

Live = list[tuple[Path, tuple[tuple[str, str | None], ...]]]
Actions = dict[str, tuple[tuple[str, str | None], ...]]


def live(table: Path) -> Live:
    """The live files of a table in the order of their names. Raises InputInvalid if the log cannot be followed; OSError."""
    log = table / FOLDER
    entries = sorted(path.name for path in log.iterdir())
    checkpoints: dict[tuple[int, int], list[str]] = {}  # by version and the number of parts
    for name in entries:
        if ".checkpoint." in name and not _CHECKPOINT.fullmatch(name):
            raise InputInvalid(f"{table}: a Delta table with a checkpoint of another kind ({name[:80]!r}); {_WAY}")
        if match := _CHECKPOINT.fullmatch(name):
            checkpoints.setdefault((int(match[1]), int(match[2] or 1)), []).append(name)
    # Parts are written one by one, and count together only.
    start, parts = max((key for key, names in checkpoints.items() if len(names) >= key[1]), default=(-1, 0))
    alive: Actions = {}
    for name in checkpoints.get((start, parts), []):
        _replay_checkpoint(table, log / name, alive)
    versions = {int(match[1]): name for name in entries if (match := _COMMIT.fullmatch(name))}
    after = sorted(version for version in versions if version > start)
    if start < 0 and (not after or after[0] != 0):
        raise InputInvalid(
            f"{table}: a Delta table whose log does not begin at version 0 and has no checkpoint; {_WAY}"
        )
    for place, version in enumerate(after, start=start + 1):
        if version != place:
            raise InputInvalid(f"{table}: a Delta table whose log lacks version {place}; copy its {FOLDER} whole")
        _replay_commit(table, log / versions[version], alive)
    files = [(_below(table, path), keys) for path, keys in alive.items()]
    missing = next((path for path, _ in files if not path.is_file()), None)
    if missing is not None:
        raise InputInvalid(f"{missing}: not there, though the table's {FOLDER} counts it in; copy the table whole")
    return sorted(files)


def _replay_commit(table: Path, commit: Path, alive: Actions) -> None:
    if commit.stat().st_size > _LONGEST:
        raise InputInvalid(f"{commit}: larger than {_LONGEST >> 20} MiB, which no commit of a Delta table is; {_WAY}")
    actions: list[dict[str, Any]] = []
    for number, line in enumerate(commit.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            action = json.loads(line)
        except (ValueError, RecursionError):
            action = None
        if not isinstance(action, dict) or not _sound(action):
            raise InputInvalid(f"{commit}:{number}: no action of a Delta table; copy its {FOLDER} whole")
        actions.append(action)
    _apply(table, actions, alive)


def _sound(action: dict[str, Any]) -> bool:
    """Whether what is read of an action is of its type."""
    parts = [action.get(name) for name in ("add", "remove", "protocol", "metaData")]
    if not all(part is None or isinstance(part, dict) for part in parts):
        return False
    added, removed, protocol, data = (part or {} for part in parts)
    paths = [part.get("path") for part in (added, removed) if part]
    tables = [added.get("partitionValues") or {}, data.get("configuration") or {}]
    features = protocol.get("readerFeatures") or []
    return (
        all(isinstance(path, str) for path in paths)
        and all(isinstance(one, dict) for one in tables)
        and isinstance(features, list)
        and all(isinstance(one, str) for one in features)
    )


def _replay_checkpoint(table: Path, checkpoint: Path, alive: Actions) -> None:
    try:
        rows = pq.read_table(checkpoint, columns=["add", "protocol", "metaData"]).to_pylist(maps_as_pydicts="lossy")
        sidecars = "sidecar" in pq.read_schema(checkpoint).names and any(
            row["sidecar"] for row in pq.read_table(checkpoint, columns=["sidecar"]).to_pylist()
        )
    except (pa.ArrowException, KeyError) as error:
        raise InputInvalid(f"{checkpoint}: cannot be read ({str(error).splitlines()[0]}); {_WAY}") from None
    if sidecars:
        raise InputInvalid(f"{table}: a Delta table with a checkpoint in several files; {_WAY}")
    _apply(table, rows, alive)


def _apply(table: Path, actions: list[dict[str, Any]], alive: Actions) -> None:
    """One version's actions: a removal and an addition of one file may stand in any order, and the addition holds."""
    for action in actions:
        if removed := action.get("remove"):
            alive.pop(removed["path"], None)
        if protocol := action.get("protocol"):
            unknown = sorted(set(protocol.get("readerFeatures") or []) - _KNOWN - {"deletionVectors"})
            if unknown:
                raise InputInvalid(f"{table}: a Delta table with {unknown[0]!r}, which is not read; {_WAY}")
        if (data := action.get("metaData")) and (data.get("configuration") or {}).get(
            "delta.columnMapping.mode", "none"
        ) != "none":
            raise InputInvalid(f"{table}: a Delta table whose columns have other names in its files; {_WAY}")
    for action in actions:
        if not (added := action.get("add")):
            continue
        if added.get("deletionVector"):
            raise InputInvalid(
                f"{table}: a Delta table with rows deleted inside a file (deletion vectors); run OPTIMIZE, or {_WAY}"
            )
        alive[added["path"]] = tuple((added.get("partitionValues") or {}).items())


def _below(table: Path, name: str) -> Path:
    """The file a log names. One that lies elsewhere is not read: a log is data, and names nothing outside its folder."""
    path = table / unquote(name)
    if Path(unquote(name)).is_absolute() or ".." in path.relative_to(table).parts or "://" in name:
        raise InputInvalid(f"{table}: its log names {name[:80]!r}, which does not lie in the table's folder; {_WAY}")
    return path
