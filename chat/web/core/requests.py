"""Reads a request's body, with a limit on its size and on the time that it takes."""

import asyncio
import json
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from chat.domain.refusals import BadRequest
from chat.lenient_json import loads_lenient
from chat.protocol.hints import HINTS, convert_with_hints

MAX_BODY_BYTES = 64 * 1024
# Long enough for a phone on a bad connection, too short for clients that hold requests open on purpose.
BODY_TIMEOUT_S = 30.0
T = TypeVar("T", bound=msgspec.Struct)


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
    """The JSON body as a protocol shape. NaN, unknown fields and wrong types: BadRequest. Hints are cut or dropped."""
    if request.content_type != "application/json":
        raise BadRequest("the body must be application/json")
    body = await read_body(request)
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # the hints may be at fault
    try:
        return convert_with_hints(require_well_formed(loads_lenient(body.decode(), HINTS)), shape)
    except ValueError as error:
        raise BadRequest(str(error)) from None


def require_well_formed(value: object) -> object:
    """The value. Raises ValueError for half a surrogate pair in it."""
    json.dumps(value, ensure_ascii=False).encode()
    return value


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
