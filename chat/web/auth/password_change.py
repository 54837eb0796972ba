"""The page where an agent who is signed in changes their password; it works without script."""

from collections.abc import Mapping

from aiohttp import web

from chat import protocol
from chat.domain.people import sessions
from chat.store.rows import AgentRow
from chat.web.auth.login import agent_of, authenticate_within_limits, start_session
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of, translate
from chat.web.core.origins import require_https, require_own_address, require_own_origin
from chat.web.core.passwords import password_error
from chat.web.core.requests import read_form
from chat.web.core.responses import redirect, render

CONSOLE = "/console"
FIELDS = ("current", "password")


async def get_change(request: web.Request) -> web.Response:
    """The page where an agent changes their password; redirects to the console when nobody is signed in."""
    require_own_address(context_of(request).settings, request)
    agent = await agent_of(request)
    return render_page(request, agent, {}) if agent else redirect(CONSOLE)


async def post_change(request: web.Request) -> web.Response:
    """Change the password, end the agent's other sessions and redirect to the console. The page again with 422 for a
    wrong current password or a new one that is too short, too long or common; 429 after too many wrong ones."""
    context = context_of(request)
    require_own_origin(context.settings, request)
    require_https(context.settings, request)
    agent, form = await agent_of(request), await read_form(request)
    if agent is None:
        return redirect(CONSOLE)
    password = form.get("password", "")
    if error := password_error(password):
        return render_page(request, agent, {"password": error})
    if not await authenticate_within_limits(request, protocol.SignIn(agent.email, form.get("current", ""))):
        return render_page(request, agent, {"current": "wrong"})
    await context.store.write(sessions.change_password, agent.id, await context.passwords.hash_password(password))
    response = redirect(CONSOLE)
    await start_session(request, response, agent)
    return response


def render_page(request: web.Request, agent: AgentRow, errors: Mapping[str, str]) -> web.Response:
    language = language_of(request)
    values = {
        "action": f"/password?lang={language}",
        "errors": {
            field: translate(language, f"error.{field}.{errors[field]}") if field in errors else None
            for field in FIELDS
        },
        "first": next((field for field in FIELDS if field in errors), None),
        "email": agent.email,
        "console": CONSOLE,
    }
    return render(request, "change_password.html", values, 422 if errors else 200)
