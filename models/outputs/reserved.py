"""Columns we add to a table of model outputs ourselves. A file that brings one of these names is refused."""

from models.config.stream import Stream

PREFIX = "__second_reader_"
LINE = f"{PREFIX}line"  # Int64, 1-based line (CSV, JSONL) or row (Parquet) of the file
RAW = f"{PREFIX}raw"  # String, the line as it stood in the file (JSONL)

SAMPLES = f"{PREFIX}samples"  # List(String), the answers of all rows of an id, in their order
NOTHING = f"{PREFIX}nothing"  # String, null in every row: the value of a field that another model gave none for
JOINED = f"{PREFIX}joined"  # String, why the other file says nothing of a row; null: it does


def probabilities(stream: Stream) -> list[str]:
    """The columns a classifier of ours fills, in the order of the stream's labels."""
    return [f"{PREFIX}probability_{position}" for position in range(len(stream.labels))]
