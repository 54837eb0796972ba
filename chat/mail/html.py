"""The HTML of a mail: cleaned, without remote pictures, and as lines of text."""

import html
import re
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import unquote

import nh3

from chat.mail.parsed import Line

# nh3 takes n * n steps for n nested elements: 20,000 of them take longer than a second. What is larger or deeper than
# any letter is shown as text only.
MAX_HTML = 1_000_000
MAX_DEPTH = 200


def _names(text: str) -> set[str]:
    return set(text.split())


_TAGS = _names(
    "a abbr b blockquote br caption center code col colgroup dd del div dl dt em font h1 h2 h3 h4 h5 h6 hr i img ins li"
    " ol p pre q s small span strike strong sub sup table tbody td tfoot th thead tr tt u ul"
)
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_REMOVED_WITH_CONTENT = _names("form head iframe math noscript object script style svg template title")
_SCHEMES = _names("http https mailto tel")
_BLOCKS = _names("blockquote center dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table tr ul")
_SPACED_BLOCKS = _names("h1 h2 h3 h4 h5 h6 ol p table ul")
_EMPTY = _names("br col hr img")
# These close themselves, however often one forgets it.
_NOT_NESTING = _EMPTY | _names("area base dd dt input li link meta option p tbody td tfoot th thead tr wbr")

# What mail programs put around a quote, and what they put in front of one that goes to the end.
_QUOTE = re.compile(
    r"gmail_quote|gmail_attr|yahoo_quoted|moz-forward|mail-editor-reference-message-container|protonmail_quote"
    r"|zmail_extra|WhmQuote",
    re.IGNORECASE,
)
_QUOTE_TO_END = re.compile(r"divRplyFwdMsg|appendonsend|moz-cite-prefix|OLK_SRC_BODY", re.IGNORECASE)
_OUTLOOK_RULE = ("border-top:solid", "padding:3.0pt0")
_TAG_OR_TEXT = re.compile(r"<[^<>]*>|[^<]+|<")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")


class HtmlBody(NamedTuple):
    """`clean` is None when the HTML is too large or too deep. `cids` are the attachments that it shows."""

    clean: str | None
    lines: list[Line]
    remote_pictures: list[str]
    cids: set[str]


def read_html(source: str) -> HtmlBody:
    if len(source) > MAX_HTML or is_too_deep(source):
        return HtmlBody(None, text_only(source), [], set())
    reader = _Reader()
    reader.feed(_without_dangers(source))
    reader.close()
    clean = _clean(source, reader.remote_pictures)
    return HtmlBody(clean, reader.finished(), list(reader.remote_pictures), reader.cids)


def is_too_deep(source: str) -> bool:
    """Whether more than `MAX_DEPTH` elements may be nested. As for a browser, a closing tag closes nothing beyond its
    table."""
    opened: list[str] = []
    for closing, name in _TAG.findall(source.lower()):
        if closing:
            _close(opened, name)
        elif name not in _NOT_NESTING:
            opened.append(name)
            if len(opened) > MAX_DEPTH:
                return True
    return False


def _close(opened: list[str], name: str) -> None:
    for at in range(len(opened) - 1, -1, -1):
        if opened[at] == name:
            del opened[at]
            return
        if opened[at] == "table":
            return


def _clean(source: str, remote_pictures: dict[str, int]) -> str:
    """What may be shown in a sandboxed document: no style, no script, remote pictures by their number only."""

    def keep(tag: str, name: str, value: str) -> str | None:
        if (tag, name) != ("img", "src") or _scheme(value) == "cid":
            return value
        return f"remote:{remote_pictures[value]}" if value in remote_pictures else None

    return nh3.clean(
        source,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        clean_content_tags=_REMOVED_WITH_CONTENT,
        link_rel="noopener noreferrer nofollow",
        url_relative="deny",
        url_schemes=_SCHEMES | {"cid"},
    )


def _without_dangers(source: str) -> str:
    """Well-formed, with the attributes that tell quotes and pictures: only to be read, never to be shown."""
    return nh3.clean(
        source,
        tags=_TAGS,
        attributes={"*": {"cite", "class", "id", "style", "type"}, "a": {"href"}, "img": {"src", "width", "height"}},
        clean_content_tags=_REMOVED_WITH_CONTENT,
        link_rel=None,
        url_schemes=_SCHEMES | {"cid"},
    )


