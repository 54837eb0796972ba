"""Who an agent is: signing in and out, and the cookie in between."""

from aiohttp import web

from chat import present, wire
from chat.desk import agents
from chat.desk.agents import SESSION
from chat.settings import Settings
from chat.store.rows import AgentRow
from chat.web.answers import json_of, told
from chat.web.doors import Doors, doors_of
from chat.web.guards import address_of, spend
from chat.web.origins import check_own, check_secure
from chat.web.tokens import hashed, new_token


def cookie_name(settings: Settings) -> str:
    """`__Host-` binds the cookie to https and to this very host; over http browsers refuse it."""
    return "__Host-guichet" if settings.secure else "guichet"


def session_of(settings: Settings, request: web.Request) -> str | None:
    """The hash of the session that this request's cookie names, None without one."""
    token = request.cookies.get(cookie_name(settings))
    return hashed(token) if token else None


async def agent_of(request: web.Request) -> AgentRow | None:
    """Who is signed in here."""
    doors = doors_of(request)
    session = session_of(doors.settings, request)
    return await doors.works.read(agents.by_session, session, doors.clock()) if session else None


async def get_session(request: web.Request) -> web.Response:
    """Who is signed in: 401 for nobody."""
    agent = await agent_of(request)
    return told(await signed_in(doors_of(request), agent)) if agent else nobody()


async def post_session(request: web.Request) -> web.Response:
    """Sign in. 401 says nothing about which of the two was wrong, and takes as long for either."""
    doors = doors_of(request)
    check_own(doors.settings, request)
    check_secure(doors.settings, request)
    tried = await json_of(request, wire.SignIn)
    await spend_try(request, tried.email)
    agent = await proven(doors, tried)
    if agent is None:
        return nobody()
    answer = told(await signed_in(doors, agent))
    await begin_session(doors, answer, agent)
    return answer


async def proven(doors: Doors, tried: wire.SignIn) -> AgentRow | None:
    """The agent whose password this is; a hash with weaker parameters than today's is made anew on the way."""
    found = await doors.works.read(agents.credentials, tried.email)
    fits = await doors.passwords.fits(found[1] if found else None, tried.password)
    if found is None or not fits:
        return None
    agent_id, stored = found
    if doors.passwords.is_outdated(stored):
        fresh = await doors.passwords.hashed(tried.password)
        await doors.works.run(agents.set_password_hash, agent_id, fresh)
    return await doors.works.read(agents.by_key, agent_id)


async def spend_try(request: web.Request, email: str) -> None:
    """TooMany after the tries of one account, wherever they came from, or of one address with all its people.

    The address's limit is wider, like every limit of an address: a whole office signs in from one.
    """
    doors = doors_of(request)
    tries, window_s = doors.settings.login_tries, doors.settings.login_window_s
    await spend(doors, f"sign in {agents.account(email)}", tries, window_s)
    await spend(doors, f"sign in from {address_of(request)}", tries * doors.settings.address_times, window_s)


async def delete_session(request: web.Request) -> web.Response:
    """Sign out; without a session it is done already."""
    doors = doors_of(request)
    check_own(doors.settings, request)
    session = session_of(doors.settings, request)
    if session:
        await doors.works.run(agents.close_session, session)
    answer = told({"ok": True})
    answer.del_cookie(cookie_name(doors.settings), path="/", secure=doors.settings.secure, httponly=True)
    return answer


async def begin_session(doors: Doors, answer: web.Response, agent: AgentRow) -> None:
    """A new session in the answer's cookie; only its hash is stored."""
    token = new_token()
    await doors.works.run(agents.open_session, agent.id, hashed(token), doors.clock())
    answer.set_cookie(
        cookie_name(doors.settings),
        token,
        path="/",
        max_age=int(SESSION.total_seconds()),
        secure=doors.settings.secure,
        httponly=True,
        samesite="Lax",
    )


async def signed_in(doors: Doors, agent: AgentRow) -> wire.SignedIn:
    present_keys = await doors.agents.present() or frozenset()
    return wire.SignedIn(present.agent(agent, str(agent.id) in present_keys))


def nobody() -> web.Response:
    """Not in wire.Code: no command is ever answered so, only this route."""
    return told({"ok": False, "error": {"code": "not_allowed", "message": "nobody is signed in"}}, 401)
