"""Words: what may be said, and how it is kept."""

import re
import unicodedata

from chat.domain.refusals import BadRequest, Conflict, Empty, TooLong
from chat.store.rows import MessageRow

MAX_TEXT = 4000
MAX_PREVIEW = 140

# No language writes more marks in a row than Unicode's own bound of 30, and to put n of them in order takes n * n
# steps: a second for one message, in which nobody else is served. The first pattern is only the quick one of two.
_MARKS = "".join(sign for sign in map(chr, range(0x300, 0x1E950)) if unicodedata.category(sign).startswith("M"))
_BEYOND_LATIN = re.compile("[\u0300-\U0001e94f]{31}")
_TOO_MANY_MARKS = re.compile(f"[{_MARKS}]{{31}}")


def normalize_unicode(text: str, field: str = "text") -> str:
    """NFC and trimmed; BadRequest for NUL, which no database keeps, and for marks without end."""
    if "\0" in text:
        raise BadRequest("NUL can't be stored", field=field)
    if text.isascii():  # most are: all that follows would leave them as they are
        return text.strip()
    if _BEYOND_LATIN.search(text) and _TOO_MANY_MARKS.search(text):
        raise BadRequest("more than 30 combining marks in a row", field=field)
    return unicodedata.normalize("NFC", text).strip()


def clean_text(text: str, field: str = "text", max_length: int = MAX_TEXT) -> str:
    """As `composed`, and Empty, or TooLong (code points)."""
    text = normalize_unicode(text, field)
    if not text:
        raise Empty("nothing is left after trimming", field=field)
    if len(text) > max_length:
        raise TooLong(f"at most {max_length} code points", field=field)
    return text


def preview(text: str) -> str:
    """One line of it, for the inbox."""
    return " ".join(text.split())[:MAX_PREVIEW]


def require_same_text(repeated: MessageRow, text: str) -> MessageRow:
    """The first answer again; Conflict when the same id now says something else."""
    if repeated.text != text:
        raise Conflict("this client_id has said something else")
    return repeated


def strip_nul(text: str) -> str:
    """Without NUL, which PostgreSQL does not even compare: nothing that is kept has one."""
    return text.replace("\0", "\ufffd")


def normalize_email(email: str) -> str:
    """The one way to write an address that people write in several; tries to sign in are counted by it."""
    return unicodedata.normalize("NFC", strip_nul(email[:320]).strip().lower())


MAX_NAME = 100
MAX_EMAIL = 254


# Whether an address can be written to is only known by writing; this refuses what surely can't.
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(\.[^\s@<>,;:\"()\[\]\\.]+)+")


def clean_name(name: str | None) -> str | None:
    """One line, or None when nothing is left; TooLong above 100 code points."""
    return clean_text(" ".join(name.split()), "name", MAX_NAME) if name and name.strip() else None


def clean_email(email: str) -> str:
    """Trimmed; BadRequest when it can't be an address, or has signs in it that nobody sees."""
    email = normalize_unicode(email[:MAX_TEXT], "email")
    unseen = any(unicodedata.category(sign) in ("Cc", "Cf") for sign in email[:255])
    if len(email) > MAX_EMAIL or unseen or not _EMAIL.fullmatch(email):
        raise BadRequest("not an e-mail address", field="email")
    return email
