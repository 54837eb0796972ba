"""What every request passes: a log line without secrets, headers that forbid, and refusals said once."""

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
from chat.web.core.origins import cross_origin
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
# What opens something must not stand in a log.
SECRET_PATHS = re.compile(r"(/(?:t|setup|password)/).*", re.IGNORECASE | re.DOTALL)
SOCKETS = "/socket.io/"
SWITCHED = 101

REQUESTS = Counter("guichet_http_requests", "Requests by route and status", ["route", "status"])
SECONDS = Histogram("guichet_http_seconds", "Seconds to an answer by route", ["route"])

log = structlog.get_logger("guichet.http")


@web.middleware
async def request_logging(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line a request, with an id that the answer and every line logged on the way carry too."""
    request_id = f"{random.getrandbits(64):016x}"
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=request_id)
    began = time.perf_counter()
    answer = await handler(request)
    seconds = time.perf_counter() - began
    if not answer.prepared:
        answer.headers["X-Request-Id"] = request_id
    route = route_of(request)
    REQUESTS.labels(route, answer.status).inc()
    if not answer.prepared:  # a socket is answered for as long as it lives
        SECONDS.labels(route).observe(seconds)
    if answer.status == SWITCHED:  # a thousand sockets that come back at once are no news
        return answer
    log.info(
        "request",
        method=request.method,
        path=loggable_path(request.path),
        status=answer.status,
        ms=round(seconds * 1e3),
    )
    return answer


def loggable_path(path: str) -> str:
    """The path without what it opens; queries are never logged."""
    return SECRET_PATHS.sub(r"\1…", path)


def route_of(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The headers that every answer carries; a door that needs to be laxer has set its own already."""
    answer = await handler(request)
    if not answer.prepared:
        for name, value in (headers(request) | cross_origin(request)).items():
            answer.headers.setdefault(name, value)
        # Its default tells everybody the versions that run here.
        answer.headers.setdefault("Server", "Guichet")
    return answer


def headers(request: web.Request) -> dict[str, str]:
    secure = context_of(request).settings.is_https
    always = {
        "Content-Security-Policy": policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
    return always | ({"Strict-Transport-Security": "max-age=31536000"} if secure else {})


def policy(ancestors: str = "'none'", **more: str) -> str:
    """Nothing inline, nothing from elsewhere. `more` widens a directive by its name with underscores."""
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
    """The one place where HTTP catches refusals: JSON for those who ask for it, a page in words for people."""
    try:
        return await handler(request)
    except Refused as refusal:
        return refusal_answer(request, refusal)
    except Unavailable:
        return refusal_answer(request, ServiceUnavailable("the database can't be reached"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_response(request, error.status, CODES.get(error.status, "bad_request"), error.reason)
    except Exception as error:  # noqa: BLE001
        # The last net: whoever waits is told something. Its own words stay away: they may quote a visitor's.
        where = "".join(format_tb(error.__traceback__))
        log.error("failed", error=type(error).__name__, where=where)  # noqa: TRY400
        return error_response(request, 500, "unknown", "something went wrong on our side")


class ServiceUnavailable(Refused):
    """The database's own refusal, put among the others."""

    code = "unavailable"


def refusal_answer(request: web.Request, refusal: Refused) -> web.Response:
    status = STATUSES[refusal.code]
    seconds = refusal.retry_after if isinstance(refusal, TooMany) else 0
    if wants_json(request):
        answer = json_response(presenters.refusal(refusal), status)
    elif refusal.reason in ("plain_http", "origin") and request.method == "GET":
        answer = wrong_address_page(request, refusal.reason)
    else:
        answer = error_page(request, status, refusal.code, seconds)
    if seconds:
        answer.headers["Retry-After"] = str(math.ceil(seconds))
    return answer


def error_response(request: web.Request, status: int, code: str, message: str) -> web.Response:
    if wants_json(request):
        error = {"code": "unavailable" if code == "unknown" else code, "message": message}
        return json_response({"ok": False, "error": error}, status)
    return error_page(request, status, code)


def wants_json(request: web.Request) -> bool:
    accepted = request.headers.get("Accept", "")
    return request.path.startswith(("/api/", SOCKETS)) and not accepted.startswith("text/html")


def error_page(request: web.Request, status: int, code: str, seconds: int = 0) -> web.Response:
    """A refusal as a page."""
    language = language_of(request)
    key = f"refused.{code if code in ('conflict', 'not_allowed', 'not_found', 'too_many') else kind(status)}"
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    values = {
        "title": translate(language, f"{key}.title"),
        "text": translate(language, f"{key}.text", seconds=seconds, request_id=request_id),
        "link": None,
        "more": None,
    }
    return render(request, "refused.html", values, status)


def kind(status: int) -> str:
    return "unavailable" if status == 503 else "unknown" if status >= 500 else "bad_request"


def wrong_address_page(request: web.Request, reason: str) -> web.Response:
    """What is wrong with an address at which nobody could sign in, where to go instead, and how to mend it."""
    language, address = language_of(request), context_of(request).settings.public_url
    values = {
        "title": translate(language, f"{reason}.title"),
        "text": translate(language, f"{reason}.text"),
        "link": f"{address}/console",
        "link_text": f"{address}/console",
        "more": translate(language, f"{reason}.how"),
    }
    return render(request, "refused.html", values, 403)


MIDDLEWARES: tuple[Middleware, ...] = (request_logging, security_headers, error_handler)
