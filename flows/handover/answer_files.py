"""A file of finished answers: Parquet, CSV or JSON Lines. It appears whole or not at all."""

from pathlib import Path
from typing import Literal, get_args

import polars as pl

from models.errors import Misuse
from review import private_files

Format = Literal["parquet", "csv", "jsonl"]
FORMATS: tuple[Format, ...] = get_args(Format)
_FORMULA = r"^[=+\-@\t\r]"  # a spreadsheet computes what begins so
_NUMBER = r"^[+-]?\d+(\.\d+)?$"


def named(text: str | None) -> Format | None:
    """The format of this name; None: none was named. Raises Misuse if there is no such format."""
    if text is None:
        return None
    for one in FORMATS:
        if text == one:
            return one
    raise Misuse(f"--format {text!r}: one of {', '.join(FORMATS)}")


def is_folder(target: str) -> bool:
    """Whether --to names a folder: one that is there, or that ends in /. Raises Misuse if it can be neither file nor folder."""
    try:
        return Path(target).is_dir() or target.endswith("/")
    except OSError as error:
        raise Misuse(
            f"--to {target[:80]}: cannot be written ({error.strerror or error}); name a place that can"
        ) from None


def format_of(path: Path, asked: Format | None) -> Format:
    """The format of a file: the one asked for, else by its ending. Raises Misuse if they differ or neither says."""
    ending = path.suffix.lower().removeprefix(".")
    if asked is not None and ending in FORMATS and ending != asked:
        raise Misuse(
            f"--to {path}: ends in .{ending}, and --format says {asked}; let them agree, or leave --format out"
        )
    for one in FORMATS:
        if one in (asked, ending):
            return asked or one
    raise Misuse(f"--to {path}: neither its ending nor --format says which format; one of {', '.join(FORMATS)}")


def write(rows: pl.DataFrame, path: Path, form: Format, *, about: dict[str, str]) -> None:
    """Write rows to a file, in the folder made if missing. `about` goes into the metadata of a Parquet file.

    In CSV a text that a spreadsheet would compute begins with an apostrophe, and is known by it. Raises OSError.
    """
    with private_files.appearing(path) as part:
        match form:
            case "parquet":
                rows.write_parquet(part, metadata=about)
            case "csv":
                rows.with_columns(_inert(name) for name, kind in rows.schema.items() if kind == pl.String).write_csv(
                    part
                )
            case "jsonl":
                rows.write_ndjson(part)


def write_to(rows: pl.DataFrame, path: Path, form: Format, *, about: dict[str, str]) -> None:
    """`write`, for a file that somebody named with --to. Raises Misuse if it cannot be written."""
    try:
        write(rows, path, form, about=about)
    except OSError as error:
        raise Misuse(f"--to {path}: cannot be written ({error.strerror or error}); name a place that can") from None


def _inert(name: str) -> pl.Expr:
    text = pl.col(name)
    computed = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return pl.when(computed).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).alias(name)