def text_only(source: str) -> list[Line]:
    """The words between the tags, in time proportional to the length, whatever the tags are."""
    pieces: list[str] = []
    inside = ""
    for token in _TAG_OR_TEXT.findall(source):
        tag = _TAG.match(token)
        name = tag[2].lower() if tag else ""
        if inside:
            inside = "" if tag and tag[1] and name == inside else inside
        elif name in _REMOVED_WITH_CONTENT and tag and not tag[1]:
            inside = name
        elif name in _BLOCKS or name == "br":
            pieces.append("\n")
        elif token[0] != "<" or len(token) == 1:
            pieces.append(token.replace("\n", " "))
    return [(0, " ".join(line.split())) for line in html.unescape("".join(pieces)).split("\n")]


class _Reader(HTMLParser):
    """Turns well-formed HTML into lines with quote depths, and collects its pictures."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.remote_pictures: dict[str, int] = {}  # Each address with its number.
        self.cids = set[str]()
        self._lines: list[Line] = []
        self._text = ""
        self._gap = False  # An empty line is due before the next text.
        self._is_quoted = [False]  # Of the open elements.
        self._quoted_to_end = False
        self._preformatted = 0
        self._link: tuple[str, int] | None = None

    def finished(self) -> list[Line]:
        self._end_line()
        return self._lines

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "br":
            self._end_line(keep_empty=True)
        elif tag == "img":
            self._see_picture(given)
        elif tag in _BLOCKS:
            self._end_line()
            self._gap |= tag in _SPACED_BLOCKS
        elif tag in ("td", "th") and self._text:
            self._text += " "
        if tag in _EMPTY:
            return
        self._open(tag, given)

    def _open(self, tag: str, given: dict[str, str]) -> None:
        names = f"{given.get('class', '')} {given.get('id', '')}"
        is_cited = tag == "blockquote" and (given.get("cite") or "cite" in given.get("type", "") or "gmail" in names)
        style = re.sub(r"\s", "", given.get("style", ""))
        if _QUOTE_TO_END.search(names) or (tag == "div" and all(part in style for part in _OUTLOOK_RULE)):
            self._quoted_to_end = True
        self._is_quoted.append(self._is_quoted[-1] or bool(is_cited or _QUOTE.search(names)))
        self._preformatted += tag == "pre"
        if tag == "li":
            self._text = "- "
        elif tag == "a":
            self._link = given.get("href", ""), len(self._text)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self._end_link(*self._link)
        if tag in _BLOCKS:
            self._end_line()
            self._gap |= tag in _SPACED_BLOCKS
        if tag not in _EMPTY and len(self._is_quoted) > 1:
            self._is_quoted.pop()
            self._preformatted -= tag == "pre"

    def _end_link(self, address: str, start: int) -> None:
        """Show where a link leads that says another address."""
        label = self._text[start:].strip()
        if address.startswith("http") and re.search(r"\w\.\w", label) and label.rstrip("/") != address.rstrip("/"):
            self._text += f" <{address}>"
        self._link = None

    def handle_data(self, data: str) -> None:
        if self._preformatted:
            *whole, last = data.split("\n")
            for text in whole:
                self._text += text
                self._end_line(keep_empty=True)
            self._text += last
        else:
            text = re.sub(r"[ \t\r\n\f]+", " ", data)
            self._text += text.lstrip(" ") if not self._text or self._text.endswith(" ") else text

    def _end_line(self, *, keep_empty: bool = False) -> None:
        text, self._text = self._text.rstrip(), ""
        if not text and not keep_empty:
            return
        level = int(self._is_quoted[-1] or self._quoted_to_end)
        if self._gap and self._lines and text:
            self._lines.append((min(level, self._lines[-1][0]), ""))
        self._gap = False
        self._lines.append((level, text))

    def _see_picture(self, given: dict[str, str]) -> None:
        """A remote picture of one pixel only tells its sender that the mail was opened: it is left out for good."""
        source = given.get("src", "")
        is_pixel = given.get("width") in ("0", "1") and given.get("height") in ("0", "1")
        if _scheme(source) == "cid":
            self.cids.add(unquote(source.partition(":")[2]).strip("<>"))
        elif _scheme(source) in ("http", "https") and not is_pixel:
            self.remote_pictures.setdefault(source, len(self.remote_pictures))


def _scheme(address: str) -> str:
    return address.partition(":")[0].lower()
