"""The middlewares of every request: a log line without secrets, security headers, and error responses."""

import math
import random
import re
import time
from traceback import format_tb

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import Counter, Histogram

from chat import presenters
from chat.domain.refusals import Refused, TooMany
from chat.store.transaction import Unavailable
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of, translate
from chat.web.core.origins import cors_headers
from chat.web.core.responses import json_response, render

STATUSES = {
    "bad_request": 400,
    "empty": 400,
    "too_long": 400,
    "not_allowed": 403,
    "not_found": 404,
    "conflict": 409,
    "form_instead": 409,
    "ticket_ended": 409,
    "too_many": 429,
    "unavailable": 503,
}
CODES = {400: "bad_request", 403: "not_allowed", 404: "not_found", 405: "bad_request", 413: "bad_request"}
# The rest of these paths is a secret link, which no log may have.
SECRET_PATHS = re.compile(r"(/(?:t|setup|password)/).*", re.IGNORECASE | re.DOTALL)
SOCKET_PATH = "/socket.io/"
SWITCHING_PROTOCOLS = 101

REQUESTS = Counter("guichet_http_requests", "Requests by route and status", ["route", "status"])
SECONDS = Histogram("guichet_http_seconds", "Seconds to a response by route", ["route"])

log = structlog.get_logger("guichet.http")


@web.middleware
async def request_logging(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log one line per request. Its id is also in the response's headers and in every line logged meanwhile."""
    request_id = f"{random.getrandbits(64):016x}"
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    started_at = time.perf_counter()
    response = await handler(request)
    seconds = time.perf_counter() - started_at
    if not response.prepared:
        response.headers["X-Request-Id"] = request_id
    route = route_of(request)
    REQUESTS.labels(route, response.status).inc()
    if not response.prepared:  # the response of a WebSocket lasts as long as its connection
        SECONDS.labels(route).observe(seconds)
    if response.status == SWITCHING_PROTOCOLS:  # a thousand sockets that reconnect would flood the log
        return response
    log.info(
        "request",
        method=request.method,
        path=loggable_path(request.path),
        status=response.status,
        ms=round(seconds * 1e3),
    )
    return response


def loggable_path(path: str) -> str:
    """The path without its secret link; queries are never logged."""
    return SECRET_PATHS.sub(r"\1…", path)


def route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set the headers of every response; a handler that needs a laxer value has set its own already."""
    response = await handler(request)
    if not response.prepared:
        for name, value in (default_headers(request) | cors_headers(request)).items():
            response.headers.setdefault(name, value)
        # aiohttp's default names the versions of aiohttp and Python.
        response.headers.setdefault("Server", "Guichet")
    return response


def default_headers(request: web.Request) -> dict[str, str]:
    secure = context_of(request).settings.is_https
    always = {
        "Content-Security-Policy": content_security_policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
    return always | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})


def content_security_policy(ancestors: str = "'none'", **more: str) -> str:
    """No inline code and nothing from other hosts. `more` replaces a directive, named with underscores."""
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
        "frame-ancestors": ancestors,
    }
    directives |= {name.replace("_", "-"): sources for name, sources in more.items()}
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


@web.middleware
async def error_handler(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The one place where HTTP catches refusals: JSON for clients, a page for people."""
    try:
        return await handler(request)
    except Refused as refusal:
        return refusal_response(request, refusal)
    except Unavailable:
        return refusal_response(request, ServiceUnavailable("the database does not answer"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_response(request, error.status, CODES.get(error.status, "bad_request"), error.reason)
    except Exception as error:  # noqa: BLE001
        # The client gets a response. Neither it nor the log has the exception's message, which may quote a visitor.
        where = "".join(format_tb(error.__traceback__))
        log.error("failed", error=type(error).__name__, where=where)  # noqa: TRY400
        return error_response(request, 500, "unknown", "something went wrong on our side")


class ServiceUnavailable(Refused):
    """The store's Unavailable as a Refused, so that it gets the same kind of response."""

    code = "unavailable"


def refusal_response(request: web.Request, refusal: Refused) -> web.Response:
    status = STATUSES[refusal.code]
    seconds = refusal.retry_after if isinstance(refusal, TooMany) else 0
    if wants_json(request):
        response = json_response(presenters.refusal(refusal), status)
    elif refusal.reason in ("plain_http", "origin") and request.method == "GET":
        response = wrong_address_page(request, refusal.reason)
    else:
        response = error_page(request, status, refusal.code, seconds)
    if seconds:
        response.headers["Retry-After"] = str(math.ceil(seconds))
    return response


def error_response(request: web.Request, status: int, code: str, message: str) -> web.Response:
    if wants_json(request):
        error = {"code": "unavailable" if code == "unknown" else code, "message": message}
        return json_response({"ok": False, "error": error}, status)
    return error_page(request, status, code)


def wants_json(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return request.path.startswith(("/api/", SOCKET_PATH)) and not accepted.startswith("text/html")


def error_page(request: web.Request, status: int, code: str, seconds: int = 0) -> web.Response:
    """A refusal as a page."""
    language = language_of(request)
    key = f"refused.{code if code in ('conflict', 'not_allowed', 'not_found', 'too_many') else page_kind(status)}"
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    values = {
        "title": translate(language, f"{key}.title"),
        "text": translate(language, f"{key}.text", seconds=seconds, request_id=request_id),
        "link": None,
        "more": None,
    }
    return render(request, "refused.html", values, status)


def page_kind(status: int) -> str:
    if status == web.HTTPRequestEntityTooLarge.status_code:
        return "too_long"
    return "unavailable" if status == 503 else "unknown" if status >= 500 else "bad_request"


def wrong_address_page(request: web.Request, reason: str) -> web.Response:
    """A page for an address where nobody can sign in: what is wrong, where to go, and how to correct it."""
    language, address = language_of(request), context_of(request).settings.public_url
    values = {
        "title": translate(language, f"{reason}.title"),
        "text": translate(language, f"{reason}.text"),
        "link": f"{address}/console",
        "link_text": f"{address}/console",
        "more": translate(language, f"{reason}.how", host=request.host[:100]),
    }
    return render(request, "refused.html", values, 403)


MIDDLEWARES: tuple[Middleware, ...] = (request_logging, security_headers, error_handler)
