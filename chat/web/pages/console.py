"""The pages that hold an application: the demo shop with the widget, the console, and the built files."""

from aiohttp import web

from chat.web.core.context import context_of
from chat.web.core.middleware import policy
from chat.web.core.origins import require_own_address
from chat.web.core.responses import render


async def get_console(request: web.Request) -> web.Response:
    """One page for all addresses under /console: the script reads the address itself."""
    context = context_of(request)
    require_own_address(context.settings, request)
    answer = render(request, "console.html", context.assets.entry("console")._asdict())
    sockets = context.settings.public_url.replace("http", "ws", 1)
    answer.headers["Content-Security-Policy"] = policy(connect_src=f"'self' {sockets}")
    return answer
