"""The parts of a mail: which are its text, which its attachments, and what is cut."""

import pytest

from chat.mail.mime import read_mail
from chat.mail.parsed import ParsedMail
from chat.mail.parts import MAX_FILE_NAME, MAX_PARTS, MAX_TEXT, clean_file_name, plain_lines
from chat.mail.quoting import as_text

PNG = b"\x89PNG"


def part(kind: str, body: str | bytes, *headers: str) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    return "\r\n".join([f"Content-Type: {kind}", *headers, "", ""]).encode() + data + b"\r\n"


def multipart(kind: str, *parts: bytes) -> bytes:
    boundary = f"b{sum(map(len, parts))}"  # Another one than those of its parts.
    body = b"".join(f"--{boundary}\r\n".encode() + one for one in parts) + f"--{boundary}--\r\n".encode()
    return part(f"multipart/{kind}; boundary={boundary}", body)


def read(*headers_and_parts: bytes) -> ParsedMail:
    return read_mail(b"From: vic@example.com\r\n" + b"".join(headers_and_parts))


def text(mail: ParsedMail) -> str:
    return as_text(mail.lines)


PLAIN, HTML = part("text/plain", "plain"), part("text/html", "<p>html</p>")
PICTURE = part("image/png", PNG, "Content-ID: <a@b>")


@pytest.mark.parametrize(
    ("body", "words", "has_html"),
    [
        (PLAIN, "plain", False),
        (HTML, "html", True),
        (multipart("alternative", PLAIN, HTML), "plain", True),
        (multipart("alternative", HTML, PLAIN), "plain", True),
        (multipart("alternative", part("text/plain", " "), HTML), "html", True),
        (multipart("mixed", PLAIN, part("text/plain", "more")), "plain more", False),
        # A list's footer below a mail of HTML only.
        (multipart("mixed", HTML, part("text/plain", "footer")), "html footer", True),
        # Apple Mail writes a new part after each attachment.
        (multipart("mixed", HTML, PICTURE, part("text/html", "<p>more</p>")), "html more", True),
        (multipart("alternative", PLAIN, multipart("mixed", HTML, PICTURE, HTML)), "plain", True),
        (multipart("alternative", multipart("mixed", PLAIN, part("text/plain", "more")), HTML), "plain more", True),
        (multipart("related", multipart("alternative", PLAIN, HTML), PICTURE), "plain", True),
        (multipart("alternative", PLAIN, part("text/x-amp-html", "<html amp4email>"), HTML), "plain", True),
        (part("multipart/mixed", "no boundary"), "no boundary", False),
        (b"\r\nno headers", "no headers", False),
    ],
)
def test_the_text_of_a_mail(body: bytes, words: str, has_html: bool) -> None:
    mail = read(body)
    assert text(mail).split() == words.split()
    assert (mail.html is not None) == has_html
    assert {one.type for one in mail.attachments} <= {"image/png"}


def test_all_html_parts_are_shown_as_one_document() -> None:
    html = read(multipart("mixed", HTML, PICTURE, part("text/html", "<img src=cid:a@b>"))).html
    assert html == '<p>html</p>\n<img src="cid:a@b">'


@pytest.mark.parametrize(
    ("body", "is_inline"),
    [
        (multipart("related", part("text/html", "<img src=cid:a@b>"), PICTURE), True),
        (multipart("related", HTML, PICTURE), False),
        (multipart("mixed", PLAIN, PICTURE), False),
        (multipart("mixed", HTML, part("image/png", PNG, "Content-Disposition: inline")), False),
    ],
)
def test_a_picture_is_inline_if_the_html_shows_it(body: bytes, is_inline: bool) -> None:
    (picture,) = read(body).attachments
    assert (picture.data, picture.is_inline) == (PNG, is_inline)


@pytest.mark.parametrize(
    ("headers", "is_attachment"),
    [
        (("Content-Disposition: attachment",), True),
        (("Content-Disposition: inline; filename=log.txt",), True),
        (("Content-Disposition: inline",), False),
        ((), False),
    ],
)
def test_a_second_text_with_a_name_is_an_attachment(headers: tuple[str, ...], is_attachment: bool) -> None:
    mail = read(multipart("mixed", PLAIN, part("text/plain", "more", *headers)))
    assert [one.data for one in mail.attachments] == ([b"more"] if is_attachment else [])
    assert text(mail).split() == (["plain"] if is_attachment else ["plain", "more"])


def test_an_attached_mail_stays_as_it_came() -> None:
    inner = b"From: zoe@example.com\r\nSubject: caf\xe9\r\nMessage-ID: <in@ner>\r\n\r\n" + PICTURE
    mail = read(multipart("mixed", PLAIN, part("message/rfc822", inner[:-2])))
    (attached,) = mail.attachments
    assert (attached.name, attached.data) == ("message.eml", inner[:-2])
    assert mail.headers.message_id is None


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\notes\\a.txt", "a.txt"),
        ("a:b|c?.txt", "a_b_c_.txt"),
        ("...", ""),
        (" .hidden. ", "hidden"),
        ("x" * 200, "x" * MAX_FILE_NAME),
    ],
)
def test_file_names(given: str, name: str) -> None:
    assert clean_file_name(given) == name


def test_text_in_flowed_lines_is_joined() -> None:
    flowed = "a \r\nb\r\n> c \r\n> d\r\n >e\r\n-- \r\nVic".replace("\r", "")
    assert plain_lines(flowed, is_flowed=True) == [(0, "a b"), (1, "c d"), (0, ">e"), (0, "--"), (0, "Vic")]
    assert plain_lines("a \nb", is_flowed=True, deletes_space=True) == [(0, "ab")]
    assert plain_lines(">> a\n> > b\n>c\nd > e") == [(2, "a"), (2, "b"), (1, "c"), (0, "d > e")]


def test_what_is_too_large_is_cut_and_says_so() -> None:
    assert not read(part("text/plain", "a" * (MAX_TEXT - 10))).is_cut
    assert read(part("text/plain", "a" * (MAX_TEXT + 10))).is_cut
    assert read(part("text/plain", "a\r\n" * MAX_TEXT)).is_cut
    assert read(multipart("mixed", *[part("text/plain", "a" * (MAX_TEXT // 2))] * 3)).is_cut
    few, many = [PICTURE] * MAX_PARTS, [PICTURE] * (MAX_PARTS + 1)
    assert not read(multipart("mixed", *few)).is_cut
    assert read(multipart("mixed", *many)).is_cut
    assert len(read(multipart("mixed", *many)).attachments) == MAX_PARTS


def test_nested_multiparts_beyond_the_limit_are_one_text() -> None:
    body = PLAIN
    for _ in range(MAX_PARTS + 50):
        body = multipart("mixed", body)
    mail = read(body)
    assert "plain" in text(mail).splitlines()
    assert not mail.is_cut


def test_one_mail_in_two_mailboxes_has_one_hash() -> None:
    body = b"Date: Tue, 24 Nov 2026 10:31:07 +0100\r\nMessage-ID: <a@b>\r\nSubject: x\r\n" + multipart(
        "mixed", PLAIN, PICTURE
    )
    first = read(b"Delivered-To: support@example.fr\r\n" + body)
    assert first.content_hash == read(b"Delivered-To: sales@example.fr\r\n" + body).content_hash
    changes = ((b"Subject: x", b"Subject: y"), (b"plain", b"other"), (b"10:31", b"10:32"), (PNG, b"GIF8"))
    for old, new in changes:
        assert first.content_hash != read(body.replace(old, new)).content_hash
