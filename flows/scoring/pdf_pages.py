"""The pages of a PDF that a row holds, as pictures. Each PDF is opened by a process of its own (`pdf_child`)."""

import base64
import binascii
import subprocess
import sys
from pathlib import Path

from review.label_studio.evidence import Pages

MOST_PAGES = 20  # that a reader is shown
MOST_PIXELS = 2_500_000  # of a page: A4 at 150 dots an inch has 2.2 million
SECONDS = 60.0  # for the pages of one PDF

_CHILD = Path(__file__).with_name("pdf_child.py")
_GLANCE = 10_000  # pixels: enough to see that a page can be rendered


def problem(text: str, seconds: float = SECONDS) -> str | None:
    """Why no page of the PDF can be shown; None: the first one can. `text`: data:application/pdf;base64,..."""
    pages = _read(text, 1, _GLANCE, seconds)
    if isinstance(pages, str):
        return pages
    return None if pages.images else "its first page cannot be rendered"


def read(text: str, seconds: float = SECONDS) -> Pages:
    """The first pages of a PDF, as data:image/jpeg;base64,...: those that can be rendered in the time, maybe none."""
    pages = _read(text, MOST_PAGES, MOST_PIXELS, seconds)
    return Pages(images=(), count=0) if isinstance(pages, str) else pages


def _read(text: str, most: int, pixels: int, seconds: float) -> Pages | str:
    """The pages, or what is wrong with all of them."""
    head, _, body = text.partition(",")
    if not head.strip().lower().startswith("data:application/pdf") or not head.lower().endswith(";base64"):
        return "it is no PDF: give it as data:application/pdf;base64,..."
    try:
        content = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return "the PDF is damaged: what follows base64, is not base64"
    try:
        done = subprocess.run(
            [sys.executable, "-I", _CHILD, str(most), str(pixels)],
            input=content,
            capture_output=True,
            timeout=seconds,
            env={},  # a stranger's file is opened here: no secret is within its reach
        )
        output, code = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = late.stdout or b"", None
    # The last line is whole only if it ends.
    lines = output.decode("ascii", errors="replace").split("\n")[:-1]
    if lines and lines[0].startswith("!"):
        return lines[0][1:]
    if len(lines) < 2:
        return f"it took longer than {seconds:g} s to open" if code is None else "its first page cannot be rendered"
    return Pages(images=tuple(f"data:image/jpeg;base64,{line}" for line in lines[1:]), count=int(lines[0]))
