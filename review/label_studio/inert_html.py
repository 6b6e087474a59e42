"""HTML that does nothing: its text and the structure of it, and nothing that runs, loads, sends or styles. Pure.

Label Studio's <HyperText> takes scripts out by itself and keeps forms, styles and foreign pictures. So what comes from outside is
built anew by nh3 from the tags below, without an attribute but how many cells one spans. Its frame forbids the rest once more.
"""

from xml.sax.saxutils import quoteattr

import nh3

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = (
    "p",
    "div",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "nav",
    "aside",
    "address",
    "center",
    "figure",
    "br",
    "hr",
)
_QUOTES = ("figcaption", "blockquote", "pre", "q", "cite", "code", "kbd", "samp")
_LISTS = ("ul", "ol", "li", "dl", "dt", "dd")
_TABLES = ("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td")
_INLINE = ("span", "a", "b", "i", "strong", "em", "u", "s", "del", "ins", "small", "sub", "sup", "mark")
_TAGS = frozenset((*_HEADINGS, *_BLOCKS, *_QUOTES, *_LISTS, *_TABLES, *_INLINE))
_SPAN = frozenset({"colspan", "rowspan"})
# Dropped with what stands in them; of all other tags the text stays.
_DROPPED = frozenset({"script", "style", "title", "template", "noscript", "noembed", "noframes", "iframe", "object"})

# Ours: the frame has no style of its own, and a browser that obeys this loads nothing whatever stands behind it.
_HEAD = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; form-action 'none'\">"
    "<style>body { margin: 0; padding: 0.5rem; font: 16px/1.5 sans-serif; color: #222; background: #fff } "
    "body { overflow-wrap: anywhere } "
    "h1 { font-size: 1.5em } a { text-decoration: underline } pre { white-space: pre-wrap } table { border-collapse: collapse } "
    "td, th { border: 1px solid #ccc; padding: 0.2rem 0.5rem; text-align: left } "
    "blockquote { margin: 0.75rem 0.5rem; padding-left: 0.75rem; border-left: 3px solid #ccc }</style>"
)
_PASSES = 5  # a browser reads some misplaced tags otherwise than they were built; two passes settle what was met so far
EMPTY = "<p><i>There is no text in it.</i></p>"


def page(text: str) -> str:
    """What a frame shows of it."""
    return f"{_HEAD}{inert(text) or EMPTY}"


def inert(text: str) -> str:
    """The HTML without all that could do anything; empty if no text is left. What a page hides by its style is shown.

    >>> inert('<p onclick="go()">Pay <a href="http://example.org">here</a><img src="x"><script>go()</script></p>')
    '<p>Pay <a>here</a></p>'
    """
    plain = _clean(text, frozenset())
    return _settled(text, plain) if plain.replace("&nbsp;", " ").strip() else ""


def _settled(text: str, plain: str) -> str:
    """The HTML built anew until building changes nothing, so that a browser reads what was built; else its text (`plain`)."""
    for _ in range(_PASSES):
        built = _clean(text, _TAGS)
        if built == text:
            return built
        text = built
    return plain


def _clean(text: str, tags: frozenset[str]) -> str:
    kept: dict[str, set[str]] = {tag: set(_SPAN) for tag in ("td", "th") if tag in tags} | {
        "*": set()
    }  # *: else lang and title stay
    return nh3.clean(
        text, tags=set(tags), clean_content_tags=set(_DROPPED), attributes=kept, link_rel=None, url_schemes=set()
    )


def tag(name: str, style: str) -> str:
    """What shows the task's `html`: a frame of its own. `style`: of what stands around it."""
    # Without valueType Label Studio may take a text for an address, and load it.
    return f'<View style={quoteattr(style)}><HyperText name="{name}" value="$html" valueType="text"/></View>'
