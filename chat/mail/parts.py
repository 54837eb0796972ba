"""The parts of a mail: the parser's tree, the bytes of each part, and what is text and what is an attachment."""

import hashlib
import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

from chat.mail.charset import clean_body, decode_base64, decode_bytes, decode_header, decode_quoted_printable
from chat.mail.headers import Part, content_type, header_value, parameters
from chat.mail.parsed import Attachment, Line

MAX_PARTS = 200
MAX_TEXT = 200_000
# Of HTML, which has more markup than text.
MAX_MARKUP = 5_000_000
MAX_REPORT = 100_000
MAX_FILE_NAME = 150

_EXTENSIONS = {
    "application/pdf": "pdf",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/html": "html",
    "text/plain": "txt",
}
_NAMES = {"message/rfc822": "message.eml", "text/calendar": "invite.ics"}
_REPORTS = {
    *("message/delivery-status", "message/global-delivery-status", "message/disposition-notification"),
    *("message/feedback-report", "text/rfc822-headers"),
}
# What servers and mail programs say to each other there, and people need not see.
_HIDDEN = {
    "multipart/alternative": {"text/enriched", "text/watch-html", "text/x-amp-html"},
    "multipart/report": _REPORTS,
    "multipart/signed": {
        *("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"),
    },
}


def parse(raw: bytes) -> Part:
    """The tree of parts. An attached mail stays bytes: its parts and headers are not those of this mail."""
    multiparts = iter(range(MAX_PARTS))

    class Tree(Message):
        def get_content_type(self) -> str:
            kind = content_type(self)
            return kind if kind.startswith("multipart/") else "application/octet-stream"

        # The return type is the library's, which has a default of any type.
        def get_boundary(self, failobj: object = None) -> str | None:  # type: ignore[override] # no default is used
            boundary = parameters(header_value(self, "content-type")).get("boundary")
            # The parser recurses: what is nested deeper is one text.
            return boundary.rstrip() if boundary and next(multiparts, None) is not None else None

    return BytesParser(_class=Tree).parsebytes(raw)


@dataclass(slots=True)
class Segment:
    """A piece of the body: as text, as HTML, or as both where one is the alternative of the other."""

    plain: list[Line] = field(default_factory=list)
    html: str = ""

    @property
    def has_text(self) -> bool:
        return any(text.strip() for _, text in self.plain)


class PartReader:
    """Sorts the parts of a mail into text, attachments, and the reports of servers."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self.reports: list[str] = []
        self.types = set[str]()
        self.is_cut = False
        self.hash = hashlib.sha256()
        self._leaves = 0
        self._has_text = False

    def segments(self, part: Part, within: str = "") -> list[Segment]:
        kind, children = content_type(part), part.get_payload() if part.is_multipart() else None
        self.types.add(kind)
        if isinstance(children, list):
            found = [self.segments(child, kind) for child in children if isinstance(child, Message)]
            together = [segment for segments in found for segment in segments]
            return [_alternative(found)] if kind == "multipart/alternative" and together else together
        self._leaves += 1
        if self._leaves > MAX_PARTS:
            self.is_cut = True
            return []
        return self._leaf(part, "text/plain" if kind.startswith("multipart/") else kind, within)

    def _leaf(self, part: Part, kind: str, within: str) -> list[Segment]:
        disposition, name = header_value(part, "content-disposition").strip().lower(), file_name(part)
        data = payload(part)
        self.hash.update(b"%d\0" % len(data))
        self.hash.update(data)
        if kind in _REPORTS or kind == "message/rfc822":
            self.reports.append(clean_body(decode_bytes(data[:MAX_REPORT])))
        if kind in _HIDDEN.get(within, ()):
            return []
        is_second = bool(name) and self._has_text and within != "multipart/alternative"
        if kind in ("text/plain", "text/html") and not disposition.startswith("attachment") and not is_second:
            self._has_text = True
            return [self._text(part, kind, data)]
        self._attach(part, kind, name, data)
        return []

    def _text(self, part: Part, kind: str, data: bytes) -> Segment:
        given = parameters(header_value(part, "content-type"))
        limit = MAX_TEXT if kind == "text/plain" else MAX_MARKUP
        text = clean_body(decode_bytes(data[: 4 * limit], given.get("charset")))
        self.reports.append(text[:MAX_REPORT])
        self.is_cut |= len(text) > limit or len(data) > 4 * limit
        if kind == "text/html":
            return Segment(html=text[:limit])
        is_flowed = given.get("format", "").lower() == "flowed"
        return Segment(plain_lines(text[:limit], is_flowed, given.get("delsp", "").lower() == "yes"))

    def _attach(self, part: Part, kind: str, name: str, data: bytes) -> None:
        kind = "text/calendar" if kind == "application/ics" else kind
        # Invitations come twice: as an alternative of the text and as a file.
        if kind != "text/calendar" or all(data != one.data for one in self.attachments):
            unnamed = f"attachment-{len(self.attachments) + 1}.{_EXTENSIONS.get(kind, 'bin')}"
            cid = header_value(part, "content-id").strip().strip("<>")
            self.attachments.append(Attachment(name or _NAMES.get(kind, unnamed), kind, data, cid or None))


def _alternative(found: list[list[Segment]]) -> Segment:
    """One segment of alternatives: the first one's text and the last one's HTML."""
    text = next((segments for segments in found if any(segment.has_text for segment in segments)), [])
    html = next((source for segments in reversed(found) if (source := _html(segments))), "")
    return Segment([line for segment in text for line in segment.plain], html)


def _html(segments: list[Segment]) -> str:
    return "\n".join(segment.html for segment in segments if segment.html)


def payload(part: Part) -> bytes:
    """The bytes of a part without its transfer encoding."""
    encoding = header_value(part, "content-transfer-encoding").partition(";")[0].strip().lower()
    # With this header the library decodes by itself, and raises where we are lenient.
    del part["content-transfer-encoding"]
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return b""
    if encoding == "base64":
        return decode_base64(data)
    return decode_quoted_printable(data) if encoding == "quoted-printable" else data


def file_name(part: Part) -> str:
    """The name that a part gives, without folders and without what file systems refuse; "" if there is none."""
    disposition = parameters(header_value(part, "content-disposition"))
    name = disposition.get("filename") or parameters(header_value(part, "content-type")).get("name", "")
    return clean_file_name(decode_header(name))


def clean_file_name(name: str) -> str:
    name = re.split(r"[/\\]", name)[-1].strip(". ")
    return re.sub(r'[\x00-\x1f<>:"|?*]', "_", name)[:MAX_FILE_NAME]


def plain_lines(text: str, is_flowed: bool = False, deletes_space: bool = False) -> list[Line]:
    """The lines with their quote depths, and flowed ones joined (RFC 3676)."""
    lines: list[Line] = []
    goes_on = False
    for line in text.split("\n"):
        depth, rest = _without_quote_marks(line)
        rest = rest.removeprefix(" ") if is_flowed or depth else rest
        if goes_on and lines[-1][0] == depth:
            lines[-1] = depth, lines[-1][1] + rest
        else:
            lines.append((depth, rest))
        goes_on = is_flowed and rest.endswith(" ") and rest != "-- "
        if goes_on and deletes_space:
            lines[-1] = depth, lines[-1][1][:-1]
    return [(depth, text.rstrip()) for depth, text in lines]


def _without_quote_marks(line: str) -> Line:
    """The number of quote marks and the rest. Some programs write blanks between the marks."""
    depth, start = 0, 0
    while line.startswith((">", " >") if depth else ">", start):
        start += 1 if line[start] == ">" else 2
        depth += 1
    return depth, line[start:]
