"""The page of the agents' console."""

from aiohttp import web

from chat.web.core.context import context_of
from chat.web.core.middleware import content_security_policy
from chat.web.core.origins import require_own_address
from chat.web.core.responses import render


async def get_console(request: web.Request) -> web.Response:
    """The console: the same page at every path under /console, whose script reads the path."""
    context = context_of(request)
    require_own_address(context.settings, request)
    response = render(request, "console.html", context.assets.entry_point("console")._asdict())
    sockets = context.settings.public_url.replace("http", "ws", 1)
    response.headers["Content-Security-Policy"] = content_security_policy(connect_src=f"'self' {sockets}")
    return response
