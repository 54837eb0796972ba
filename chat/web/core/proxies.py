"""Proxies: the client's address and scheme, as the trusted proxies report them."""

import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address

from aiohttp import web

from chat.settings import Network

HOP = re.compile(r"\[(?P<bracketed>[^\]]*)\](?::\d+)?|(?P<plain>[^:]*)(?::\d+)?")

log = logging.getLogger(__name__)


def client_address(request: web.Request, trusted: Sequence[Network]) -> str:
    """The last address in the chain that is not a trusted proxy's: a client can forge every entry before it."""
    hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    address = request.remote or "127.0.0.1"
    for hop in map(without_port, reversed(hops)):
        if not is_trusted(address, trusted):
            break
        if not is_address(hop):
            if hop:
                warn_once("a trusted proxy sends X-Forwarded-For entries that are no addresses; they are not used")
            break
        address = hop
    return rate_limit_key(address)


def without_port(hop: str) -> str:
    """The address of an entry; some proxies write `203.0.113.7:51234` or `[2001:db8::7]:51234`."""
    found = HOP.fullmatch(hop.strip())
    return (found["bracketed"] or found["plain"]) if found else hop.strip()


@lru_cache
def warn_once(message: str) -> None:
    """Log a warning the first time."""
    log.warning(message)


def forwarded_over_http(request: web.Request, trusted: Sequence[Network]) -> bool:
    """Whether a trusted proxy reports that the browser sent the request over plain http."""
    scheme = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip()
    return scheme == "http" and is_trusted(request.remote or "127.0.0.1", trusted)


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """Whether a trusted network has this address. A dual-stack socket writes IPv4 as `::ffff:192.0.2.1`."""
    if not is_address(address):
        return False
    parsed = ip_address(address)
    unmapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(unmapped in network for network in trusted)


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def rate_limit_key(address: str) -> str:
    """The address, for IPv6 its /64 network: one subscriber has 2**64 addresses."""
    if ":" not in address:
        return address
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped) if mapped else str(ip_address(int(parsed) >> 64 << 64)) + "/64"
