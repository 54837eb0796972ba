"""The built files of widget and console, the stylesheets of the pages, and the icon."""

from aiohttp import web

from chat.web.core.assets import CACHE_FOREVER, HASHED_NAME
from chat.web.core.context import context_of


async def get_icon(request: web.Request) -> web.Response:
    """The icon, which browsers request when a page names none."""
    return context_of(request).assets.icon().respond(request, "public, max-age=86400")


async def get_static(request: web.Request) -> web.Response:
    """A built file or stylesheet; caches may store it for a year if its name has its hash, else for five minutes."""
    path = request.match_info["path"]
    asset = context_of(request).assets.files.get(path)
    if asset is None:
        raise web.HTTPNotFound
    response = asset.respond(request, CACHE_FOREVER if HASHED_NAME.search(path) else "public, max-age=300")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if path.startswith("widget/") else "same-origin"
    return response
