"""Headers: addresses, parameters, ids, dates, and what our own mail server says about the sender."""

from datetime import UTC, datetime

import pytest

from chat.mail.headers import MAX_IDS, addresses, content_type, is_authentic, message_ids, parameters, read_headers
from chat.mail.parsed import Address
from chat.mail.parts import parse


def one(value: str) -> tuple[str, str] | None:
    found = addresses([value])
    return (found[0].name, found[0].address) if found else None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("vic@example.com", ("", "vic@example.com")),
        ("<Vic@Example.COM>", ("", "vic@example.com")),
        ("Vic Martin <vic@example.com>", ("Vic Martin", "vic@example.com")),
        ('"Martin, Vic" <vic@example.com>', ("Martin, Vic", "vic@example.com")),
        ('"Vic \\"V\\" Martin" <vic@example.com>', ('Vic "V" Martin', "vic@example.com")),
        ("'Vic' <vic@example.com>", ("Vic", "vic@example.com")),
        ("vic@example.com (Vic Martin)", ("Vic Martin", "vic@example.com")),
        ("=?utf-8?q?Martin=2C_L=C3=A9a?= <vic@example.com>", ("Martin, Léa", "vic@example.com")),
        ("=?utf-8?q?Martin, L=C3=A9a?= <vic@example.com>", ("Martin, Léa", "vic@example.com")),
        ('"=?utf-8?b?TMOpYQ==?= Martin" <vic@example.com>', ("Léa Martin", "vic@example.com")),
        ('"vic@example.org" <vic@example.com>', ("vic@example.org", "vic@example.com")),
        ("Vic < vic@example.com >", ("Vic", "vic@example.com")),
        ("Vic \u202e<vic@example.com>", ("Vic", "vic@example.com")),
        ("undisclosed-recipients:;", None),
        ("(((((((((( vic@example.com", ("", "vic@example.com")),
        ("(((( support@example.fr@evil.example", None),
        ('"Vic <vic@example.com>', ("Vic", "vic@example.com")),
        *(
            (value, None)
            for value in ("", "<", "<>", "@", "Vic", "a@b@c", "(" * 5000, '"' * 5001, "<@>", "vic@", ",;:")
        ),
    ],
)
def test_a_name_and_an_address(value: str, expected: tuple[str, str] | None) -> None:
    assert one(value) == expected


def test_a_list_of_addresses_with_a_group() -> None:
    found = addresses(["Team: ada@example.fr, Ben <ben@example.fr>; cleo@example.fr", "sam@example.fr"])
    assert [address.address.partition("@")[0] for address in found] == ["ada", "ben", "cleo", "sam"]
    assert found[1] == Address("Ben", "ben@example.fr")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/plain; charset=utf-8", {"charset": "utf-8"}),
        ('text/plain; Charset="utf-8"; format=flowed', {"charset": "utf-8", "format": "flowed"}),
        ('x; name="a;b.txt"', {"name": "a;b.txt"}),
        ('x; name="a\\"b.txt"', {"name": 'a"b.txt'}),
        ('x; name="C:\\notes\\b.txt"', {"name": "C:\\notes\\b.txt"}),
        ("x; name*=utf-8''R%C3%A9sum%C3%A9.pdf", {"name": "Résumé.pdf"}),
        ("x; name=plain.pdf; name*=iso-8859-1'fr'%E9t%E9.pdf", {"name": "été.pdf"}),
        ("x; name*1*=%A9.pdf; name*0*=utf-8''%C3", {"name": "é.pdf"}),
        ("x; name*0=one; name*1=two", {"name": "onetwo"}),
        ("x; name*0*=utf-8''a%20; name*1=b%20", {"name": "a b%20"}),
        ("x; name*=x'y", {"name": "y"}),
        ("x; name", {}),
        ("x; =y; ;;", {}),
        ('x; name="open', {"name": "open"}),
    ],
)
def test_parameters(value: str, expected: dict[str, str]) -> None:
    assert parameters(value) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Content-Type: TEXT/HTML; charset=x", "text/html"),
        ("Content-Type: text", "text/plain"),
        ("Content-Type: ", "text/plain"),
        ("X: y", "text/plain"),
        ("Content-Type: a/b\r\nContent-Type: c/d", "a/b"),
    ],
)
def test_the_type_of_a_part(header: str, expected: str) -> None:
    assert content_type(parse(f"{header}\r\n\r\n".encode())) == expected


