"""Words: what may be said, and how it is kept."""

import re
import unicodedata
from typing import NamedTuple

from chat.desk.changes import Situation
from chat.desk.refusals import BadRequest, Conflict, Empty, TooLong
from chat.store.rows import MessageRow

LONGEST_TEXT = 4000
PREVIEW = 140

# No language writes more marks in a row than Unicode's own bound of 30, and to put n of them in order takes n * n
# steps: a second for one message, in which nobody else is served. The first pattern is only the quick one of two.
_MARKS = "".join(sign for sign in map(chr, range(0x300, 0x1E950)) if unicodedata.category(sign).startswith("M"))
_BEYOND_LATIN = re.compile("[\u0300-\U0001e94f]{31}")
_TOO_MANY_MARKS = re.compile(f"[{_MARKS}]{{31}}")


class Post(NamedTuple):
    """Words on their way into a ticket, from exactly one of its visitor and an agent."""

    ticket: str
    client_id: str
    text: str
    situation: Situation
    visitor_id: int | None = None
    agent_id: int | None = None

    @property
    def author(self) -> str:
        return "visitor" if self.agent_id is None else f"agent:{self.agent_id}"


def composed(text: str, field: str = "text") -> str:
    """NFC and trimmed; BadRequest for NUL, which no database keeps, and for marks without end."""
    if "\0" in text:
        raise BadRequest("NUL can't be stored", field=field)
    if text.isascii():  # most are: all that follows would leave them as they are
        return text.strip()
    if _BEYOND_LATIN.search(text) and _TOO_MANY_MARKS.search(text):
        raise BadRequest("more than 30 combining marks in a row", field=field)
    return unicodedata.normalize("NFC", text).strip()


def clean(text: str, field: str = "text", longest: int = LONGEST_TEXT) -> str:
    """As `composed`, and Empty, or TooLong (code points)."""
    text = composed(text, field)
    if not text:
        raise Empty("nothing is left after trimming", field=field)
    if len(text) > longest:
        raise TooLong(f"at most {longest} code points", field=field)
    return text


def preview(text: str) -> str:
    """One line of it, for the inbox."""
    return " ".join(text.split())[:PREVIEW]


def same_words(repeated: MessageRow, text: str) -> MessageRow:
    """The first answer again; Conflict when the same id now says something else."""
    if repeated.text != text:
        raise Conflict("this client_id has said something else")
    return repeated
