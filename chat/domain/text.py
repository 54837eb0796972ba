"""Text that people send: normalizing, length limits, names, e-mail addresses and page URLs."""

import re
import unicodedata
from urllib.parse import urlsplit

from chat.domain.refusals import BadRequest, Conflict, Empty, TooLong
from chat.store.rows import MessageRow

MAX_TEXT = 4000
MAX_PREVIEW = 140
MAX_NAME = 100
MAX_EMAIL = 254

# No language writes more combining marks in a row than Unicode's own bound of 30, and NFC takes n * n steps to order n
# of them: a second for one message, in which the node serves nobody else. The first pattern is a cheap pre-check.
_MARKS = "".join(char for char in map(chr, range(0x300, 0x1E950)) if unicodedata.category(char).startswith("M"))
_BEYOND_LATIN = re.compile("[\u0300-\U0001e94f]{31}")
_TOO_MANY_MARKS = re.compile(f"[{_MARKS}]{{31}}")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")
# Only sending a mail shows whether an address works; this refuses what surely is none.
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(\.[^\s@<>,;:\"()\[\]\\.]+)+")


# -- any text ----------------------------------------------------------------------------------------------------


def normalize_unicode(text: str, field: str = "text") -> str:
    """NFC, trimmed. Raises BadRequest for NUL, which no database stores, and for endless combining marks."""
    if "\0" in text:
        raise BadRequest("NUL can't be stored", field=field)
    if text.isascii():  # Most texts are ASCII, which NFC leaves alone.
        return text.strip()
    if _BEYOND_LATIN.search(text) and _TOO_MANY_MARKS.search(text):
        raise BadRequest("more than 30 combining marks in a row", field=field)
    return unicodedata.normalize("NFC", text).strip()


def clean_text(text: str, field: str = "text", max_length: int = MAX_TEXT) -> str:
    """As `normalize_unicode`; also raises Empty, and TooLong above `max_length` code points."""
    text = normalize_unicode(text, field)
    if not text:
        raise Empty("nothing is left after trimming", field=field)
    if len(text) > max_length:
        raise TooLong(f"at most {max_length} code points", field=field)
    return text


def storable(text: str) -> str:
    """The text in NFC, with U+FFFD for NUL and lone surrogates, and with less than 31 combining marks in a row.

    For a mail: nobody could correct what `normalize_unicode` refuses.
    """
    if text.isascii():
        return strip_nul(text)
    text = _LONE_SURROGATES.sub("\ufffd", strip_nul(text))
    return unicodedata.normalize("NFC", _TOO_MANY_MARKS.sub("", text) if _BEYOND_LATIN.search(text) else text)


def strip_nul(text: str) -> str:
    """The text with U+FFFD for NUL, for comparisons: no stored text contains NUL, and PostgreSQL rejects it."""
    return text.replace("\0", "\ufffd")


# -- messages ----------------------------------------------------------------------------------------------------


def preview(text: str) -> str:
    """The text on one line, shortened for the inbox."""
    return " ".join(text.split())[:MAX_PREVIEW]


def require_same_text(repeated: MessageRow, text: str) -> MessageRow:
    """The stored message. Raises Conflict when the repeated `client_id` came with another text."""
    if repeated.text != text:
        raise Conflict("this client_id was used for another message")
    return repeated


# -- people ------------------------------------------------------------------------------------------------------


def clean_name(name: str | None) -> str | None:
    """The name on one line, or None when nothing is left. Raises TooLong above 100 code points."""
    return clean_text(" ".join(name.split()), "name", MAX_NAME) if name and name.strip() else None


def clean_email(email: str) -> str:
    """The address, trimmed. Raises BadRequest when it can't be one or contains invisible characters."""
    email = normalize_unicode(email[:MAX_TEXT], "email")
    has_invisible = any(unicodedata.category(char) in ("Cc", "Cf") for char in email[:255])
    if len(email) > MAX_EMAIL or has_invisible or not _EMAIL.fullmatch(email):
        raise BadRequest("not an e-mail address", field="email")
    return email


def normalize_email(email: str) -> str:
    """One spelling of an agent's address, by which agents are found and login attempts are counted."""
    return unicodedata.normalize("NFC", strip_nul(email[:320]).strip().lower())


# -- pages -------------------------------------------------------------------------------------------------------


def public_url_without_query(url: str) -> str:
    """Scheme, host, port and path of an http or https URL; "" for anything else.

    User info, query and fragment may contain secrets of the page.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    authority = f"[{host}]" if ":" in host else host  # `hostname` has an IPv6 address without its brackets.
    return f"{parts.scheme}://{authority}{'' if port is None else f':{port}'}{parts.path}"
