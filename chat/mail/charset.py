"""Bytes of a mail as text, whatever they claim to be."""

import base64
import codecs
import quopri
import re

from chat.domain.text import storable

# By the WHATWG Encoding standard these names mean their larger relatives: programs write cp1252 and say iso-8859-1.
_LARGER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_MISSPELT = {"utf8mb4": "utf-8", "cp-850": "cp850", "x-mac-roman": "mac-roman", "ansi": "cp1252"}
# Python's own notations; punycode takes n * n steps.
_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_BEYOND_ASCII = re.compile("[^\x00-\x7f\ufffd]")
# RFC 2047, with the language of RFC 2231.
_ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
# What would change the look of a header: controls, and the invisible signs that reorder or split text.
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def decode_bytes(data: bytes, declared: str | None = None) -> str:
    """The text of these bytes: by the declared charset, by UTF-8, or as Windows-1252.

    Nothing is guessed by statistics: detectors take short French texts for another charset.
    """
    codec = _codec(declared)
    # Valid UTF-8 with bytes above 127 is no accident, so it is tried before a charset that accepts any bytes.
    for name in ("utf-8", codec) if codec in (None, "cp1252") else (codec, "utf-8"):
        try:
            return data.decode(name or "cp1252")
        except (UnicodeError, LookupError):
            continue
    text = data.decode("utf-8", "replace")
    is_broken_utf8 = len(_BEYOND_ASCII.findall(text)) > text.count("\ufffd")
    return text if is_broken_utf8 else data.decode("cp1252", "replace")


def _codec(declared: str | None) -> str | None:
    name = (declared or "").strip().lower()
    try:
        found = codecs.lookup(_MISSPELT.get(name, name)).name
    except (LookupError, ValueError):
        return None
    return None if found.replace("_", "-") in _NO_CHARSETS else _LARGER.get(found, found)


def decode_header(value: str) -> str:
    """One line of text from a header: encoded words are decoded, also between quotes, where they should not be."""
    text, end = "", 0
    charset, data = "", b""
    for word in _ENCODED_WORD.finditer(value):
        gap = value[end : word.start()]
        if data and (gap.strip() or word[1].lower() != charset):
            text, data = text + decode_bytes(data, charset), b""
        # Blanks between two encoded words are not part of the text.
        text += gap if gap.strip() or not end else ""
        # Some programs cut a letter in two: bytes of equal charset are joined before they are decoded.
        charset, data = word[1].lower(), data + _encoded_bytes(word[2], word[3])
        end = word.end()
    return one_line(text + decode_bytes(data, charset) + value[end:])


def _encoded_bytes(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "surrogateescape")
    return decode_base64(data) if encoding in "bB" else quopri.decodestring(data, header=True)


def decode_base64(data: bytes) -> bytes:
    """Lenient: what is no base64 is left out, and a cut end is decoded as far as it goes."""
    clean = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    clean = clean[:-1] if len(clean) % 4 == 1 else clean
    return base64.b64decode(clean + b"=" * (-len(clean) % 4))


def decode_quoted_printable(data: bytes) -> bytes:
    """Lenient: blanks after a soft line break are no part of it, and `=ZZ` stays."""
    return quopri.decodestring(re.sub(rb"=[ \t]+(\r?\n)", rb"=\1", data))


def one_line(text: str) -> str:
    """The text without line breaks, invisible signs and double blanks."""
    return re.sub(r" {2,}", " ", storable(_INVISIBLE.sub("", re.sub(r"[\r\n\t]+", " ", text)))).strip()


def clean_body(text: str) -> str:
    """The text with LF line ends and without control characters."""
    return storable(_CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
