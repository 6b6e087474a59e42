"""A picture with the frame of one box on it, as a page of a <HyperText>. Pure.

Label Studio's own box on an <Image> is a prediction, and a task with one is none that was read blind. So the frame is laid over
the picture by the page itself, the same in every task of the case. The address of the picture comes from outside: it stands in
one attribute, escaped, and the page loads pictures and nothing else.
"""

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from models.config.box_table import Unit
from models.outputs import box_values

PAGE = "picture"  # in a task's data

_HEAD = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src http: https:; '
    "style-src 'unsafe-inline'; form-action 'none'\">"
    "<style>body { margin: 0; padding: 8px; font: 14px/1.5 sans-serif; color: #222; background: #fff } p { margin: 0 0 8px 0 } "
    # The frame lies around the box and hides nothing of it: yellow is seen on what is dark, black on what is light.
    ".box { position: absolute; outline: 2px solid #ffe600; box-shadow: 0 0 0 4px #000; pointer-events: none } "
    # As blocks: below a letter of a line there is room, and percent would count it.
    ".on { position: relative; display: inline-block; vertical-align: top } .on > :first-child { display: block } "
    ".fit { max-width: 100% } .fit > :first-child { max-width: 100%; height: auto } "
    ".own { overflow: auto; padding: 4px } .own .on > :first-child { max-width: none }</style>"
)
UNKNOWN = "<p>It is not known where the box of this case lies: skip the case</p>"


def page(picture: str, sides: Sequence[object], unit: Unit) -> str:
    """What a frame shows of a case.

    Args:
        picture: The address of the picture.
        sides: x, y, width and height as the payload holds them, in the unit. A case that was decided before the stream had a box
            has none.
        unit: Of the sides. Of pixels the picture is shown at its own size, in a window to be scrolled.
    """
    box = box_values.shown([*sides], unit)
    shown = f'<img alt="" src={quoteattr(picture.strip())}>'
    if box is None:
        return f'{_HEAD}{UNKNOWN}<div class="on fit">{shown}</div>'
    sign = "px" if unit == "pixels" else "%"
    place = "; ".join(
        f"{side}: {number:.10g}{sign}" for side, number in zip(("left", "top", "width", "height"), box, strict=True)
    )
    frame = f'<div class="box" style="{place}"></div>'
    if unit != "pixels":
        return f'{_HEAD}<div class="on fit">{shown}{frame}</div>'
    x, y, *_ = (f"{number:.10g}" for number in box)
    where = f"<p>The box begins {x} pixels from the left and {y} from the top.</p>"
    return f'{_HEAD}{where}<div class="own"><div class="on">{shown}{frame}</div></div>'


def tag(name: str) -> str:
    """What shows the task's page: a frame of its own."""
    # Without valueType Label Studio may take a text for an address, and load it.
    return f'<View><HyperText name="{name}" value="${PAGE}" valueType="text"/></View>'
