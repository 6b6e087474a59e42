"""Handwritten digits: 1,797 scans that come with scikit-learn (UCI, 1998), so nothing is downloaded.

A logistic regression learns from 200 of them; the others arrive as new mail. It is the oldest case of this trade:
what the machine cannot read goes to a person (Chow 1970).
"""

import base64
import functools
import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from skops import io as skops_io

from deploy.demo import prepared
from review import private_files

SEED = 20260105
TRAINED_ON = 200
SLIP = 0.01  # of the replayed answers, a wrong key is pressed
DRIFT_DAYS = 3
LABELS = tuple("0123456789")
INK = 16  # the darkest a pixel can be
SIDE = 240  # of the picture, in screen pixels
# Thirds of the digits by mean darkness of a pixel, from 0 to 16.
INK_CUTS = (4.6, 5.15)

Pixels = npt.NDArray[np.float64]


def prepare(home: Path, days: int) -> prepared.Prepared:
    """Train the classifier, save it, and write one Parquet file per simulated day below `home/data`.

    The same on every call; files that are there stay. Raises Misuse on a number of days below 1 or above the number
    of cases, SetupFailed if `home` was made for another number of days.
    """
    pixels, digits = load_digits(return_X_y=True)
    labels = digits.astype(str)
    training, rest = train_test_split(
        np.arange(len(labels)), train_size=TRAINED_ON, random_state=SEED, stratify=labels, shuffle=True
    )
    # Little regularisation is surer than it is right on 200 rows; at 0.1 mean confidence is close to accuracy.
    model = LogisticRegression(C=0.1, max_iter=5000).fit(pixels[training], labels[training])
    accuracy = float((model.predict(pixels[rest]) == labels[rest]).mean())
    ids = [f"digit-{index:04d}" for index in rest]
    truth = dict(zip(ids, labels[rest].tolist(), strict=True))

    model_file = home / "data" / "models" / "digits.skops"
    if not model_file.exists():
        private_files.replace(model_file, skops_io.dumps(model))
    parts = prepared.share(len(ids), days)
    files = prepared.files(home / "data" / "days" / "digits", "parquet", days)
    for number in prepared.missing(files):
        content = io.BytesIO()
        _frame(ids[parts[number]], pixels[rest[parts[number]]], number).write_parquet(content)
        private_files.replace(files[number], content.getvalue())
    shifted = {f"shifted-{one}": digit for one, digit in truth.items()}
    return prepared.Prepared(
        stream="digits",
        days=files,
        accuracy=accuracy,
        replayed=f"Replayed answers are the true digit, with a wrong key in {SLIP:.0%} of them.",
        truth=truth | shifted,
        answer=functools.partial(answer, truth | shifted),
        drift=_drift(files[0].parent, list(shifted), pixels[rest], days),
    )


def _drift(folder: Path, ids: list[str], pixels: Pixels, after: int) -> tuple[Path, ...]:
    """The same digits again from a scanner that is set one pixel off: a person hardly sees it.

    Blurred digits would not do: they make this model unsure, hence careful. One pixel makes it sure and wrong.
    """
    off = np.roll(pixels.reshape(-1, 8, 8), 1, axis=2)
    off[:, :, 0] = 0
    paths = []
    for number, part in enumerate(prepared.share(len(ids), DRIFT_DAYS)):
        path = folder / f"shifted-{number + 1}.parquet"
        if not path.exists():
            content = io.BytesIO()
            _frame(ids[part], off[part].reshape(-1, 64), after + number).write_parquet(content)
            private_files.replace(path, content.getvalue())
        paths.append(path)
    return tuple(paths)


def answer(truth: Mapping[str, str], case_id: str, reviewer: str) -> str:
    """What the reviewer answers: the truth, or another digit in about 1 of 100 cases. KeyError if unknown."""
    right = truth[case_id]
    if prepared.number("digits slip", reviewer, case_id) >= SLIP:
        return right
    others = [label for label in LABELS if label != right]
    return others[math.floor(prepared.number("digits slip to", reviewer, case_id) * len(others))]


def ink(pixels: Pixels) -> list[str]:
    """How much ink each digit (a row of 64) has: light, medium or heavy."""
    return [("light", "medium", "heavy")[band] for band in np.digitize(pixels.mean(axis=1), INK_CUTS)]


def picture(pixels: Pixels) -> str:
    """One digit as a person can read it: a data URI of a PNG, dark on white.

    The 64 pixels (0 to 16) get a white border, since strokes touch the edge, and are enlarged smoothly: blocks are
    hard to read. Sixteen greys keep it near 5 kB.
    """
    paper = np.pad(1 - pixels.reshape(8, 8) / INK, 1, constant_values=1)
    grey = Image.fromarray(np.rint(paper * 255).astype(np.uint8))
    large = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    image = Image.fromarray((large // 16).astype(np.uint8))
    image.putpalette([17 * shade for shade in range(16) for _ in "rgb"])
    content = io.BytesIO()
    image.save(content, "PNG", bits=4)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def _frame(ids: list[str], pixels: Pixels, day: int) -> pl.DataFrame:
    """The rows of one simulated day, as the stream file names them."""
    return pl.DataFrame(
        {
            "id": ids,
            "pixels": pixels.tolist(),
            "image": [picture(row) for row in pixels],
            "ink": ink(pixels),
            "produced_at": prepared.moments(len(ids), day),
        },
        schema_overrides={"pixels": pl.List(pl.Float64)},
    )
