"""Responses: JSON, pages and redirects."""

from collections.abc import Mapping

import msgspec
from aiohttp import web

from chat import protocol
from chat.vocabulary import Locale
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of

NO_STORE = {"Cache-Control": "no-store"}


def json_response(value: protocol.Shape | Mapping[str, object], status: int = 200) -> web.Response:
    """A shape as JSON, which no cache may store."""
    plain = protocol.to_plain(value) if isinstance(value, protocol.Shape) else value
    body = msgspec.json.encode(plain)
    return web.Response(body=body, status=status, content_type="application/json", headers=NO_STORE)


def render(request: web.Request, name: str, values: Mapping[str, object], status: int = 200) -> web.Response:
    """A page in the language of the request. No cache may store it unless the handler changes the header."""
    return render_in(request, language_of(request), name, values, status)


def render_in(
    request: web.Request, language: Locale, name: str, values: Mapping[str, object], status: int = 200
) -> web.Response:
    text = context_of(request).templates.render(name, language, values)
    headers = {**NO_STORE, "Content-Language": language, "Vary": "Accept-Language"}
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def redirect(location: str) -> web.Response:
    """303: after a POST, so that reloading the page sends nothing twice."""
    return web.Response(status=303, headers={"Location": location, **NO_STORE})
