"""HTML: what of it may be shown, which pictures it would load, and its words as lines."""

import pytest

from chat.mail import html
from chat.mail.html import HtmlBody, read_html, text_only


def lines(source: str) -> list[tuple[int, str]]:
    return read_html(source).lines


@pytest.mark.parametrize(
    ("source", "clean"),
    [
        ("<p>Bonjour <b>Vic</b></p>", "<p>Bonjour <b>Vic</b></p>"),
        ("<p class=x style='position:fixed' id=y onclick=z>a</p>", "<p>a</p>"),
        ("<script>alert(1)</script>a", "a"),
        ("<style>p{}</style><title>t</title><svg><text>x</text></svg><math>y</math>a", "a"),
        ("<form>f<input name=password></form><object>o</object><template>t</template>a", "a"),
        ("<iframe src=https://evil.example/>x</iframe>", ""),
        ("<a href=javascript:alert(1)>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<a href=/relative>a</a>", '<a rel="noopener noreferrer nofollow">a</a>'),
        ("<base href=https://evil.example/><meta http-equiv=refresh>a", "a"),
        ("<img src=cid:logo@x alt=Logo>", '<img src="cid:logo@x" alt="Logo">'),
        ("<img src=CID:logo@x>", '<img src="CID:logo@x">'),
        ("<img src=data:image/png;base64,AAAA>", "<img>"),
        ("<img src=//evil.example/x.png>", "<img>"),
        ("<img src=file:///etc/passwd>", "<img>"),
        ("<!-- comment -->a", "a"),
        ("<p>a<b>b", "<p>a<b>b</b></p>"),
        ("a < b & c", "a &lt; b &amp; c"),
    ],
)
def test_what_may_be_shown(source: str, clean: str) -> None:
    assert read_html(source).clean == clean


def test_remote_pictures_are_numbered_and_counted_once() -> None:
    one, two = "https://cdn.example/1.png", "http://cdn.example/2.png"
    body = read_html(f"<img src={one}><img src={two} width=1 height=40><img src={one}><img src=remote:1>")
    assert body.remote_pictures == [one, two]
    assert body.clean == '<img src="remote:0"><img src="remote:1" width="1" height="40"><img src="remote:0"><img>'


def test_a_picture_of_one_pixel_is_left_out_for_good() -> None:
    body = read_html("<img src=https://track.example/o.gif?u=42 width=1 height=1><img src=cid:logo width=1 height=1>")
    assert body.remote_pictures == []
    assert body.clean is not None
    assert "track" not in body.clean
    assert body.cids == {"logo"}
    assert read_html("<img src=cid:logo%201@x>").cids == {"logo 1@x"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<div>a</div><div>b</div>", ["a", "b"]),
        ("<div>a</div><div><br></div><div>b</div>", ["a", "", "b"]),
        ("<p>a</p><p>b</p>", ["a", "", "b"]),
        ("a<br>b<br><br>c", ["a", "b", "", "c"]),
        ("<div><div><div>a</div></div></div>b", ["a", "b"]),
        ("<p>a\n  b\t c</p>", ["a b c"]),
        ("<ul><li>a</li><li>b</li></ul>", ["- a", "- b"]),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", ["a b", "c"]),
        ("<pre>a\n  b\n\nc</pre>", ["a", "  b", "", "c"]),
        ("&eacute;&nbsp;&amp;&lt;b&gt;", ["é\u00a0&<b>"]),
        ("<a href=https://a.example/>ici</a>", ["ici"]),
        ("<a href=https://a.example/>https://a.example</a>", ["https://a.example"]),
        ("<a href=https://evil.example/>www.a.example</a>", ["www.a.example <https://evil.example/>"]),
        ("<a href=mailto:vic@example.com>vic@example.com</a>", ["vic@example.com"]),
        ("<style>x</style><script>y</script>a", ["a"]),
        ("", []),
    ],
)
def test_the_words_as_lines(source: str, expected: list[str]) -> None:
    assert [text for _, text in lines(source)] == expected


QUOTES = [
    "<blockquote type=cite>b</blockquote>",
    "<blockquote cite=x>b</blockquote>",
    "<blockquote class=gmail_quote>b</blockquote>",
    "<div class='gmail_quote gmail_quote_container'>b</div>",
    "<div class=yahoo_quoted>b</div>",
    "<div id=mail-editor-reference-message-container><div>b</div></div>",
    "<div id=divRplyFwdMsg></div><div>b</div>",
    "<div id=appendonsend></div><p>b</p>",
    "<div class=moz-cite-prefix>b</div>",
    "<div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>b</div>",
    "<div class=protonmail_quote>b</div>",
]


@pytest.mark.parametrize("quote", QUOTES)
def test_what_mail_programs_put_around_a_quote(quote: str) -> None:
    assert [line for line in lines(f"<div>a</div>{quote}") if line[1]] == [(0, "a"), (1, "b")]


def test_a_block_quote_alone_is_no_reply() -> None:
    assert lines("<div>a</div><blockquote>b</blockquote>") == [(0, "a"), (0, "b")]


def test_after_a_quote_that_ends_the_text_is_new_again() -> None:
    assert lines("<blockquote type=cite>a</blockquote><div>b</div>") == [(1, "a"), (0, "b")]


# -- what is hostile goes down the text path, whose work grows with the length only -----------------------------------

DEEP = [
    "<div>" * 300 + "Bonjour",
    "<div><table></div></table>" * 300 + "Bonjour",
    "<div></b>" * 300 + "Bonjour",
    "".join(f"<font color={number}><p>" for number in range(300)) + "Bonjour",
    "<blockquote>" * 300 + "Bonjour" + "</blockquote>" * 300,
]


def is_text_only(body: HtmlBody) -> bool:
    return body.clean is None and any(text.strip() == "Bonjour" for _, text in body.lines)


@pytest.mark.parametrize("source", DEEP)
def test_what_is_too_deep_is_shown_as_text(source: str) -> None:
    assert is_text_only(read_html(source))


@pytest.mark.parametrize("source", [*DEEP, "<p>Bon", "<a ", "<!--", "<style", "&amp;", "<", "<b>x</b>", "</div>"])
def test_a_megabyte_of_hostile_html_is_not_cleaned(source: str) -> None:
    assert is_text_only(read_html("<p>Bonjour</p>" + source * (html.MAX_HTML // len(source))))


@pytest.mark.parametrize(
    "source",
    [
        "<p>a</p>" * 1000,
        "<ul><li>a<li>b</ul>" * 1000,
        "<table><tr><td>a<td>b</table>" * 1000,
        "<p>a<br>b" * 1000,
        "<div><b><i>a</b></i></div>" * 1000,
        "<table><tr><td>" * 20 + "a" + "</td></tr></table>" * 20,
    ],
)
def test_what_people_send_is_not_deep(source: str) -> None:
    assert not html.is_too_deep(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("<p>a &eacute; <b>b</b></p><p>c", ["", "a é b", "", "c"]),
        ("a<script>x < y</script>b<style>p", ["ab"]),
        ("1 < 2", ["1 < 2"]),
    ],
)
def test_text_only(source: str, expected: list[str]) -> None:
    assert [text for _, text in text_only(source)] == expected
