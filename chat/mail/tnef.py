"""winmail.dat: the files and the body that Outlook packs into one attachment (MS-OXTNEF)."""

import contextlib
import struct
from collections.abc import Iterator
from typing import NamedTuple

from chat.mail.charset import decode_bytes

SIGNATURE = b"\x78\x9f\x3e\x22"
# Attributes.
BODY, ATTACHMENT_DATA, ATTACHMENT_TITLE = 0x800C, 0x800F, 0x8010
ATTACHMENT_BEGINS, PROPERTIES, ATTACHMENT_PROPERTIES, CODEPAGE = 0x9002, 0x9003, 0x9005, 0x9007
# Properties.
TEXT, HTML, LONG_NAME, NESTED = 0x1000, 0x1013, 0x3707, 0x3701
# Above it, a property has a name.
FIRST_NAMED = 0x8000
# Types of properties: bytes of those of a fixed size, those that say their size, and the flag of several values.
_SIZES = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_OBJECT, _STRING, _UNICODE, _BINARY = _WITH_SIZE = 0x0D, 0x1E, 0x1F, 0x102
_MULTIPLE = 0x1000


class PackedFile(NamedTuple):
    """The name is "" where there is none."""

    name: str
    data: bytes


class Packet(NamedTuple):
    """The body is "" where there is none; it may be RTF, which is not read."""

    text: str
    html: str
    files: list[PackedFile]


def unpack(data: bytes) -> Packet:
    """The body and the files, as far as they can be read."""
    text, html, codepage = "", "", "cp1252"
    files: list[PackedFile] = []
    with contextlib.suppress(struct.error):
        for attribute, value in _attributes(data if data.startswith(SIGNATURE) else b""):
            if attribute == CODEPAGE:
                codepage = f"cp{_number(value, 0)[0]}"
            elif attribute == BODY:
                text = _text(value, codepage)
            elif attribute == PROPERTIES:
                properties = _properties(value, codepage)
                text = text or _as_text(properties.get(TEXT), codepage)
                html = _as_text(properties.get(HTML), codepage)
            elif attribute == ATTACHMENT_BEGINS:
                files.append(PackedFile("", b""))
            elif files:
                files[-1] = _with_attribute(files[-1], attribute, value, codepage)
    return Packet(text, html, files)


def _with_attribute(file: PackedFile, attribute: int, value: bytes, codepage: str) -> PackedFile:
    if attribute == ATTACHMENT_DATA:
        return file._replace(data=value)
    if attribute == ATTACHMENT_TITLE:
        return file._replace(name=file.name or _text(value, codepage))
    if attribute == ATTACHMENT_PROPERTIES:
        properties = _properties(value, codepage)
        nested = properties.get(NESTED)
        data = nested if isinstance(nested, bytes) else file.data
        return PackedFile(str(properties.get(LONG_NAME) or file.name), data)
    return file


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each attribute's id and value. Its checksum is not looked at: a wrong one is no reason to lose a file."""
    offset = 6
    while offset + 9 <= len(data):
        attribute, _, size = struct.unpack_from("<HHI", data, offset + 1)
        yield attribute, data[offset + 9 : offset + 9 + size]
        offset += size + 11


def _properties(data: bytes, codepage: str) -> dict[int, str | bytes]:
    """The properties that are text or bytes, up to the first that can't be read. Of several values the last."""
    found: dict[int, str | bytes] = {}
    with contextlib.suppress(struct.error, KeyError):
        (count,) = struct.unpack_from("<I", data)
        offset = 4
        for _ in range(count):
            kind, name = struct.unpack_from("<HH", data, offset)
            offset = _after_name(data, offset + 4, is_named=name >= FIRST_NAMED)
            values, is_text = 1, kind & ~_MULTIPLE in _WITH_SIZE
            if is_text or kind & _MULTIPLE:
                values, offset = _number(data, offset)
            kind &= ~_MULTIPLE
            if not is_text:
                offset += _padded(values * _SIZES[kind])
                continue
            for _ in range(values):
                size, offset = _number(data, offset)
                found[name] = _value(kind, data[offset : offset + size], codepage)
                offset += _padded(size)
    return found


def _after_name(data: bytes, offset: int, *, is_named: bool) -> int:
    """Where a property's value begins: a named one has a GUID, a kind, and a number or a name before it."""
    if not is_named:
        return offset
    kind, size = struct.unpack_from("<II", data, offset + 16)
    return offset + 24 + (_padded(size) if kind else 0)


def _number(data: bytes, offset: int) -> tuple[int, int]:
    return struct.unpack_from("<I", data, offset)[0], offset + 4


def _padded(size: int) -> int:
    return size + -size % 4


def _value(kind: int, value: bytes, codepage: str) -> str | bytes:
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    # An object begins with the 16 bytes of its interface.
    return _text(value, codepage) if kind == _STRING else value[16:] if kind == _OBJECT else value


def _as_text(value: str | bytes | None, codepage: str) -> str:
    return _text(value, codepage) if isinstance(value, bytes) else value or ""


def _text(value: bytes, codepage: str) -> str:
    return decode_bytes(value.rstrip(b"\0"), codepage)
