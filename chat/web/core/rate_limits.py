"""Rate limits of HTTP requests, per visitor and per client address."""

import math

from aiohttp import web

from chat.domain.refusals import TooMany
from chat.web.core.context import WebContext, context_of
from chat.web.core.proxies import client_address

MINUTE_S = 60
PAGES_S = 10


def address_of(request: web.Request) -> str:
    """The address that limits count: the client's, for IPv6 its /64 network."""
    return client_address(request, context_of(request).settings.trusted_proxies)


async def require_start_rate(request: web.Request, token_hash: str) -> None:
    """TooMany if this visitor, or all visitors of this address, have begun too many tickets within a minute."""
    context = context_of(request)
    limit, factor = context.settings.visitor_starts, context.settings.address_times
    # The visitors' sockets count their chats under the same two keys.
    await require_rate(context, f"start {token_hash}", limit, MINUTE_S)
    await require_rate(context, f"starts {address_of(request)}", limit * factor, MINUTE_S)


async def require_message_rate(request: web.Request, visitor_id: int) -> None:
    """TooMany if this visitor, or all visitors of this address, have sent too many messages within a minute."""
    context = context_of(request)
    limit, factor = context.settings.visitor_commands, context.settings.address_times
    await require_rate(context, f"messages {visitor_id}", limit, MINUTE_S)
    await require_rate(context, f"messages from {address_of(request)}", limit * factor, MINUTE_S)


async def require_page_rate(request: web.Request) -> None:
    """TooMany if this address has opened too many ticket pages: one may have three megabytes."""
    context = context_of(request)
    await require_rate(context, f"ticket pages {address_of(request)}", context.settings.visitor_commands, PAGES_S)


async def require_rate(context: WebContext, key: str, limit: int, window_s: float) -> None:
    """TooMany, with the whole seconds until the window ends."""
    left_s = await context.limits.try_acquire(key, limit, window_s)
    if left_s is not None:
        raise TooMany(max(1, math.ceil(left_s)))
