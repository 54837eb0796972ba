"""Origins: which pages may send requests to this server from a browser, and which may embed the chat."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

from chat.domain.refusals import NotAllowed
from chat.settings import Settings, format_origin
from chat.web.core.proxies import forwarded_over_http

CORS_ORIGINS = web.RequestKey("CORS_ORIGINS", list[str])
LOCALHOST = "localhost"
# The same hosts as sources of a content security policy.
LOCALHOST_SOURCES = tuple(
    f"{scheme}://{host}:*" for scheme in ("http", "https") for host in (LOCALHOST, f"*.{LOCALHOST}", "127.0.0.1")
)


def is_loopback(host: str | None) -> bool:
    """`localhost`, its subdomains, 127.0.0.1 and ::1: hosts that browsers trust without https."""
    return host in (LOCALHOST, "127.0.0.1", "::1") or (host or "").endswith(f".{LOCALHOST}")


def host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None


def is_own_origin(settings: Settings, origin: str) -> bool:
    """PUBLIC_URL's origin. If that is a loopback host, also the other loopback names, with the same port."""
    if origin == settings.public_url:
        return True
    own = urlsplit(settings.public_url)
    try:
        other = urlsplit(origin)
        same_port = (other.scheme, other.port) == (own.scheme, own.port)
    except ValueError:
        return False
    return same_port and is_loopback(own.hostname) and is_loopback(other.hostname) and not other.path


def is_listed(origins: Iterable[str], origin: str) -> bool:
    """Whether a site lists this origin; the entry "localhost" stands for every port of every loopback host."""
    return any(
        origin == listed or (listed == LOCALHOST and is_loopback(host_of(origin)) and _is_canonical(origin))
        for listed in origins
    )


def _is_canonical(origin: str) -> bool:
    """Whether the origin is written as browsers write it: it has no user, path or query."""
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and origin == format_origin(
            parts.scheme, parts.hostname or "", parts.port
        )
    except ValueError:
        return False


def frame_ancestors(origins: Iterable[str]) -> str:
    """A site's origins as the sources of `frame-ancestors`; our own pages are always allowed."""
    sources = [LOCALHOST_SOURCES if origin == LOCALHOST else (origin,) for origin in origins]
    return " ".join(["'self'", *(source for group in sources for source in group)])


def require_own_origin(settings: Settings, request: web.Request) -> None:
    """NotAllowed if a browser sent the request from a page that is not ours.

    A client that is no browser sends neither header and passes. A page with the policy `no-referrer` sends the
    origin `null`; then Sec-Fetch-Site decides."""
    origin = request.headers.get("Origin")
    fetched_from = request.headers.get("Sec-Fetch-Site", "same-origin" if origin is None else "cross-site")
    if origin is None or origin == "null":
        allowed = fetched_from in ("same-origin", "none")
    else:
        allowed = is_own_origin(settings, origin)
    if not allowed:
        raise NotAllowed(f"the console is at {settings.public_url}", reason="origin")


def requested_host_and_port(request: web.Request) -> tuple[str | None, int | None]:
    """The host and port that a request names; None for both if its Host header is malformed."""
    try:
        return request.url.host, request.url.explicit_port
    except ValueError:
        return None, None


def require_https(settings: Settings, request: web.Request) -> None:
    """NotAllowed if a password or a cookie would travel unencrypted over a network."""
    host, _ = requested_host_and_port(request)
    own = settings.is_https and host == host_of(settings.public_url)
    if is_loopback(host) or (own and not forwarded_over_http(request, settings.trusted_proxies)):
        return
    raise NotAllowed(f"plain http from elsewhere; open {settings.public_url}", reason="plain_http")


def require_own_address(settings: Settings, request: web.Request) -> None:
    """NotAllowed at an address where signing in cannot work, so that the page says so before anybody types."""
    require_https(settings, request)
    host, port = requested_host_and_port(request)
    if not is_own_origin(settings, format_origin(urlsplit(settings.public_url).scheme, host or "", port)):
        raise NotAllowed(f"the console is at {settings.public_url}", reason="origin")


def cors_headers(request: web.Request) -> dict[str, str]:
    """The headers that let a page of a listed origin read this response, refusals too. They name that origin,
    never `*`, and allow no cookies. A handler lists the origins in `request[CORS_ORIGINS]`."""
    if CORS_ORIGINS not in request:
        return {}
    listed: list[str] = request[CORS_ORIGINS]
    origin = request.headers.get("Origin", "")
    allowed = {"Access-Control-Allow-Origin": origin} if is_listed(listed, origin) else {}
    return {"Vary": "Origin", **allowed}
