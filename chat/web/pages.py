"""The pages that hold an application: the demo shop with the widget, the console, and the built files."""

from aiohttp import web
from sqlalchemy import Connection

from chat.desk import sites
from chat.web.answers import page, see_other
from chat.web.assets import FOREVER, HASHED
from chat.web.doors import doors_of
from chat.web.middleware import policy
from chat.web.origins import check_place
from chat.web.words import language_of

DEMO = "demo"


async def get_home(request: web.Request) -> web.Response:
    """The demo shop, until there is a site of one's own."""
    if await doors_of(request).works.read(has_own_site):
        return see_other("/console")
    own = doors_of(request).settings.public_url
    answer = page(request, "shop.html", {"public_url": own, "other": other_language(request)})
    answer.headers["Content-Security-Policy"] = policy(frame_src=f"'self' {own}")
    return answer


def has_own_site(sql: Connection) -> bool:
    return any(site.key != DEMO for site in sites.all_sites(sql))


def other_language(request: web.Request) -> str:
    return "en" if language_of(request) == "fr" else "fr"


async def get_console(request: web.Request) -> web.Response:
    """One page for all addresses under /console: the script reads the address itself."""
    doors = doors_of(request)
    check_place(doors.settings, request)
    answer = page(request, "console.html", doors.assets.entry("console")._asdict())
    sockets = doors.settings.public_url.replace("http", "ws", 1)
    answer.headers["Content-Security-Policy"] = policy(connect_src=f"'self' {sockets}")
    return answer


async def get_icon(request: web.Request) -> web.Response:
    """What browsers ask for by themselves where a page names no icon."""
    return doors_of(request).assets.icon().answer(request, "public, max-age=86400")


async def get_static(request: web.Request) -> web.Response:
    """A built file, for a year when its name carries its hash."""
    path = request.match_info["path"]
    asset = doors_of(request).assets.files.get(path)
    if asset is None:
        raise web.HTTPNotFound
    answer = asset.answer(request, FOREVER if HASHED.search(path) else "public, max-age=300")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if path.startswith("widget/") else "same-origin"
    return answer
