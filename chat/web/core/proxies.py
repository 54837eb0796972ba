"""Proxies: the client's address and scheme, as the trusted proxies report them."""

import hashlib
import hmac
import logging
import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

from aiohttp import web

from chat.settings import Network, Settings

HOP = re.compile(r"\[(?P<bracketed>[^\]]*)\](?::\d+)?|(?P<plain>[^:]*)(?::\d+)?")

# A Unix socket has no remote address.
LOCAL_ADDRESS = "127.0.0.1"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

log = logging.getLogger(__name__)


def client_address(request: web.Request, trusted: Sequence[Network]) -> str:
    """The client's address as limits count it: for IPv6 its /64 network."""
    return rate_limit_key(full_client_address(request, trusted))


def full_client_address(request: web.Request, trusted: Sequence[Network]) -> str:
    """The last address in the chain that is not a trusted proxy's: a client can forge every entry before it."""
    hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    address = request.remote or LOCAL_ADDRESS
    for hop in map(without_port, reversed(hops)):
        if not is_trusted(address, trusted):
            break
        if not is_address(hop):
            if hop:
                warn_once("a trusted proxy sends X-Forwarded-For entries that are no addresses; they are not used")
            break
        address = hop
    return address


def address_hash(request: web.Request, settings: Settings) -> str | None:
    """The client's address as the database has it: hashed with the secret key. None for a program on this machine,
    which may send for many."""
    if is_local(request):
        return None
    address = client_address(request, settings.trusted_proxies)
    return hmac.digest(settings.secret_key.encode(), f"address\0{address}".encode(), hashlib.sha256).hex()[:16]


def is_from(request: web.Request, networks: Sequence[Network], trusted: Sequence[Network]) -> bool:
    """Whether the client's address is in one of these networks. False if a proxy that is not trusted forwarded the
    request, because then the client's address is unknown."""
    address = full_client_address(request, trusted)
    is_unknown = is_forwarded(request) and address == (request.remote or LOCAL_ADDRESS)
    return is_trusted(address, networks) and not is_unknown


def is_local(request: web.Request) -> bool:
    """Whether a program on this machine sent the request, and no proxy forwarded it."""
    return is_trusted(request.remote or LOCAL_ADDRESS, LOOPBACK) and not is_forwarded(request)


def is_forwarded(request: web.Request) -> bool:
    return "Forwarded" in request.headers or "X-Forwarded-For" in request.headers


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
    return scheme == "http" and is_trusted(request.remote or LOCAL_ADDRESS, trusted)


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
