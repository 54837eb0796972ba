"""The map of the HTTP doors: every route, and what all of them pass."""

from aiohttp import web

from chat.web import api, contact, first_password, health, identity, pages, ticket_page, widget
from chat.web.doors import DOORS, Doors
from chat.web.middleware import MIDDLEWARES

# In the order in which docs/protocol.md tells them.
ROUTES = (
    web.get("/", pages.get_home),
    web.get("/setup/{token}", first_password.get_setup),
    web.post("/api/setup", first_password.post_setup),
    web.get("/password/{token}", first_password.get_password),
    web.post("/password/{token}", first_password.post_password),
    web.get("/widget.js", widget.get_loader),
    web.get("/widget/frame", widget.get_frame),
    web.post("/api/tickets", api.post_ticket),
    web.options("/api/tickets", api.preflight),
    web.get("/contact", contact.get_contact),
    web.post("/contact", contact.post_contact),
    web.get("/t/{link}", ticket_page.get_ticket),
    web.post("/t/{link}", ticket_page.post_answer),
    web.get("/api/service", api.get_service),
    web.get("/api/session", identity.get_session),
    web.post("/api/session", identity.post_session),
    web.delete("/api/session", identity.delete_session),
    web.get("/console", pages.get_console),
    web.get("/console/{rest:.*}", pages.get_console),
    web.get("/favicon.ico", pages.get_icon),
    web.get("/static/{path:.+}", pages.get_static),
    web.get("/healthz", health.healthz),
    web.get("/readyz", health.readyz),
    web.get("/metrics", health.metrics),
)


def install(app: web.Application, doors: Doors) -> None:
    """Opens the doors of an app that is not yet running; the passwords' threads end with it."""
    app[DOORS] = doors
    app.middlewares.extend(MIDDLEWARES)
    app.router.add_routes(ROUTES)
    app.on_cleanup.append(close)


async def close(app: web.Application) -> None:
    app[DOORS].passwords.close()
