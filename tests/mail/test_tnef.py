"""winmail.dat: files with short and long names, text and HTML, and packets that end too early."""

import struct

import pytest

from chat.mail import tnef
from chat.mail.mime import read_mail
from chat.mail.quoting import as_text
from chat.mail.tnef import PackedFile, unpack

HEAD = tnef.SIGNATURE + b"\0\0"
UNICODE, BINARY, NUMBER, SHORT, NESTED_OBJECT = 0x1F, 0x102, 0x03, 0x02, 0x0D


def attribute(name: int, value: bytes) -> bytes:
    return b"\x01" + struct.pack("<HHI", name, 0, len(value)) + value + b"\0\0"


def sized(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*given: bytes) -> bytes:
    return struct.pack("<I", len(given)) + b"".join(given)


def one_value(kind: int, name: int, value: bytes) -> bytes:
    return struct.pack("<HHI", kind, name, 1) + sized(value)


def named(name: str) -> bytes:
    """A property with a name instead of a number, and several numbers as its value."""
    return (
        struct.pack("<HH16sI", NUMBER | 0x1000, 0x8001, b"guid" * 4, 1)
        + sized(name.encode("utf-16-le"))
        + struct.pack("<III", 2, 7, 8)
    )


BEGINS, TITLE = attribute(tnef.ATTACHMENT_BEGINS, b"\0" * 14), attribute(tnef.ATTACHMENT_TITLE, b"ETE~1.PDF\0")
FILE = BEGINS + TITLE
LONG = one_value(UNICODE, tnef.LONG_NAME, "Facture été.pdf\0".encode("utf-16-le"))


def test_a_file_and_its_long_name() -> None:
    data = attribute(tnef.ATTACHMENT_DATA, b"%PDF")
    assert unpack(HEAD + FILE + data).files == [PackedFile("ETE~1.PDF", b"%PDF")]
    # The long name counts wherever it stands, and other properties are passed over.
    others = struct.pack("<HHHxx", SHORT, 0x0E21, 3), named("Keywords"), one_value(BINARY, 0x3702, b"abc")
    long = attribute(tnef.ATTACHMENT_PROPERTIES, properties(*others, LONG))
    for packet in (FILE + data + long, BEGINS + long + TITLE + data):
        assert unpack(HEAD + packet).files == [PackedFile("Facture été.pdf", b"%PDF")]


def test_an_embedded_object_keeps_all_its_bytes() -> None:
    nested = struct.pack("<HHI", NESTED_OBJECT, tnef.NESTED, 1) + sized(b"\0" * 16 + b"OLE\0\0")
    packet = HEAD + FILE + attribute(tnef.ATTACHMENT_PROPERTIES, properties(nested))
    assert unpack(packet).files == [PackedFile("ETE~1.PDF", b"OLE\0\0")]


def test_the_body_is_text_or_html_in_its_code_page() -> None:
    codepage = attribute(tnef.CODEPAGE, struct.pack("<II", 1251, 0))
    assert unpack(HEAD + codepage + attribute(tnef.BODY, "Привет\0".encode("cp1251"))).text == "Привет"
    html = properties(one_value(BINARY, tnef.HTML, b"<p>Bonjour</p>"))
    assert unpack(HEAD + attribute(tnef.PROPERTIES, html)).html == "<p>Bonjour</p>"


def mail_with(packet: bytes, text: bytes = b"") -> bytes:
    return (
        b"From: vic@example.com\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n"
        + text
        + b"\r\n--a\r\nContent-Type: application/octet-stream; name=winmail.dat\r\n\r\n"
        + packet
        + b"\r\n--a--"
    )


def test_a_mail_shows_what_was_packed_and_not_the_packet() -> None:
    html = attribute(tnef.PROPERTIES, properties(one_value(BINARY, tnef.HTML, b"<p>Packed</p>")))
    packet = HEAD + html + FILE + attribute(tnef.ATTACHMENT_DATA, b"%PDF")
    mail = read_mail(mail_with(packet))
    assert [(one.name, one.type, one.data) for one in mail.attachments] == [("ETE~1.PDF", "application/pdf", b"%PDF")]
    assert as_text(mail.lines) == "Packed"
    assert as_text(read_mail(mail_with(packet, b"Given")).lines) == "Given"


@pytest.mark.parametrize(
    "packet", [b"", b"junk", tnef.SIGNATURE, HEAD, HEAD + b"\x01\x07\x90", HEAD + attribute(1, b"x")]
)
def test_a_packet_without_files_stays_an_attachment(packet: bytes) -> None:
    assert unpack(packet).files == []
    (attached,) = read_mail(mail_with(packet)).attachments
    assert (attached.name, attached.data) == ("winmail.dat", packet)


def test_a_packet_that_ends_too_early_gives_what_it_has() -> None:
    long = attribute(tnef.ATTACHMENT_PROPERTIES, properties(LONG))
    packet = HEAD + FILE + attribute(tnef.ATTACHMENT_DATA, b"%PDF") + long + FILE
    found = {len(unpack(packet[:end]).files) for end in range(len(packet))}
    assert found == {0, 1, 2}


def test_counts_that_lie_cost_nothing() -> None:
    many = struct.pack("<IHHI", 2**32 - 1, NUMBER | 0x1000, 1, 2**32 - 1)
    endless = struct.pack("<IHHI", 2**32 - 1, UNICODE, 1, 2**32 - 1)
    for value in (many, endless, b"\xff" * 100):
        assert unpack(HEAD + FILE + attribute(tnef.ATTACHMENT_PROPERTIES, value)).files == [
            PackedFile("ETE~1.PDF", b"")
        ]
