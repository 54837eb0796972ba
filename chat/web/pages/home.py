"""The home page: a demo shop with the widget until the owner adds a site."""

from aiohttp import web
from sqlalchemy import Connection

from chat.domain.people import sites
from chat.web.core.context import context_of
from chat.web.core.middleware import content_security_policy
from chat.web.core.responses import redirect, render

DEMO = "demo"


async def get_home(request: web.Request) -> web.Response:
    """The demo shop; once the owner has added a site, a redirect to the console."""
    if await context_of(request).store.read(has_own_site):
        return redirect("/console")
    public_url = context_of(request).settings.public_url
    response = render(request, "shop.html", {"public_url": public_url})
    response.headers["Content-Security-Policy"] = content_security_policy(frame_src=f"'self' {public_url}")
    return response


def has_own_site(sql: Connection) -> bool:
    return any(site.key != DEMO for site in sites.all_sites(sql))
