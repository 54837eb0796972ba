"""Bytes as text: declared charsets, wrong ones, none, and encoded words."""

import pytest

from chat.mail.charset import clean_body, decode_base64, decode_bytes, decode_header, decode_quoted_printable, one_line

FRENCH = "Le cœur coûte 120 €, déjà"


@pytest.mark.parametrize(
    ("data", "declared", "text"),
    [
        (FRENCH.encode(), "utf-8", FRENCH),
        (FRENCH.encode("cp1252"), "iso-8859-1", FRENCH),
        (FRENCH.encode("cp1252"), "us-ascii", FRENCH),
        (FRENCH.encode("cp1252"), None, FRENCH),
        (FRENCH.encode("cp1252"), "utf-8", FRENCH),
        (FRENCH.encode(), "iso-8859-1", FRENCH),
        (FRENCH.encode(), "x-nothing", FRENCH),
        (FRENCH.encode("utf-16"), "utf-16", FRENCH),
        ("déjà".encode("cp850"), "cp-850", "déjà"),
        ("Привет".encode("koi8-r"), "KOI8-R", "Привет"),
        ("你好".encode("gb18030"), "gb2312", "你好"),
        ("こんにちは".encode("iso-2022-jp"), "iso-2022-jp", "こんにちは"),
        # One broken letter does not make a text unreadable.
        ("déjà vu".encode() + b"\xc3", "utf-8", "déjà vu\ufffd"),
        # Python's own notations are no charsets.
        *(
            (b"caf\xe9 \\x41", name, "café \\x41")
            for name in ("unicode_escape", "punycode", "hex", "rot13", "idna", "\0", "")
        ),
    ],
)
def test_decoding(data: bytes, declared: str | None, text: str) -> None:
    assert decode_bytes(data, declared) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?UTF-8?Q?R=C3=A9clamation?=", "Réclamation"),
        ("Re: =?utf-8?b?w6l0w6k=?= [#1]", "Re: été [#1]"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=  =?iso-8859-1?q?=E9?=", "aé"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("=?utf-8?q?a?= and =?utf-8?q?b?=", "a and b"),
        ("=?utf-8*fr?q?=C3=A9t=C3=A9?=", "été"),
        ("=?utf-8?q?a_b?=", "a b"),
        ("=?iso-8859-1?Q?RE_:_Votre_demande_[#1052]?=", "RE : Votre demande [#1052]"),
        ("=?utf-8?b?w6k?=", "é"),
        ("=?utf-8?b?A?=", ""),
        ("=?x?q?", "=?x?q?"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("a\r\n\tb\u200b\u202ec\0", "a bc"),
    ],
)
def test_encoded_words(value: str, text: str) -> None:
    assert decode_header(value) == text


def test_lenient_transfer_encodings() -> None:
    assert decode_base64(b"w6k= \r\n!!") == "é".encode()
    assert decode_base64(b"QUJDR") == b"ABC"
    assert decode_base64(b"") == b""
    assert decode_quoted_printable(b"a=  \r\nb=3Dc=ZZ=E9=") == b"ab=c=ZZ\xe9"


def test_a_text_that_no_database_would_take_is_made_harmless() -> None:
    assert clean_body("a\r\nb\rc\0d\x07e\ufeff") == "a\nb\nc\ufffdde"
    assert one_line("\ud83d alone") == "\ufffd alone"
    assert one_line("e\u0301") == "é"
    assert len(clean_body("e" + "\u0301" * 100_000)) <= 31
