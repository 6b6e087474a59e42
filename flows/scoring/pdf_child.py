"""A program of its own: the first pages of the PDF on its standard input, as lines of base64 of JPEG on its standard output.

    python -I pdf_child.py PAGES PIXELS

The first line says how many pages there are, or, after "!", what is wrong. A PDF comes from strangers and PDFium is written in
C++: one that ends its process, or takes all its time or memory, ends this one, and `pdf_pages` says so of that PDF.
"""

import base64
import io
import resource
import sys

import pypdfium2

MOST_BYTES = 2 * 1024**3  # of memory
DOTS = 150 / 72  # pixels a point: at 150 dots an inch a line of 8 points can be read
QUALITY = 80  # of JPEG
ENCRYPTED = "the PDF needs a password; deliver it without one"


def main() -> None:
    """Write what there is to say; each page as soon as it is rendered, so that a slow one does not cost those before it."""
    most, pixels = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        document.init_forms()  # or what was filled in is not rendered
        count = len(document)
    except pypdfium2.PdfiumError as error:
        password = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
        _say(f"!{ENCRYPTED if password else 'it cannot be opened as a PDF; deliver it undamaged, under another id'}")
        return
    _say(str(count))
    for place in range(min(count, most)):
        _say(base64.b64encode(_jpeg(document[place], pixels)).decode())


def _jpeg(page: pypdfium2.PdfPage, pixels: int) -> bytes:
    width, height = page.get_size()
    scale = min(DOTS, (pixels / max(width * height, 1)) ** 0.5)
    into = io.BytesIO()
    page.render(scale=scale).to_pil().convert("RGB").save(into, "JPEG", quality=QUALITY)
    return into.getvalue()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
