"""Whose address counts: the nearest that no trusted proxy has, whatever else a header claims."""

from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from chat.web.core.proxies import client_address

PROXIES = (ip_network("198.51.100.0/24"), ip_network("::1/128"))


def request(remote: str, forwarded: str | None) -> web.Request:
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    return make_mocked_request("GET", "/", headers=headers).clone(remote=remote)


@pytest.mark.parametrize(
    ("remote", "forwarded", "counts"),
    [
        ("203.0.113.7", None, "203.0.113.7"),
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
def test_the_address_that_counts(remote: str, forwarded: str | None, counts: str) -> None:
    assert client_address(request(remote, forwarded), PROXIES) == counts


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert client_address(request("198.51.100.1", "203.0.113.1"), ()) == "198.51.100.1"
