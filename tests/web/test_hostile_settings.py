"""Addresses that an operator mistypes: refused where they are typed, for they stand in headers later."""

from socket import AF_INET, AF_INET6, AddressFamily

import pytest

from chat.processes import family_of
from chat.settings import parse_networks, parse_origin
from chat.web.core.assets import Asset
from chat.web.core.proxies import is_trusted

BAD = (
    "https://shop.example; script-src *",
    "https://shop.example 'unsafe-inline'",
    "https://*",
    "https://shop.example,other.example",
    "https://shop.example\\@other.example",
    "https://shöp.example",
    "https://shop.example:99999",
)
GOOD = ("https://shop.example", "http://localhost:8000", "http://[::1]:8000", "https://a-b.c_d.example")


@pytest.mark.parametrize("typed", BAD)
def test_an_address_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_origin(typed)


@pytest.mark.parametrize("typed", GOOD)
def test_an_address_is_kept_as_browsers_write_it(typed: str) -> None:
    assert parse_origin(typed) == typed


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("br", "br"), ("br;q=0.5", "br"), ("br; q=0", None), ("br;q=0, gzip;q=0.1", "gzip"), ("gzip;q=0.000", None)],
)
def test_an_encoding_is_sent_to_those_who_take_it(accepted: str, encoding: str | None) -> None:
    assert Asset("text/css", b"a{}").encode(accepted)[0] == encoding


def test_a_proxy_is_known_by_its_address_however_the_socket_writes_it() -> None:
    assert is_trusted("::ffff:198.51.100.7", parse_networks("198.51.100.0/24"))
    assert is_trusted("2001:db8::7", parse_networks("2001:db8::/32"))
    assert not is_trusted("::ffff:203.0.113.7", parse_networks("198.51.100.0/24"))


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", AF_INET), ("localhost", AF_INET), ("::1", AF_INET6)])
def test_a_host_of_the_new_kind_can_be_listened_on(host: str, family: AddressFamily) -> None:
    assert family_of(host) == family
