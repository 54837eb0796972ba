"""Guards: who asks, from where, and how often they may."""

import math

from aiohttp import web

from chat.domain.people import sites
from chat.domain.refusals import NotAllowed, NotFound, TooMany
from chat.store.rows import SiteRow
from chat.web.core.context import WebContext, context_of
from chat.web.core.origins import is_among, is_own
from chat.web.core.proxies import client_address

MINUTE_S = 60


async def site_of(request: web.Request, key: str | None = None) -> SiteRow:
    """The site that the address names (or the body: `key`); NotFound."""
    named = request.query.get("site", "") if key is None else key
    site = await context_of(request).store.read(sites.site_by_key, named)
    if site is None:
        raise NotFound("site")
    return site


def check_site(request: web.Request, site: SiteRow) -> None:
    """NotAllowed for a browser's page that is neither ours nor one of the site's."""
    origin = request.headers.get("Origin")
    if origin and not is_own(context_of(request).settings, origin) and not is_among(site.origins, origin):
        raise NotAllowed("this site is not embedded from there", reason="origin")


def address_of(request: web.Request) -> str:
    """Whom limits count: the client's address, or its IPv6 line."""
    return client_address(request, context_of(request).settings.trusted_proxies)


async def require_start_rate(request: web.Request, token_hash: str) -> None:
    """TooMany when this visitor, or the address with all its visitors, has begun enough for a minute."""
    context = context_of(request)
    each, wider = context.settings.visitor_starts, context.settings.address_times
    await require_rate(context, f"start {token_hash}", each, MINUTE_S)
    await require_rate(context, f"starts {address_of(request)}", each * wider, MINUTE_S)


async def require_message_rate(request: web.Request, visitor_id: int) -> None:
    """The same for what is said on a ticket's page."""
    context = context_of(request)
    each, wider = context.settings.visitor_commands, context.settings.address_times
    await require_rate(context, f"words {visitor_id}", each, MINUTE_S)
    await require_rate(context, f"words of {address_of(request)}", each * wider, MINUTE_S)


async def require_rate(context: WebContext, key: str, limit: int, window_s: float) -> None:
    """TooMany, with the whole seconds until the window ends."""
    left_s = await context.limits.try_acquire(key, limit, window_s)
    if left_s is not None:
        raise TooMany(max(1, math.ceil(left_s)))
