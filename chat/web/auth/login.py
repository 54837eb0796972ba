"""Who an agent is: signing in and out, and the cookie in between."""

from aiohttp import web

from chat import presenters, protocol
from chat.domain import text
from chat.domain.people import sessions
from chat.domain.people.sessions import SESSION_LIFETIME
from chat.domain.queries import agents
from chat.settings import Settings
from chat.store.rows import AgentRow
from chat.web.auth.tokens import hash_token, new_token
from chat.web.core.context import WebContext, context_of
from chat.web.core.origins import require_https, require_own_origin
from chat.web.core.rate_limits import address_of, require_rate
from chat.web.core.requests import read_json
from chat.web.core.responses import json_response


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to https and to this very host; over http browsers refuse it."""
    return "__Host-guichet" if settings.is_https else "guichet"


def session_of(settings: Settings, request: web.Request) -> str | None:
    """The hash of the session that this request's cookie names, None without one."""
    token = request.cookies.get(cookie_name(settings))
    return hash_token(token) if token else None


async def agent_of(request: web.Request) -> AgentRow | None:
    """Who is signed in here."""
    context = context_of(request)
    session = session_of(context.settings, request)
    return await context.store.read(sessions.agent_for_session, session, context.clock()) if session else None


async def get_session(request: web.Request) -> web.Response:
    """Who is signed in: 401 for nobody."""
    agent = await agent_of(request)
    return json_response(await signed_in(context_of(request), agent)) if agent else unauthorized()


async def post_session(request: web.Request) -> web.Response:
    """Sign in. 401 says nothing about which of the two was wrong, and takes as long for either."""
    context = context_of(request)
    require_own_origin(context.settings, request)
    require_https(context.settings, request)
    tried = await read_json(request, protocol.SignIn)
    await count_attempt(request, tried.email)
    agent = await authenticate(context, tried)
    if agent is None:
        return unauthorized()
    answer = json_response(await signed_in(context, agent))
    await start_session(context, answer, agent)
    return answer


async def authenticate(context: WebContext, tried: protocol.SignIn) -> AgentRow | None:
    """The agent whose password this is; a hash with weaker parameters than today's is made anew on the way."""
    found = await context.store.read(sessions.credentials, tried.email)
    fits = await context.passwords.verify(found[1] if found else None, tried.password)
    if found is None or not fits:
        return None
    agent_id, stored = found
    if context.passwords.is_outdated(stored):
        fresh = await context.passwords.hash_password(tried.password)
        await context.store.write(sessions.set_password_hash, agent_id, fresh)
    return await context.store.read(agents.agent_by_key, agent_id)


async def count_attempt(request: web.Request, email: str) -> None:
    """TooMany after the tries of one account, wherever they came from, or of one address with all its people.

    The address's limit is wider, like every limit of an address: a whole office signs in from one.
    """
    context = context_of(request)
    tries, window_s = context.settings.login_tries, context.settings.login_window_s
    await require_rate(context, f"sign in {text.normalize_email(email)}", tries, window_s)
    await require_rate(context, f"sign in from {address_of(request)}", tries * context.settings.address_times, window_s)


async def delete_session(request: web.Request) -> web.Response:
    """Sign out; without a session it is done already."""
    context = context_of(request)
    require_own_origin(context.settings, request)
    session = session_of(context.settings, request)
    if session:
        await context.store.write(sessions.close_session, session)
    answer = json_response({"ok": True})
    answer.del_cookie(cookie_name(context.settings), path="/", secure=context.settings.is_https, httponly=True)
    return answer


async def start_session(context: WebContext, answer: web.Response, agent: AgentRow) -> None:
    """A new session in the answer's cookie; only its hash is stored."""
    token = new_token()
    await context.store.write(sessions.open_session, agent.id, hash_token(token), context.clock())
    answer.set_cookie(
        cookie_name(context.settings),
        token,
        path="/",
        max_age=int(SESSION_LIFETIME.total_seconds()),
        secure=context.settings.is_https,
        httponly=True,
        samesite="Lax",
    )


async def signed_in(context: WebContext, agent: AgentRow) -> protocol.SignInResponse:
    present_keys = await context.agent_presence.present() or frozenset()
    return protocol.SignInResponse(presenters.agent(agent, str(agent.id) in present_keys))


def unauthorized() -> web.Response:
    """Not in wire.Code: no command is ever answered so, only this route."""
    return json_response({"ok": False, "error": {"code": "not_allowed", "message": "nobody is signed in"}}, 401)
