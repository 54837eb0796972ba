"""The built files of widget and console, and the icon."""

from aiohttp import web

from chat.web.core.assets import FOREVER, HASHED
from chat.web.core.context import context_of


async def get_icon(request: web.Request) -> web.Response:
    """What browsers ask for by themselves where a page names no icon."""
    return context_of(request).assets.icon().answer(request, "public, max-age=86400")


async def get_static(request: web.Request) -> web.Response:
    """A built file, for a year when its name carries its hash."""
    path = request.match_info["path"]
    asset = context_of(request).assets.files.get(path)
    if asset is None:
        raise web.HTTPNotFound
    answer = asset.answer(request, FOREVER if HASHED.search(path) else "public, max-age=300")
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin" if path.startswith("widget/") else "same-origin"
    return answer
