"""PDFs of a test's own: whole, encrypted, damaged."""

import base64
import io

import pypdfium2

_FONT, _TREE, _CATALOG = 1, 2, 3  # numbers of objects
_LOCK = f"<</Filter/Standard/V 1/R 2/O<{'41' * 32}>/U<{'42' * 32}>/P -4>>"


def uri(content: bytes) -> str:
    """As a column holds it."""
    return "data:application/pdf;base64," + base64.b64encode(content).decode()


def of(*texts: str) -> bytes:
    """A PDF of A4 with a page for each text."""
    return _written(texts, locked=False)


def encrypted() -> bytes:
    """A PDF that needs a password."""
    return _written(("secret",), locked=True)


def blank(count: int, *, width: float = 595, height: float = 842) -> bytes:
    """A PDF of so many empty pages; sides in points."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(count):
        document.new_page(width, height)
    into = io.BytesIO()
    document.save(into)
    return into.getvalue()


def _written(texts: tuple[str, ...], *, locked: bool) -> bytes:
    """What leads to the pages stands at the end: cut off, nothing of it can be read."""
    objects = {_FONT: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
    pages = [4 + 2 * place for place in range(len(texts))]
    for number, text in zip(pages, texts, strict=True):
        lines = "".join(f"({line})Tj 0 -40 Td " for line in text.splitlines())
        shown = f"BT/F1 28 Tf 60 740 Td {lines}ET"
        objects[number] = (
            f"<</Type/Page/Parent {_TREE} 0 R/MediaBox[0 0 595 842]/Contents {number + 1} 0 R"
            f"/Resources<</Font<</F1 {_FONT} 0 R>>>>>>"
        )
        objects[number + 1] = f"<</Length {len(shown)}>>stream\n{shown}\nendstream"
    objects[_TREE] = f"<</Type/Pages/Count {len(pages)}/Kids[{' '.join(f'{number} 0 R' for number in pages)}]>>"
    objects[_CATALOG] = f"<</Type/Catalog/Pages {_TREE} 0 R>>"
    body, places = "%PDF-1.4\n", {}
    for number, text in objects.items():
        places[number] = len(body)
        body += f"{number} 0 obj{text}\nendobj\n"
    table = "".join(f"{places[number]:010d} 00000 n \n" for number in sorted(places))
    lock = f"/Encrypt{_LOCK}/ID[<{'43' * 16}><{'43' * 16}>]" if locked else ""
    trailer = f"trailer<</Size {len(places) + 1}/Root {_CATALOG} 0 R{lock}>>"
    size = len(places) + 1
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}\nstartxref\n{len(body)}\n%%EOF\n".encode()
