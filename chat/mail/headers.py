"""The headers of a mail and of its parts: text, parameters, addresses, ids, dates."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from chat.mail.charset import decode_bytes, decode_header
from chat.mail.parsed import Address, Headers

Part: TypeAlias = "Message[str, str]"

# The longest that people send is the To of a mail to a whole company.
MAX_HEADER = 100_000
MAX_ADDRESSES = 1000
MAX_IDS = 100
_IN_BRACKETS = re.compile(r"<([^<>\s]{3,800})>")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.){0,1000}"|[^;]*)')
# RFC 2231: name, number of the piece, and whether the piece is percent-encoded.
_PIECE = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*?)")
_CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
# The bounds keep the work in proportion to the length: what is never closed is looked at again for each opening sign.
# Quoted text, a comment, an encoded word, an address in brackets, a separator, or a word.
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.){0,300}"|\((?:[^()\\]|\\.){0,300}\)'
    r'|=\?[^?\s]+\?[bBqQ]\?[^?]*\?=|<[^<>]*>|[,;:]|[^\s"(<,;:]+|\S',
    re.DOTALL,
)
_ADDRESS = re.compile(r"[^\s@<>\x00-\x1f\x7f]{1,128}@[^\s@<>\x00-\x1f\x7f]{1,255}")
_RESULT = re.compile(r";\s*dmarc\s*=\s*(pass|fail)\b", re.IGNORECASE)
_COMMENT_OR_QUOTED = re.compile(r'\([^()]*\)|"[^"]*"')


def read_headers(message: Part, authserv_id: str | None) -> Headers:
    """`authserv_id`: see `is_authentic`."""
    senders = addresses(header_values(message, "from"))
    delivered_to = addresses(header_values(message, "delivered-to") + header_values(message, "x-original-to"))
    return Headers(
        subject=decode_header(header_value(message, "subject")),
        sender=senders[0] if senders else None,
        reply_to=addresses(header_values(message, "reply-to")),
        to=addresses(header_values(message, "to")),
        cc=addresses(header_values(message, "cc")),
        delivered_to=[one.address for one in delivered_to],
        message_id=next(iter(message_ids(header_values(message, "message-id"))), None),
        in_reply_to=message_ids(header_values(message, "in-reply-to")),
        references=message_ids(header_values(message, "references")),
        sent_at=_date(header_value(message, "date")),
        authentic=is_authentic(header_value(message, "authentication-results"), authserv_id),
    )


def header_values(part: Part, name: str) -> list[str]:
    """The values of all headers of this name, the topmost first, each on one line."""
    return [
        re.sub(r"\r?\n[ \t]?", " ", decode_bytes(value[:MAX_HEADER].encode("utf-8", "surrogateescape")))
        for key, value in part.raw_items()
        if key.lower() == name
    ]


def header_value(part: Part, name: str) -> str:
    return next(iter(header_values(part, name)), "")


def content_type(part: Part) -> str:
    """In lower case; what can't be one means text, as RFC 2045 says."""
    declared = header_value(part, "content-type").partition(";")[0].strip().lower()
    return declared if _CONTENT_TYPE.fullmatch(declared) else "text/plain"


def parameters(value: str) -> dict[str, str]:
    """The parameters after a header's value. Pieces are put together (RFC 2231), their charset is decoded."""
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for found in _PARAMETER.finditer(value):
        name = _PIECE.fullmatch(found[1].lower())
        if name:
            text = re.sub(r'\\(["\\])', r"\1", found[2].strip().removeprefix('"').removesuffix('"'))
            pieces.setdefault(name[1], []).append((int(name[2] or 0), bool(name[3]), text))
    return {name: _joined(given) for name, given in pieces.items()}


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    is_encoded = any(encoded for _, encoded, _ in pieces)
    if not is_encoded:
        return "".join(text for _, _, text in sorted(pieces, key=lambda piece: piece[0]))
    numbered = [piece for piece in pieces if piece[1] or piece[0]]
    first, *rest = sorted(numbered, key=lambda piece: piece[0])
    charset, _, text = first[2].rpartition("'") if first[1] else ("", "", first[2])
    data = unquote_to_bytes(text) if first[1] else text.encode()
    data += b"".join(unquote_to_bytes(text) if encoded else text.encode() for _, encoded, text in rest)
    return decode_bytes(data, charset.partition("'")[0])


def message_ids(values: Iterable[str]) -> list[str]:
    """The ids in angle brackets, each once, of too many the last; some programs write words between them."""
    found = dict.fromkeys(one for value in values for one in _IN_BRACKETS.findall(value) if "@" in one[1:-1])
    return list(found)[-MAX_IDS:]


def _date(value: str) -> datetime | None:
    try:
        sent_at = parsedate_to_datetime(value)
        return (sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


# -- addresses ---------------------------------------------------------------------------------------------------


def addresses(values: Iterable[str]) -> list[Address]:
    """The people of address lists. `email.utils.getaddresses` recurses, and differs between versions of Python."""
    return [one for value in values for one in _addresses(value)][:MAX_ADDRESSES]


def _addresses(value: str) -> list[Address]:
    entries: list[list[str]] = [[]]
    for piece in _TOKEN.findall(value):
        if piece in (",", ";"):
            entries.append([])
        elif piece == ":":  # The name of a group ends.
            entries[-1].clear()
        else:
            entries[-1].append(piece)
    found = [one for one in map(_address, entries) if one]
    # An unclosed comment or quote hides the address.
    pieces = re.sub(r'["(),:;<>]', " ", value).lower().split()
    return found or [Address("", piece) for piece in pieces if _ADDRESS.fullmatch(piece)]


def _address(pieces: list[str]) -> Address | None:
    given = next((piece for piece in reversed(pieces) if piece[0] == "<"), None)
    given = given or next((piece for piece in pieces if "@" in piece and piece[0] not in '"('), "")
    address = re.sub(r"\s+|^'|'$", "", decode_header(given.strip("<>"))).lower()
    if not _ADDRESS.fullmatch(address):
        return None
    name = [re.sub(r"\\(.)", r"\1", piece.strip('"')) for piece in pieces if piece != given and piece[0] not in "(<"]
    comment = next((piece[1:-1] for piece in pieces if piece[0] == "(" and len(piece) > 1), "")
    return Address(decode_header(" ".join(name) or comment).strip("'\" "), address)


# -- authenticity ------------------------------------------------------------------------------------------------


def is_authentic(value: str, authserv_id: str | None) -> bool | None:
    """What our own mail server's topmost Authentication-Results says about DMARC; None when it says nothing.

    Only the topmost header counts: the sender can write any below it. `authserv_id` is the name by which our server
    signs the header. With "" it is a server that writes no name, as Microsoft 365; with None, nobody is believed.
    """
    bare = value
    while bare != (bare := _COMMENT_OR_QUOTED.sub(" ", bare)):
        pass
    first, _, results = bare.partition(";")
    server = first.split()[0].lower() if first.strip() else ""
    if authserv_id is None or ("" if "=" in server else server) != authserv_id.lower():
        return None
    found = _RESULT.search(f";{bare}" if "=" in server else f";{results}")
    return found[1].lower() == "pass" if found else None
