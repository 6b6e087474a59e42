"""What a user says of a first stream file beside the data: what no data can say, and the format it is in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.config.presets import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What no data can say, where somebody said it: the target, and what an error and a minute of review cost."""

    target: float | None = None
    error: float | None = None
    minute: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format by name, the keys that its preset has, and the kind of its cases where it knows it.

    `tokens`: the path to the list of an answer's tokens with their `logprob`; None where the files hold none.
    """

    name: str
    keys: Mapping[str, Any]
    kind: str | None = None
    request: Request | None = None
    tokens: str | None = None


NOTHING_KNOWN = Known()
