"""The site of a request: looked up by its key, and compared with the page that sent the request."""

from aiohttp import web

from chat.domain.people import sites
from chat.domain.refusals import NotAllowed, NotFound
from chat.store.rows import SiteRow
from chat.web.core.context import context_of
from chat.web.core.origins import is_listed, is_own_origin


async def find_site(request: web.Request, key: str) -> SiteRow | None:
    return await context_of(request).store.read(sites.site_by_key, key)


async def require_site(request: web.Request) -> SiteRow:
    """The site that the query names (`?site=KEY`); NotFound."""
    site = await find_site(request, request.query.get("site", ""))
    if site is None:
        raise NotFound("site")
    return site


def require_site_origin(request: web.Request, site: SiteRow) -> None:
    """NotAllowed if the request comes from a page that is neither ours nor one of the site's."""
    origin = request.headers.get("Origin")
    if origin and not is_own_origin(context_of(request).settings, origin) and not is_listed(site.origins, origin):
        raise NotAllowed("this site is not embedded from there", reason="origin")
