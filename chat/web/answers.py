"""Answers: how a request's body is read and how pages and JSON go out."""

import asyncio
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from chat import wire
from chat.desk.refusals import BadRequest
from chat.web.doors import doors_of
from chat.web.words import Language, language_of

BODY_MAX = 64 * 1024
# Long enough for a phone in a tunnel, too short to be held open on purpose.
BODY_S = 30.0
NO_STORE = {"Cache-Control": "no-store"}

T = TypeVar("T")


async def body_of(request: web.Request) -> bytes:
    """At most BODY_MAX bytes, however long the sender says it is, and within BODY_S."""
    try:
        async with asyncio.timeout(BODY_S):
            return await _read(request)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.RequestPayloadError:
        raise BadRequest("the body is not encoded as it says") from None


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > BODY_MAX:
            raise web.HTTPRequestEntityTooLarge(BODY_MAX, len(body))
    return bytes(body)


async def json_of(request: web.Request, shape: type[T]) -> T:
    """The body as a shape of the wire. NaN, lone surrogates, unknown fields and wrong types: BadRequest."""
    if request.content_type != "application/json":
        raise BadRequest("the body must be application/json")
    try:
        return msgspec.json.decode(await body_of(request), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(str(error)) from None


async def form_of(request: web.Request) -> dict[str, str]:
    """A form as a page without script sends it; of a field that comes twice, the first."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequest("the body must be a form")
    body = await body_of(request)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return dict(reversed(pairs))


def told(value: wire.Shape | Mapping[str, object], status: int = 200) -> web.Response:
    """A shape as JSON, never kept by anybody on the way."""
    plain = wire.plain(value) if isinstance(value, wire.Shape) else value
    body = msgspec.json.encode(plain)
    return web.Response(body=body, status=status, content_type="application/json", headers=NO_STORE)


def page(request: web.Request, name: str, values: Mapping[str, object], status: int = 200) -> web.Response:
    """A page in the reader's language; never stored unless its door says otherwise."""
    return page_in(request, language_of(request), name, values, status)


def page_in(
    request: web.Request, language: Language, name: str, values: Mapping[str, object], status: int = 200
) -> web.Response:
    text = doors_of(request).templates.render(name, language, values)
    headers = {**NO_STORE, "Content-Language": language, "Vary": "Accept-Language"}
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def see_other(where: str) -> web.Response:
    """After a POST, so that reloading the page sends nothing twice."""
    return web.Response(status=303, headers={"Location": where, **NO_STORE})
