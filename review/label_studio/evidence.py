"""What a reader is shown where it is more than text: the pages of a PDF. Pure."""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """The first pages of a PDF as pictures (data:image/...), and how many pages it has."""

    images: tuple[str, ...]
    count: int


PAGES, WHICH = "pages", "which_pages"  # in a task's data
# Label Studio has no list of no pictures: one transparent dot.
_NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def pages(value: object) -> dict[str, object]:
    """The part of a task's data that shows a PDF. Anything but `Pages` has none."""
    shown = value if isinstance(value, Pages) else Pages(images=(), count=0)
    return {PAGES: list(shown.images) or [_NOTHING], WHICH: which(shown)}


def which(pages: Pages) -> str:
    """Which pages a reader sees, in a few words.

    >>> which(Pages(images=("a",), count=1)), which(Pages(images=("a", "b"), count=57))
    ('1 page', 'Pages 1 to 2 of 57')
    """
    shown = len(pages.images)
    if shown == 0:
        return "The pages of this PDF cannot be shown: skip the case"
    if shown == pages.count:
        return "1 page" if shown == 1 else f"{shown} pages"
    return f"Page 1 of {pages.count}" if shown == 1 else f"Pages 1 to {shown} of {pages.count}"


def pages_tag(name: str, style: str) -> str:
    """What shows them: one page at a time, with buttons to go on. `style`: of the line above."""
    line = f'<Header size="6" style={quoteattr(style)} value="${WHICH}"/>'
    # Else a page would be as high as the window, too small to be read.
    return f'{line}\n  <Image name="{name}" valueList="${PAGES}" defaultZoom="auto" maxWidth="60rem" maxHeight="none"/>'
