"""Proxies: the visitor's own address and scheme, as told by those whom we trust."""

from collections.abc import Sequence
from ipaddress import ip_address

from aiohttp import web

from chat.settings import Network


def client_address(request: web.Request, trusted: Sequence[Network]) -> str:
    """The nearest address that is no trusted proxy's: what stands left of it may have been made up."""
    hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
    address = request.remote or "127.0.0.1"
    for hop in reversed(hops):
        if not is_trusted(address, trusted) or not is_address(hop):
            break
        address = hop
    return rate_limit_key(address)


def came_by_http(request: web.Request, trusted: Sequence[Network]) -> bool:
    """Whether a trusted proxy says that the browser spoke plain http with it."""
    said = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip()
    return said == "http" and is_trusted(request.remote or "127.0.0.1", trusted)


def is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    """A socket for both kinds of addresses writes the old ones as `::ffff:192.0.2.1`."""
    if not is_address(address):
        return False
    parsed = ip_address(address)
    plain = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(plain in network for network in trusted)


def is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def rate_limit_key(address: str) -> str:
    """One customer line has 2**64 IPv6 addresses: limits count the line."""
    if ":" not in address:
        return address
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return str(mapped) if mapped else str(ip_address(int(parsed) >> 64 << 64)) + "/64"
