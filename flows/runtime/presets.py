"""Formats by name: the presets that come with the product, and those of a user's own file."""

import functools
from pathlib import Path

from models.config import presets
from models.config.input_table import Input
from models.errors import StreamInvalid

SHIPPED = Path(__file__).resolve().parents[1] / "inputs" / "formats"
_LONGEST = 2**20  # bytes of a preset


def names() -> list[str]:
    """The formats that come with the product, in alphabetical order."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def shipped(name: str) -> presets.Preset:
    """The format of this name. Raises StreamInvalid if there is none."""
    if name not in names():
        raise StreamInvalid(
            f"input.format = {name!r}: no such format; there are {', '.join((*presets.KINDS, *names()))}; or name a preset of "
            'your own by its file, as in format = "mine.toml"'
        )
    return _read(SHIPPED / f"{name}.toml")


def lookup(origin: Path) -> presets.Lookup:
    """Finds the presets that the stream file `origin` names: one that ends in .toml lies relative to it."""
    return functools.partial(_preset, origin)


def _preset(origin: Path, name: str) -> presets.Preset:
    if name.endswith(".toml"):
        return _read(origin.parent / name)
    try:
        return shipped(name)
    except StreamInvalid as error:
        raise StreamInvalid(f"{origin}: {error}") from None


@functools.lru_cache(maxsize=64)
def _parsed(path: Path, text: str) -> presets.Preset:
    return presets.parse(text, origin=str(path), keys=set(Input.model_fields))


def _read(path: Path) -> presets.Preset:
    try:
        if not path.is_file():
            raise StreamInvalid(f"{path}: no such preset; name the file of a preset, relative to the stream file")
        if path.stat().st_size > _LONGEST:
            raise StreamInvalid(f"{path}: larger than {_LONGEST >> 20} MiB, which no preset is; name another file")
        return _parsed(path, path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StreamInvalid(f"{path}: cannot be read ({error.strerror}); give the right to read it") from None
    except UnicodeDecodeError:
        raise StreamInvalid(f"{path}: not UTF-8 text; save it as UTF-8") from None