def test_ids_stand_in_brackets_whatever_is_between_them() -> None:
    values = ['<a@x> (said "b") <c@y>', "your mail of Monday <a@x>", "<no-at>, <>, <a b@c>", "d@z"]
    assert message_ids(values) == ["a@x", "c@y"]


def test_of_too_many_ids_the_newest_count() -> None:
    """Mail programs append to References."""
    ids = [f"{number}@example.com" for number in range(MAX_IDS + 1)]
    assert message_ids([" ".join(f"<{one}>" for one in ids)]) == ids[1:]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Tue, 24 Nov 2026 10:31:07 +0100", datetime(2026, 11, 24, 9, 31, 7, tzinfo=UTC)),
        ("24 Nov 2026 10:31 GMT", datetime(2026, 11, 24, 10, 31, tzinfo=UTC)),
        ("Tue, 24 Nov 2026 10:31:07 -0000", datetime(2026, 11, 24, 10, 31, 7, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 -0500", None),
        *((value, None) for value in ("", "yesterday", "Tue, 99 Nov 2026 99:99:99 +9999", "1", ",,,", "\0")),
    ],
)
def test_the_date_is_in_utc_or_nothing(value: str, expected: datetime | None) -> None:
    assert read_headers(parse(f"Date: {value}\r\n\r\n".encode()), None).sent_at == expected


@pytest.mark.parametrize(
    ("value", "authserv_id", "expected"),
    [
        ("mx.example.fr; spf=pass; dmarc=pass header.from=example.com", "mx.example.fr", True),
        ("MX.example.fr; dmarc=FAIL", "mx.Example.fr", False),
        ("mx.example.fr 1; dmarc = pass", "mx.example.fr", True),
        ("mx.example.fr (our server); dkim=pass (ok); dmarc=pass", "mx.example.fr", True),
        ("mx.example.fr; dmarc=none", "mx.example.fr", None),
        ("mx.example.fr; spf=pass; dkim=pass", "mx.example.fr", None),
        ("mx.example.fr; dmarc=bestguesspass", "mx.example.fr", None),
        # What the sender can write.
        ("mx.evil.example; dmarc=pass", "mx.example.fr", None),
        ("mx.example.fr; spf=fail (dmarc=pass; dmarc=pass); dmarc=fail", "mx.example.fr", False),
        ("mx.example.fr; spf=fail (a (b); dmarc=pass); dmarc=fail", "mx.example.fr", False),
        ('mx.example.fr; spf=fail smtp.mailfrom="x; dmarc=pass"@evil.example; dmarc=fail', "mx.example.fr", False),
        ("mx.example.fr; spf=fail smtp.mailfrom=dmarc=pass", "mx.example.fr", None),
        # Microsoft 365 writes no name.
        ("spf=pass smtp.mailfrom=example.com; dkim=pass; dmarc=pass action=none", "", True),
        ("dmarc=pass action=none", "", True),
        ("mx.evil.example; dmarc=pass", "", None),
        ("spf=pass; dmarc=pass", "mx.example.fr", None),
        # Nobody is believed.
        ("mx.example.fr; dmarc=pass", None, None),
        ("", "", None),
        ("", "mx.example.fr", None),
    ],
)
def test_only_our_own_server_is_believed(value: str, authserv_id: str | None, expected: bool | None) -> None:
    assert is_authentic(value, authserv_id) is expected


def test_only_the_topmost_results_count() -> None:
    below = b"Authentication-Results: mx.example.fr; dmarc=pass\r\n\r\n"
    assert read_headers(parse(below), "mx.example.fr").authentic is True
    above = b"Authentication-Results: mx.example.fr; dmarc=fail\r\n"
    assert read_headers(parse(above + below), "mx.example.fr").authentic is False
    assert (
        read_headers(
            parse(b"Authentication-Results: mx.other.example; spf=none\r\n" + below), "mx.example.fr"
        ).authentic
        is None
    )
