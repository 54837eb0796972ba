"""Reading a request's body, bounded in size and time."""

import asyncio
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from chat.domain.refusals import BadRequest

BODY_MAX = 64 * 1024


# Long enough for a phone in a tunnel, too short to be held open on purpose.
BODY_S = 30.0
T = TypeVar("T")


async def read_body(request: web.Request) -> bytes:
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


async def read_json(request: web.Request, shape: type[T]) -> T:
    """The body as a shape of the wire. NaN, lone surrogates, unknown fields and wrong types: BadRequest."""
    if request.content_type != "application/json":
        raise BadRequest("the body must be application/json")
    try:
        return msgspec.json.decode(await read_body(request), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(str(error)) from None


async def read_form(request: web.Request) -> dict[str, str]:
    """A form as a page without script sends it; of a field that comes twice, the first."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequest("the body must be a form")
    body = await read_body(request)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return dict(reversed(pairs))
