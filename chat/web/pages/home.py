"""The demo shop with the widget, while no site of one's own exists."""

from aiohttp import web
from sqlalchemy import Connection

from chat.domain.people import sites
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of
from chat.web.core.middleware import policy
from chat.web.core.responses import redirect, render

DEMO = "demo"


async def get_home(request: web.Request) -> web.Response:
    """The demo shop, until there is a site of one's own."""
    if await context_of(request).store.read(has_own_site):
        return redirect("/console")
    own = context_of(request).settings.public_url
    answer = render(request, "shop.html", {"public_url": own, "other": other_language(request)})
    answer.headers["Content-Security-Policy"] = policy(frame_src=f"'self' {own}")
    return answer


def has_own_site(sql: Connection) -> bool:
    return any(site.key != DEMO for site in sites.all_sites(sql))


def other_language(request: web.Request) -> str:
    return "en" if language_of(request) == "fr" else "fr"
