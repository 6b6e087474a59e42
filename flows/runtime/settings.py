"""Where things are: the only reader of the environment.

Every setting is an environment variable that starts with SECOND_READER_, or a line of a `.env` file where the command
is started.
"""

import base64
import difflib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pydantic
from pydantic import SecretStr
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from models.errors import Misuse, StreamInvalid

if TYPE_CHECKING:
    from models.config.stream import Stream

PREFIX = "SECOND_READER_"


class Settings(BaseSettings):
    """Addresses and folders. Relative folders are below the folder the command is started in."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True)

    ledger: SecretStr = SecretStr("sqlite:///second-reader.db")  # secret: a PostgreSQL URL may hold a password
    label_studio_url: str = "http://127.0.0.1:8080"
    label_studio_token: SecretStr = SecretStr("")
    streams: Path = Path("deploy/streams")
    data: Path = Path()
    reports: Path = Path("reports")
    reports_url: str = ""  # where a web server shows that folder; empty: links are to files
    runner: Literal["threads", "dask"] = "threads"  # what works on the chunks of `score`
    # Signs what the webhook of [release] gets; while it changes: both, with a space between them.
    webhook_secret: SecretStr = SecretStr("")
    runner_address: str = ""  # of a Dask scheduler; empty: workers of this machine, for the run


def read() -> Settings:
    """The settings in force. Raises Misuse, naming the variable, if one cannot be used."""
    try:
        return Settings()
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        raise Misuse(f"{name}: {first['msg']}; set it in the environment or in .env") from None
    except UnicodeDecodeError:
        raise Misuse(".env: not UTF-8 text; save it as UTF-8") from None


def misspelt() -> dict[str, str]:
    """Variables, in the environment or `.env`, that are no setting but are spelt much like one, and that one."""
    names = {name.upper() for name in (*os.environ, *DotEnvSettingsSource(Settings).env_vars)}
    ours = {name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)}
    known = [name.upper() for name in Settings.model_fields]
    near = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.83) for name in sorted(ours.difference(known))}
    return {PREFIX + name: PREFIX + meant[0] for name, meant in near.items() if meant}


def label_studio_token(settings: Settings) -> str:
    """The token as text. Raises Misuse if none is set."""
    token = settings.label_studio_token.get_secret_value()
    if not token:
        raise Misuse(
            f"{PREFIX}LABEL_STUDIO_TOKEN is not set; copy one from Label Studio (Account & Settings > "
            "Personal Access Token) into the environment or .env"
        )
    return token


def webhook_keys(settings: Settings) -> list[bytes]:
    """The keys that sign what a webhook gets, the newest first. Raises Misuse, without the value, if there is none."""
    name, words = f"{PREFIX}WEBHOOK_SECRET", settings.webhook_secret.get_secret_value().split()
    if not words:
        raise Misuse(
            f"{name} is not set, and nothing is sent unsigned; make one (echo whsec_$(openssl rand -base64 32)), put it into "
            "the environment or .env, and give it to the receiver"
        )
    try:
        keys = [base64.b64decode(word.removeprefix("whsec_"), validate=True) for word in words]
    except ValueError:
        keys = [b""]
    if not all(word.startswith("whsec_") for word in words) or any(not 24 <= len(key) <= 64 for key in keys):
        raise Misuse(
            f"{name}: must be whsec_ and 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32)"
        )
    return keys


def stream_file(name: str, settings: Settings) -> Path:
    """Where the stream called `name` is described: in the streams folder, or in the file `name`."""
    return Path(name) if name.endswith(".toml") else settings.streams / f"{name}.toml"


def read_stream(name: str, settings: Settings) -> "Stream":
    """The stream called `name` in the streams folder, or the one in the file `name`.

    Raises StreamInvalid if there is none, naming those there are, or if the file does not describe a stream.
    """
    path = stream_file(name, settings)
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        known = ", ".join(stream_names(settings)) or "none"
        raise StreamInvalid(
            f"{path}: no such stream file; {settings.streams} has: {known} (set {PREFIX}STREAMS to look elsewhere, or "
            f"begin it: second-reader init {name} --from FILE)"
        ) from None
    except OSError as error:
        raise StreamInvalid(f"{path}: cannot be read ({error.strerror}); give the right to read it") from None
    except UnicodeDecodeError:
        raise StreamInvalid(f"{path}: not UTF-8 text; save it as UTF-8") from None
    from flows.runtime import presets
    from models.config import stream as streams  # Polars comes with it, which help, version and completion do without

    stream = streams.parse(text, origin=str(path), lookup=presets.lookup(path))
    if not name.endswith(".toml") and stream.name != name:
        raise StreamInvalid(f"{path}: name = {stream.name!r}, but the file is called {name}; make them the same")
    return stream


def stream_names(settings: Settings) -> list[str]:
    """The names of the streams in the streams folder, in alphabetical order. Raises StreamInvalid if it is not there."""
    if not settings.streams.is_dir():
        raise StreamInvalid(
            f"{settings.streams}: no such folder; set {PREFIX}STREAMS to the one with the stream files, or begin one: "
            "second-reader init NAME --from FILE, a file of the model's outputs"
        )
    return sorted(path.stem for path in settings.streams.glob("*.toml"))
