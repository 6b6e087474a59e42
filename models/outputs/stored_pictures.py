"""Pictures in a storage of a cloud. Label Studio shows one only where that storage is connected to the stream's project."""

from collections.abc import Collection

import polars as pl

from models import columns
from models.config.stream import Stream

_ROOT = r"^\s*((?:s3|gs|azure-blob)://[^/]*)/"


def any_in(pictures: pl.Series) -> bool:
    """Whether one of the pictures lies in a storage."""
    return bool(pictures.str.contains(_ROOT).any())


def unseen(pictures: pl.Series, stream: Stream, connected: Collection[str]) -> pl.Series:
    """Of each case, why no reader would see its picture; null: they would, or nothing is known against it.

    Args:
        pictures: String, as the payloads hold them; null where one holds none.
        stream: Whose cases they are.
        connected: The storages of its project, each by the beginning of its addresses, as in `s3://bucket`.

    Returns:
        String, in the order of the pictures.
    """
    column = stream.input.payload[0]
    root = pictures.str.extract(_ROOT)
    shown = columns.printable(pl.lit(pictures))
    sentence = columns.sentence(
        f"{column} holds '",
        shown,
        "', and no storage of the project in Label Studio has '",
        columns.printable(pl.lit(root)),
        "': connect it there (Settings > Cloud Storage > Add Source Storage), or give an http(s) address",
    )
    apart = root.is_not_null() & ~root.is_in(list(connected))
    return pl.select(pl.when(pl.lit(apart)).then(sentence)).to_series()
