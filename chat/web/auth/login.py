"""Signing in and out, and the session cookie."""

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
    """The hash of the session token in this request's cookie; None without a cookie."""
    token = request.cookies.get(cookie_name(settings))
    return hash_token(token) if token else None


async def agent_of(request: web.Request) -> AgentRow | None:
    """The agent who is signed in; None without a valid session, which this request uses."""
    context = context_of(request)
    session, now = session_of(context.settings, request), context.clock()
    agent = await context.store.read(sessions.agent_for_session, session, now) if session else None
    if session and agent:
        await context.store.write(sessions.record_use, [session], now)
    return agent


async def get_session(request: web.Request) -> web.Response:
    """The agent who is signed in; 401 if nobody is."""
    agent = await agent_of(request)
    return json_response(await signed_in_agent(context_of(request), agent)) if agent else unauthorized()


async def post_session(request: web.Request) -> web.Response:
    """Sign in and get the session cookie. 401 is the same, and takes as long, for an unknown address and for a wrong
    password; 429 after too many wrong passwords."""
    context = context_of(request)
    require_own_origin(context.settings, request)
    require_https(context.settings, request)
    credentials = await read_json(request, protocol.SignIn)
    agent = await authenticate_within_limits(request, credentials)
    if agent is None:
        return unauthorized()
    response = json_response(await signed_in_agent(context, agent))
    await start_session(request, response, agent)
    return response


async def authenticate(context: WebContext, credentials: protocol.SignIn) -> AgentRow | None:
    """The agent with this address and password, or None. A hash with outdated parameters is replaced."""
    found = await context.store.read(sessions.credentials, credentials.email)
    matches = await context.passwords.verify(found[1] if found else None, credentials.password)
    if found is None or not matches:
        return None
    agent_id, stored = found
    if context.passwords.is_outdated(stored):
        fresh = await context.passwords.hash_password(credentials.password)
        await context.store.write(sessions.set_password_hash, agent_id, fresh)
    return await context.store.read(agents.agent_by_key, agent_id)


async def authenticate_within_limits(request: web.Request, credentials: protocol.SignIn) -> AgentRow | None:
    """As `authenticate`. TooMany after too many failures for this account from this address, or for any account from
    this address.

    Nobody can lock an agent out from elsewhere. Each attempt counts before its password is checked, so that many at
    the same moment do not pass the limit together, and is taken back unless the password was wrong.
    """
    context, address = context_of(request), address_of(request)
    tries, window_s = context.settings.login_tries, context.settings.login_window_s
    account = f"sign in {text.normalize_email(credentials.email)} from {address}"
    limits = {account: tries, f"sign in from {address}": tries * context.settings.address_times}
    counted, is_wrong = list[str](), False
    try:
        for key, limit in limits.items():
            await require_rate(context, key, limit, window_s)
            counted.append(key)
        agent = await authenticate(context, credentials)
        is_wrong = agent is None
        return agent
    finally:
        for key in () if is_wrong else counted:
            await context.limits.release(key, window_s)


async def delete_session(request: web.Request) -> web.Response:
    """Sign out; 200 without a session too."""
    context = context_of(request)
    require_own_origin(context.settings, request)
    session = session_of(context.settings, request)
    if session:
        await context.store.write(sessions.close_session, session)
    response = json_response({"ok": True})
    response.del_cookie(cookie_name(context.settings), path="/", secure=context.settings.is_https, httponly=True)
    return response


async def start_session(request: web.Request, response: web.Response, agent: AgentRow) -> None:
    """Open a session and put its token in the response's cookie; the database stores only the hash. The session of the
    cookie that came with the request ends, because its token is lost to the browser."""
    context, token = context_of(request), new_token()
    replaced = session_of(context.settings, request)
    await context.store.write(sessions.open_session, agent.id, hash_token(token), context.clock(), replaced)
    response.set_cookie(
        cookie_name(context.settings),
        token,
        path="/",
        max_age=int(SESSION_LIFETIME.total_seconds()),
        secure=context.settings.is_https,
        httponly=True,
        samesite="Lax",
    )


async def signed_in_agent(context: WebContext, agent: AgentRow) -> protocol.SignInResponse:
    present_keys = await context.agent_presence.present() or frozenset()
    return protocol.SignInResponse(presenters.agent(agent, str(agent.id) in present_keys))


def unauthorized() -> web.Response:
    """401 with the code `not_allowed`: only this route answers so, hence no code of its own."""
    return json_response({"ok": False, "error": {"code": "not_allowed", "message": "nobody is signed in"}}, 401)
