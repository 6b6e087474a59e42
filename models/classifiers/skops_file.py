"""Model files: what is read from them with care, and how they are written so that the same model is the same bytes.

skops builds objects of known types and runs no code of the file's. It numbers what it writes by addresses in memory and stamps
it with the time of the day; here both are replaced, so that a file's digest says what is in it.
"""

import io
import json
import zlib
from collections.abc import Sequence
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import skops.io as skops_io
from skops.io.exceptions import UntrustedTypesFoundException

from models.errors import ModelInvalid

_SCHEMA = "schema.json"
_NUMBER, _SHARED, _FILE = "__id__", "is_json", "file"  # keys of a node in it

# What skops lets through when a file is no archive, a broken one, or one of another version.
_UNREADABLE = (BadZipFile, zlib.error, KeyError, ValueError, TypeError, AttributeError, ImportError, EOFError, OSError)


def read(data: bytes, *, trusted: Sequence[str] = ()) -> Any:
    """What a skops file holds. `trusted`: types beside those that skops trusts. Raises ModelInvalid, naming what is wrong."""
    try:
        foreign = sorted(set(skops_io.get_untrusted_types(data=data)) - set(trusted)) if data else []
        content = None if foreign else skops_io.loads(data, trusted=list(trusted))
    except UntrustedTypesFoundException as error:
        raise ModelInvalid(f"the model file holds types that are not trusted ({error})") from None
    except _UNREADABLE as error:
        raise ModelInvalid(
            f"the model file is no skops file of this version ({type(error).__name__}); save the model with skops.io.dump"
        ) from None
    if foreign:
        raise ModelInvalid(
            f"the model file holds types that are not trusted: {', '.join(foreign)}; build it from scikit-learn's own parts"
        )
    return content


def written(content: Any) -> bytes:
    """A skops file of the content: the same bytes for the same content, whenever and wherever it is written."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(skops_io.dumps(content))) as packed, ZipFile(out, "w") as plain:
        numbers: dict[object, int] = {}
        files: dict[str, str] = {}
        schema = _renumbered(json.loads(packed.read(_SCHEMA)), numbers, files)
        for name, new in files.items():
            plain.writestr(ZipInfo(new), packed.read(name))  # 1980, the first that an archive knows
        plain.writestr(ZipInfo(_SCHEMA), json.dumps(schema))
    return out.getvalue()


def _renumbered(node: Any, numbers: dict[object, int], files: dict[str, str]) -> Any:
    """The schema with nodes numbered in the order in which they come; `files`: old names in the archive, and new ones."""
    if isinstance(node, list):
        return [_renumbered(one, numbers, files) for one in node]
    if not isinstance(node, dict):
        return node
    new: dict[str, Any] = {}
    for key, one in node.items():
        if key == _NUMBER:  # whether two equal plain values are one object in memory says nothing of them
            known = object() if node.get(_SHARED) else one
            new[key] = numbers.setdefault(known, len(numbers) + 1)
        elif key == _FILE and isinstance(one, str):
            new[key] = files.setdefault(one, f"{len(files) + 1}.{one.rpartition('.')[2]}")
        else:
            new[key] = _renumbered(one, numbers, files)
    return new
