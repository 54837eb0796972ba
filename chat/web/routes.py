"""The one list of HTTP routes, and how they are added to an application."""

from aiohttp import web

from chat.web.api import health, visitor
from chat.web.api.console import calendar
from chat.web.auth import login, password_change, password_setup
from chat.web.core.context import WEB_CONTEXT, WebContext
from chat.web.core.middleware import MIDDLEWARES
from chat.web.pages import console, contact_form, home, static_files, ticket_page, widget

# docs/protocol.md lists them in this order, each with its handler's docstring.
ROUTES = (
    web.get("/", home.get_home),
    web.get("/setup/{token}", password_setup.get_setup),
    web.post("/api/setup", password_setup.post_setup),
    web.get("/password/{token}", password_setup.get_password),
    web.post("/password/{token}", password_setup.post_password),
    web.get("/password", password_change.get_change),
    web.post("/password", password_change.post_change),
    web.get("/widget.js", widget.get_loader),
    web.get("/widget/frame", widget.get_frame),
    web.post("/api/tickets", visitor.post_ticket),
    web.options("/api/tickets", visitor.preflight),
    web.get("/contact", contact_form.get_contact),
    web.post("/contact", contact_form.post_contact),
    web.get("/t/{link}", ticket_page.get_ticket),
    web.post("/t/{link}", ticket_page.post_answer),
    web.get("/api/service", visitor.get_service),
    web.get("/api/session", login.get_session),
    web.post("/api/session", login.post_session),
    web.delete("/api/session", login.delete_session),
    web.post("/api/console/calendar/opening", calendar.post_opening),
    web.delete("/api/console/calendar/opening", calendar.delete_opening),
    web.get("/console", console.get_console),
    web.get("/console/{rest:.*}", console.get_console),
    web.get("/favicon.ico", static_files.get_icon),
    web.get("/static/{path:.+}", static_files.get_static),
    web.get("/healthz", health.healthz),
    web.get("/readyz", health.readyz),
    web.get("/metrics", health.metrics),
)


def install(app: web.Application, context: WebContext) -> None:
    """Add routes and middlewares to an app that is not running yet; its cleanup stops the password threads."""
    app[WEB_CONTEXT] = context
    app.middlewares.extend(MIDDLEWARES)
    app.router.add_routes(ROUTES)
    app.on_cleanup.append(close)


async def close(app: web.Application) -> None:
    app[WEB_CONTEXT].passwords.close()
