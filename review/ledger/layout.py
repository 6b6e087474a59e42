"""The ledger's tables as the rest of the ledger needs them: names, columns and keys.

`tables.py` declares them, and a test holds the two together. They are written a second time because the declarations need
SQLModel and SQLAlchemy, half a second of a core that only making or changing a schema is worth, and not every start.
"""

import polars as pl

BESIDE = ("seal", "extract", "retired", "edition")  # tables that the ledger keeps beside the facts
# Columns that a later version added. They are null in every row that an earlier one wrote, so a seal passes over them
# where they hold nothing: what was sealed before they existed still reads as it was sealed.
ADDED = {
    "epoch": ("terms",),
    "alarm": ("clean_seal", "detector", "field"),
    "era_plan": ("by_field", "shadow_after"),
    "policy": ("by_band",),
    "decision": ("group_id", "held", "field_scores", "request", "item_id"),
    "shadow": ("request",),
    "review": ("written_by", "unsure", "comment"),
}
# In an order in which every row finds what it refers to. A column is text unless it says so; `*`: of the natural key.
# Every table but `BESIDE` ends with a column `seal`, which stands here where it belongs to the key.
_TABLES = {
    "edition": "schema_version* ledger_id after_seal:int made_at digest",
    "epoch": "epoch_id* stream model_id labels calibrator salt opened_at terms",
    "extract": "seal*:int stream* groups confidences:bytes case_ids members:bytes",
    "fault": "stream* source* line*:int content* reason raw run_id found_at",
    "handout": (
        "stream* number*:int after_seal:int until_seal:int file digest row_count:int batch_rows:int recorded_at"
    ),
    "outlay": "outlay_id* stream model_id what amount:float from_day to_day undoes entered_by because entered_at",
    "project": "stream* config_hash* project_id*:int config created_at",
    "retired": "stream* case_id* content of_seal:int",
    "run": "run_id* stream flow counts cursor started_at finished_at",
    "seal": "seq*:int table_name row_count:int digest previous keys:bytes marks:bytes sealed_at",
    "alarm": "epoch_id* stream labels:int errors:int clean_until raised_at clean_seal:int detector field",
    "era_plan": (
        "epoch_id* part* era*:int stream alpha:float delta:float thresholds starts weights group_size:int after_seal:int "
        "ends_at registered_at by_field shadow_after:int"
    ),
    "plan": "epoch_id* part* stream alpha:float delta:float thresholds starts weights look registered_at",
    "policy": (
        "policy_id* stream epoch_id threshold:float by_class audit_rate:float blind_rate:float target_error:float "
        "delta:float cost_error:float cost_review_minute:float by_band"
    ),
    "retirement": (
        "of_seal*:int stream row_count:int all_digest kept_digest keys_digest marks_digest extract_digest file file_digest "
        "retired_by because retired_at"
    ),
    "adoption": "stream* version*:int policy_id replaced adopted_by because certified:bool evidence adopted_at",
    "certificate": "epoch_id* part* look*:int stream threshold:float standing taken_by because made_at",
    "decision": (
        "stream* case_id* payload model_id prediction raw_score:float confidence:float doubt route blind:bool "
        "propensity:float policy_id epoch_id slices cost:float latency_ms:float produced_at content source line:int run_id "
        "decided_at group_id held field_scores request item_id"
    ),
    "delivery": "stream* number*:int channel* batch*:int delivered_at",
    "shadow": (
        "stream* case_id* model_id* answer score:float unscored cost:float latency_ms:float content run_id recorded_at request"
    ),
    "look": "epoch_id* part* era*:int look*:int stream threshold:float standing made_at",
    "dispatch": "stream* case_id* slot*:int task_key project_id:int task_id:int blind:bool wave sent_at",
    "recall": "stream* case_id* recalled_by because recalled_at",
    "redispatch": "stream* case_id* slot*:int project_id*:int task_id*:int wave asked_by because sent_at",
    "review": (
        "project_id*:int annotation_id*:int revision* stream case_id slot:int task_id:int reviewer outcome answer blind:bool "
        "seconds:float submitted_at collected_at written_by unsure:bool comment"
    ),
}
_TYPES = {"": pl.String, "int": pl.Int64, "float": pl.Float64, "bool": pl.Boolean, "bytes": pl.Binary}


def names() -> list[str]:
    """The tables of facts, without `BESIDE`, in an order in which every row finds what it refers to."""
    return [name for name in _TABLES if name not in BESIDE]


def columns(name: str) -> pl.Schema:
    """A table's columns and their types in table order, without `seal`. Raises KeyError if there is no such table."""
    parts = (word.partition(":") for word in _TABLES[name].split())
    types = {column.rstrip("*"): _TYPES[kind] for column, _, kind in parts}
    return pl.Schema({column: kind for column, kind in types.items() if column != "seal"})


def original(name: str) -> list[str]:
    """A table's columns without those that a later version added, in table order. Raises KeyError as `columns` does."""
    return [column for column in columns(name) if column not in ADDED.get(name, ())]


def key(name: str) -> list[str]:
    """The columns of a table's natural key, in table order. Raises KeyError if there is no such table."""
    return [word.partition("*")[0] for word in _TABLES[name].split() if "*" in word]
