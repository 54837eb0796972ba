"""Bytes of a mail as a plain result. What is too large is cut, and the result says so."""

import hashlib

from msgspec.structs import replace

from chat.mail.charset import clean_body, one_line
from chat.mail.classify import Evidence, classify, read_bounce
from chat.mail.headers import Part, header_value, read_headers
from chat.mail.html import HtmlBody, read_html
from chat.mail.parsed import Attachment, Headers, Line, ParsedMail
from chat.mail.parts import MAX_PARTS, MAX_TEXT, PartReader, Segment, clean_file_name, parse, plain_lines
from chat.mail.tnef import PackedFile, unpack

_TYPES = {"jpeg": "image/jpeg", "jpg": "image/jpeg", "pdf": "application/pdf", "png": "image/png"}


def read_mail(raw: bytes, authserv_id: str | None = None) -> ParsedMail:
    """`authserv_id`: the name by which our own mail server signs what it has checked, see `headers.is_authentic`."""
    message = parse(raw)
    headers, parts = read_headers(message, authserv_id), PartReader()
    segments = parts.segments(message)
    attachments = _unpacked(parts.attachments, segments)
    body = _html_body(segments)
    lines, is_cut = _cut(_lines(segments, body))
    evidence = Evidence(message, headers, parts.reports, parts.types)
    kind, reason = classify(evidence)
    return ParsedMail(
        headers=headers,
        kind=kind,
        reason=reason,
        bounce=read_bounce(evidence) if kind == "bounce" else None,
        lines=lines,
        html=body and body.clean,
        remote_pictures=body.remote_pictures if body else [],
        attachments=[_with_use(one, body) for one in attachments],
        is_cut=is_cut or parts.is_cut,
        content_hash=_content_hash(message, headers, parts),
    )


def _html_body(segments: list[Segment]) -> HtmlBody | None:
    """All HTML as one document: some programs write a new part after each attachment."""
    source = "\n".join(segment.html for segment in segments if segment.html)
    return read_html(source) if source else None


def _lines(segments: list[Segment], body: HtmlBody | None) -> list[Line]:
    """Each segment's text, or the words of its HTML where it has none."""
    if body and not any(segment.has_text for segment in segments):
        return body.lines
    lines: list[Line] = []
    for segment in segments:
        lines += segment.plain if segment.has_text or not segment.html else read_html(segment.html).lines
        lines.append((0, ""))
    return lines


def _cut(lines: list[Line]) -> tuple[list[Line], bool]:
    """The lines that together have at most `MAX_TEXT` characters, and whether there were more."""
    size = 0
    for count, (_, text) in enumerate(lines):
        size += len(text) + 1
        if size > MAX_TEXT:
            return lines[:count], True
    return lines, False


def _unpacked(attachments: list[Attachment], segments: list[Segment]) -> list[Attachment]:
    """The attachments with the contents of winmail.dat in its place. Its body counts if there is no other."""
    found: list[Attachment] = []
    for one in attachments:
        packet = unpack(one.data)
        if (packet.text or packet.html) and not any(segment.has_text or segment.html for segment in segments):
            segments.append(Segment(plain_lines(clean_body(packet.text)), clean_body(packet.html)))
        is_readable = 0 < len(packet.files) <= MAX_PARTS
        found += [_packed(file, number) for number, file in enumerate(packet.files, 1)] if is_readable else [one]
    return found


def _packed(file: PackedFile, number: int) -> Attachment:
    name = clean_file_name(one_line(file.name)) or f"attachment-{number}.bin"
    return Attachment(name, _TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream"), file.data)


def _with_use(attachment: Attachment, body: HtmlBody | None) -> Attachment:
    """Inline only if the HTML shows it: many programs mark every file as inline."""
    return replace(attachment, is_inline=body is not None and attachment.cid in body.cids)


def _content_hash(message: Part, headers: Headers, parts: PartReader) -> str:
    sender = headers.sender.address if headers.sender else ""
    head = "\0".join((sender, header_value(message, "date"), headers.subject))
    return hashlib.sha256(head.encode() + b"\0" + parts.hash.digest()).hexdigest()
