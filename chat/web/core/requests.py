"""Reads a request's body, with a limit on its size and on the time that it takes."""

import asyncio
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from chat.domain.refusals import BadRequest

MAX_BODY_BYTES = 64 * 1024
# Long enough for a phone on a bad connection, too short for clients that hold requests open on purpose.
BODY_TIMEOUT_S = 30.0
T = TypeVar("T")


async def read_body(request: web.Request) -> bytes:
    """The body. 413 above MAX_BODY_BYTES, whatever Content-Length says; 408 after BODY_TIMEOUT_S."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await _read(request)
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    except web.RequestPayloadError:
        raise BadRequest("the body does not have the encoding that its headers name") from None


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(body))
    return bytes(body)


async def read_json(request: web.Request, shape: type[T]) -> T:
    """The JSON body as a protocol shape. NaN, lone surrogates, unknown fields and wrong types: BadRequest."""
    if request.content_type != "application/json":
        raise BadRequest("the body must be application/json")
    try:
        return msgspec.json.decode(await read_body(request), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRequest(str(error)) from None


async def read_form(request: web.Request) -> dict[str, str]:
    """The body of an HTML form; if a field comes twice, its first value."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise BadRequest("the body must be a form")
    body = await read_body(request)
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    return dict(reversed(pairs))
