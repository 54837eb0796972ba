"""Origins: which pages may speak to this server from a browser, and which may show the chat."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from aiohttp import web

from chat.domain.refusals import NotAllowed
from chat.settings import Settings, format_origin
from chat.web.core.proxies import came_by_http

CORS_ORIGINS = web.RequestKey("READERS", list[str])
LOCALHOST = "localhost"
# What a content security policy calls the same.
LOCALHOST_SOURCES = tuple(
    f"{scheme}://{host}:*" for scheme in ("http", "https") for host in (LOCALHOST, f"*.{LOCALHOST}", "127.0.0.1")
)


def is_loopback(host: str | None) -> bool:
    """`localhost`, its subdomains, 127.0.0.1 and ::1: what browsers take for secure without https."""
    return host in (LOCALHOST, "127.0.0.1", "::1") or (host or "").endswith(f".{LOCALHOST}")


def host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).hostname
    except ValueError:
        return None


def is_own(settings: Settings, origin: str) -> bool:
    """PUBLIC_URL's own; when that is on this machine, also by its other names, on the same port."""
    if origin == settings.public_url:
        return True
    own = urlsplit(settings.public_url)
    try:
        theirs = urlsplit(origin)
        same_door = (theirs.scheme, theirs.port) == (own.scheme, own.port)
    except ValueError:
        return False
    return same_door and is_loopback(own.hostname) and is_loopback(theirs.hostname) and not theirs.path


def is_among(origins: Iterable[str], origin: str) -> bool:
    """Whether a site lists this origin; the word "localhost" stands for all ports of this machine."""
    return any(
        origin == listed or (listed == LOCALHOST and is_loopback(host_of(origin)) and _plain(origin))
        for listed in origins
    )


def _plain(origin: str) -> bool:
    """Written as browsers write it, so that nothing else hides in it."""
    try:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and origin == format_origin(
            parts.scheme, parts.hostname or "", parts.port
        )
    except ValueError:
        return False


def sources(origins: Iterable[str]) -> str:
    """A site's origins as `frame-ancestors` takes them; our own pages may always show it."""
    listed = [LOCALHOST_SOURCES if origin == LOCALHOST else (origin,) for origin in origins]
    return " ".join(["'self'", *(source for several in listed for source in several)])


def require_own_origin(settings: Settings, request: web.Request) -> None:
    """NotAllowed unless a browser's request comes from our own pages. Clients that are no browsers send
    neither header; a page that says `no-referrer` sends the origin `null`, then Sec-Fetch-Site speaks for it."""
    origin = request.headers.get("Origin")
    fetched_from = request.headers.get("Sec-Fetch-Site", "same-origin" if origin is None else "cross-site")
    if origin is None or origin == "null":
        allowed = fetched_from in ("same-origin", "none")
    else:
        allowed = is_own(settings, origin)
    if not allowed:
        raise NotAllowed(f"the console is at {settings.public_url}", reason="origin")


def requested_origin(request: web.Request) -> tuple[str | None, int | None]:
    """The host and port that a request was sent to; none where what it names is no host."""
    try:
        return request.url.host, request.url.explicit_port
    except ValueError:
        return None, None


def require_https(settings: Settings, request: web.Request) -> None:
    """NotAllowed where a password or a cookie would travel in clear text over a network."""
    host, _ = requested_origin(request)
    own = settings.is_https and host == host_of(settings.public_url)
    if is_loopback(host) or (own and not came_by_http(request, settings.trusted_proxies)):
        return
    raise NotAllowed(f"plain http from elsewhere; open {settings.public_url}", reason="plain_http")


def require_own_address(settings: Settings, request: web.Request) -> None:
    """NotAllowed for a page on which signing in could not work, so that it says so before anybody types."""
    require_https(settings, request)
    host, port = requested_origin(request)
    if not is_own(settings, format_origin(urlsplit(settings.public_url).scheme, host or "", port)):
        raise NotAllowed(f"the console is at {settings.public_url}", reason="origin")


def cross_origin(request: web.Request) -> dict[str, str]:
    """The headers that let a listed page read this answer, a refusal too: that origin by name, never `*`, and
    no cookies. A door lists whom it is for in request[READERS]."""
    if CORS_ORIGINS not in request:
        return {}
    readers: list[str] = request[CORS_ORIGINS]
    origin = request.headers.get("Origin", "")
    allowed = {"Access-Control-Allow-Origin": origin} if is_among(readers, origin) else {}
    return {"Vary": "Origin", **allowed}
