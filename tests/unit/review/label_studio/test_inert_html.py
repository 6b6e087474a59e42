"""HTML from strangers: its text and structure reach a reader, and nothing that runs, loads, sends or styles."""

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from review.label_studio import inert_html, task_data
from tests.unit.review.label_studio.test_labeling_config import stream


class Tags(HTMLParser):
    """The tags of a text, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (
            "<h1>Order</h1><p>Dear Ann,<br>it <b>never</b> came.</p>",
            "<h1>Order</h1><p>Dear Ann,<br>it <b>never</b> came.</p>",
        ),
        ("<ul><li>One</li></ul><hr><pre>  a\n b</pre>", "<ul><li>One</li></ul><hr><pre>  a\n b</pre>"),
        (
            "<table><tr><td colspan=2 width=9>x</td></tr></table>",
            '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>',
        ),
        ('<a href="http://x.example/" ping="http://x.example/">here</a>', "<a>here</a>"),
        ('<p style="background:url(//x.example)" class=a id=b onclick="go()" lang=en>a</p>', "<p>a</p>"),
        ("a<img src=http://x.example/a.png onerror=go()>b", "ab"),
        ("<form action=http://x.example><input value=1>Name<button>Send</button></form>", "NameSend"),
        ("<style>p{color:red}</style><script>go()</script>text", "text"),
        ("<svg><style>p{}</style><script>go()</script><text>t</text></svg>after", "after"),
        ("<title>T</title><template><p>t</p></template><noscript><img src=x></noscript>text", "text"),
        (
            '<meta http-equiv=refresh content="0;url=http://x.example"><base href=//x.example><link rel=stylesheet href=//x>a',
            "a",
        ),
        ("<iframe srcdoc='<p>f</p>'></iframe><object data=x>o</object><!-- c -->a", "a"),
        ("a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"),
        ("just text, and 1 < 2", "just text, and 1 &lt; 2"),
    ],
)
def test_the_text_and_its_structure_stay_and_the_rest_is_gone(html: str, shown: str) -> None:
    assert inert_html.inert(html) == shown


@pytest.mark.parametrize("html", ["", "<img src=a.png>", "<p>&nbsp;</p><br>", "<script>go()</script>", " \n "])
def test_what_holds_no_text_says_so(html: str) -> None:
    assert inert_html.inert(html) == ""
    assert inert_html.page(html).endswith(inert_html.EMPTY)


_OPENED = ("script", "style", "svg", "math", "mtext", "img/src=x/onerror=a()", "a/href=javascript:a()", "form", "table")
_OTHERS = (
    "td/style=x",
    "p",
    "template",
    "noscript",
    "title",
    "textarea",
    "iframe/srcdoc=x",
    "select",
    "plaintext",
    "xmp",
)
_CLOSED = ("script", "style", "svg", "p", "noscript", "textarea", "template", "table")
_PIECES = st.sampled_from(
    (
        *(f"<{one}>" for one in (*_OPENED, *_OTHERS)),
        *(f"</{one}>" for one in _CLOSED),
        *("<!--", "-->", "<![CDATA[", "]]>", "&lt;", '"', "'", ">", "text"),
    )
)


@given(st.lists(_PIECES, max_size=12).map("".join))
@example("<p><select></p>-->")  # a paragraph within one, which ends where the inner one does
def test_whatever_comes_no_attribute_is_left_but_the_cells_that_one_spans(html: str) -> None:
    shown = inert_html.inert(html)
    assert {key for _, attributes in Tags(shown).all for key in attributes} <= {"colspan", "rowspan"}
    harmful = {"script", "style", "img", "form", "input", "iframe", "svg", "math", "meta", "link", "object", "textarea"}
    assert not {tag for tag, _ in Tags(shown).all} & harmful
    assert inert_html.inert(shown) == shown  # what a browser reads is what was built


def test_the_frame_forbids_by_itself_to_load_or_send() -> None:
    (tag, attributes), *_ = Tags(inert_html.page("<p>a</p>")).all
    assert (tag, attributes["http-equiv"]) == ("meta", "Content-Security-Policy")
    assert str(attributes["content"]).startswith("default-src 'none'; ")
    assert "form-action 'none'" in str(attributes["content"])


def test_a_task_of_html_holds_what_was_built_and_nothing_of_what_came() -> None:
    data = task_data.data(stream(kind="html"), {"body": "<p>a\0</p><script>go()</script>"}, "c-1")
    assert data == {"html": inert_html.page("<p>a</p>")}
