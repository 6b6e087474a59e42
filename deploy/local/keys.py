"""The keys of one local stack: made once, kept in one file that only its owner can read."""

import json
import os
import secrets
from dataclasses import dataclass, field, fields
from pathlib import Path

from models import errors

_EMAIL = "owner@second-reader.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Passwords, tokens and keys; never shown by repr."""

    email: str  # of the first Label Studio account
    password: str = field(repr=False)
    token: str = field(repr=False)
    secret_key: str = field(repr=False)  # signs Label Studio's sessions
    postgres: str = field(repr=False)  # password of the database


def load(home: Path) -> Keys:
    """The keys of `home`, made if it is new. Raises SetupFailed if the file is damaged, or gone from a used home."""
    path = home / "keys.json"
    again = f"remove {home} to start afresh"
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Keys(**{part.name: str(stored[part.name]) for part in fields(Keys)})
    except FileNotFoundError:
        if any(home.glob("postgres-*/PG_VERSION")):
            raise errors.SetupFailed(f"{path} is gone, and with it the way into the databases; {again}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise errors.SetupFailed(f"{path} cannot be read ({type(error).__name__}); {again}") from None
    new_keys = Keys(
        email=_EMAIL,
        password=secrets.token_urlsafe(12),
        token=secrets.token_hex(20),
        secret_key=secrets.token_hex(32),
        postgres=secrets.token_hex(16),
    )
    unfinished = path.with_suffix(".making")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({part.name: getattr(new_keys, part.name) for part in fields(Keys)}, file, indent=2)
    unfinished.rename(path)
    return new_keys
