"""The client's address behind proxies: forged X-Forwarded-For entries have no effect."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from chat.settings import Settings
from chat.web.core.proxies import address_hash, client_address, is_from, warn_once

PROXIES = (ip_network("198.51.100.0/24"), ip_network("::1/128"))


def request(remote: str, forwarded: str | None) -> web.Request:
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    return make_mocked_request("GET", "/", headers=headers).clone(remote=remote)


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
        ("198.51.100.1", "203.0.113.1:51234", "203.0.113.1"),
        ("198.51.100.1", "192.0.2.9:1, 203.0.113.1:2, 198.51.100.2:3", "203.0.113.1"),
        ("::1", "[2001:db8:1:2:3:4:5:6]:51234", "2001:db8:1:2::/64"),
        ("::1", "[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("198.51.100.1", "203.0.113.1:port", "198.51.100.1"),
        ("203.0.113.7", "203.0.113.1", "203.0.113.7"),
        ("198.51.100.1", "203.0.113.1", "203.0.113.1"),
        ("198.51.100.1", "made-up, 203.0.113.1", "203.0.113.1"),
        ("198.51.100.1", "192.0.2.9, 203.0.113.1, 198.51.100.2", "203.0.113.1"),
        ("198.51.100.1", "198.51.100.9", "198.51.100.9"),
        ("198.51.100.1", "", "198.51.100.1"),
        ("198.51.100.1", "nonsense", "198.51.100.1"),
        ("::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", None, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", None, "203.0.113.7"),
    ],
)
def test_client_address_is_the_last_that_is_no_trusted_proxy(remote: str, forwarded: str | None, address: str) -> None:
    assert client_address(request(remote, forwarded), PROXIES) == address


@pytest.mark.parametrize(
    ("remote", "forwarded", "expected"),
    [
        ("192.0.2.3", None, True),
        ("::ffff:192.0.2.3", None, True),
        ("198.51.100.1", "192.0.2.3", True),
        ("203.0.113.7", "192.0.2.3", False),
        ("192.0.2.3", "203.0.113.7", False),
        ("192.0.2.3", "192.0.2.3", False),
        ("203.0.113.9", None, False),
    ],
)
def test_request_of_an_untrusted_proxy_is_from_no_network(remote: str, forwarded: str | None, expected: bool) -> None:
    assert is_from(request(remote, forwarded), [ip_network("192.0.2.0/24")], PROXIES) == expected


def test_entry_that_is_no_address_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    warn_once.cache_clear()
    for _ in range(3):
        client_address(request("198.51.100.1", "unknown"), PROXIES)
    client_address(request("203.0.113.7", "forged"), PROXIES)
    assert [record.message for record in caplog.records] == [
        "a trusted proxy sends X-Forwarded-For entries that are no addresses; they are not used"
    ]


def test_forwarded_header_is_ignored_without_trusted_proxies() -> None:
    assert client_address(request("198.51.100.1", "203.0.113.1"), ()) == "198.51.100.1"


def test_address_is_hashed_with_the_key_unless_it_is_this_machines_own() -> None:
    settings = Settings(secret_key="k" * 32, trusted_proxies=PROXIES)
    assert address_hash(request("127.0.0.1", None), settings) is None
    assert address_hash(request("::1", None), settings) is None
    assert address_hash(request("127.0.0.1", "203.0.113.7"), settings) is not None
    vic = address_hash(request("203.0.113.7", None), settings)
    assert vic == address_hash(request("198.51.100.1", "203.0.113.7"), settings)
    assert vic not in (
        address_hash(request("203.0.113.8", None), settings),
        address_hash(request("203.0.113.7", None), replace(settings, secret_key="j" * 32)),
        None,
    )
