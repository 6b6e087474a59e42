"""PDFs of a test's own: whole, encrypted, damaged."""

import base64
import io

import pypdfium2
from PIL import Image, ImageDraw


def uri(content: bytes) -> str:
    """As a column holds it."""
    return "data:application/pdf;base64," + base64.b64encode(content).decode()


def of(*texts: str) -> bytes:
    """A PDF with a page for each text."""
    pages = []
    for text in texts:
        page = Image.new("RGB", (620, 877), "white")
        ImageDraw.Draw(page).text((60, 60), text, fill="black", font_size=28)
        pages.append(page)
    into = io.BytesIO()
    pages[0].save(into, "PDF", save_all=True, append_images=pages[1:], resolution=75)
    return into.getvalue()


def blank(count: int, *, width: float = 595, height: float = 842) -> bytes:
    """A PDF of so many empty pages; sides in points."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(count):
        document.new_page(width, height)
    into = io.BytesIO()
    document.save(into)
    return into.getvalue()


def encrypted() -> bytes:
    """A PDF that needs a password."""
    lock = f"<</Filter/Standard/V 1/R 2/O<{'41' * 32}>/U<{'42' * 32}>/P -4>>"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R>>",
        lock,
    ]
    body, places = "%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj{text}endobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"trailer<</Size 5/Root 1 0 R/Encrypt 4 0 R/ID[<{'43' * 16}><{'43' * 16}>]>>"
    return f"{body}xref\n0 5\n0000000000 65535 f \n{table}{trailer}\nstartxref\n{len(body)}\n%%EOF".encode()
