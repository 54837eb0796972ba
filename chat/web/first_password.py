"""One-time links: the owner's first password, and an agent's new one."""

from collections.abc import Callable, Mapping

from aiohttp import web

from chat import wire
from chat.desk import agents, tickets
from chat.desk.agents import NewAgent
from chat.desk.refusals import Conflict, NotAllowed, NotFound, Refused
from chat.desk.words import clean
from chat.store.rows import AgentRow
from chat.web.answers import form_of, json_of, page, see_other, told
from chat.web.doors import doors_of
from chat.web.guards import address_of, spend
from chat.web.identity import begin_session, signed_in
from chat.web.origins import check_own, check_place, check_secure
from chat.web.passwords import LONGEST, SHORTEST
from chat.web.tokens import hashed
from chat.web.words import Language, language_of, say

CONSOLE = "/console"
FIELDS = ("name", "email", "password")


class Owner(wire.Command):
    """What the first page asks; short texts are named by field like every form's."""

    token: str
    name: str = ""
    email: str = ""
    password: str = ""


async def get_setup(request: web.Request) -> web.Response:
    """The owner's page, while there is nobody who administers this server."""
    return await get_link(request, "setup")


async def get_password(request: web.Request) -> web.Response:
    """An agent's page, once, within two days."""
    return await get_link(request, "password")


async def get_link(request: web.Request, kind: str) -> web.Response:
    doors = doors_of(request)
    check_place(doors.settings, request)
    token = request.match_info["token"]
    try:
        holder = await doors.works.read(agents.link_holder, hashed(token), doors.clock())
    except NotFound:
        return used_up(request)
    return used_up(request) if (holder is None) != (kind == "setup") else shown(request, kind, token, {}, {})


async def post_setup(request: web.Request) -> web.Response:
    """Make the owner an administrator, sign them in, and on to the console. Takes JSON as well."""
    doors, owner = doors_of(request), await owner_of(request)
    errors = errors_of(owner)
    if errors:
        return again(request, owner, errors)
    try:
        agent = await made_owner(request, owner)
    except (NotFound, NotAllowed):
        return used_up(request)
    except Conflict:
        return again(request, owner, {"email": "taken"})
    answer = told(await signed_in(doors, agent), 201) if is_json(request) else see_other(CONSOLE)
    await begin_session(doors, answer, agent)
    return answer


async def owner_of(request: web.Request) -> Owner:
    """The body, once it is known to come from our own page and by a safe way."""
    settings = doors_of(request).settings
    check_own(settings, request)
    check_secure(settings, request)
    if is_json(request):
        return await json_of(request, Owner)
    typed = await form_of(request)
    return Owner(**{name: typed.get(name, "") for name in Owner.__struct_fields__})


async def made_owner(request: web.Request, owner: Owner) -> AgentRow:
    """The link is looked at first: nobody without one may keep the hashing threads busy."""
    doors = doors_of(request)
    await spend(doors, f"setup from {address_of(request)}", doors.settings.login_tries, 60)
    link = hashed(owner.token)
    await doors.works.read(agents.link_holder, link, doors.clock())
    stored = await doors.passwords.hashed(owner.password)
    new = NewAgent(owner.email, owner.name, role="admin", password_hash=stored)
    return await doors.works.run(agents.set_up_owner, link, new, doors.clock())


async def post_password(request: web.Request) -> web.Response:
    """Set an agent's password and sign them in; their other sessions end."""
    doors, token = doors_of(request), request.match_info["token"]
    check_own(doors.settings, request)
    check_secure(doors.settings, request)
    typed = await form_of(request)
    if error := password_error(typed.get("password", "")):
        return shown(request, "password", token, {}, {"password": error})
    await spend(doors, f"setup from {address_of(request)}", doors.settings.login_tries, 60)
    try:
        await doors.works.read(agents.link_holder, hashed(token), doors.clock())
        stored = await doors.passwords.hashed(typed["password"])
        agent = await doors.works.run(agents.use_link, hashed(token), stored, doors.clock())
    except NotFound:
        return used_up(request)
    answer = see_other(CONSOLE)
    await begin_session(doors, answer, agent)
    return answer


def is_json(request: web.Request) -> bool:
    return request.content_type == "application/json"


def errors_of(owner: Owner) -> dict[str, str]:
    """Every bad field with its code."""
    errors = {
        "name": code_of(lambda: tickets.clean_name(owner.name) or clean(owner.name)),
        "email": code_of(lambda: tickets.clean_email(owner.email) if owner.email.strip() else clean("")),
        "password": password_error(owner.password),
    }
    return {field: code for field, code in errors.items() if code}


def code_of(check: Callable[[], object]) -> str | None:
    try:
        check()
    except Refused as refusal:
        return refusal.code
    return None


def password_error(password: str) -> str | None:
    """Length is what counts: no rules about signs, which only make people write passwords down."""
    if len(password) < SHORTEST:
        return "too_short"
    return "too_long" if len(password) > LONGEST else None


def again(request: web.Request, owner: Owner, errors: Mapping[str, str]) -> web.Response:
    if is_json(request):
        return told({"errors": errors}, 422)
    return shown(request, "setup", owner.token, {"name": owner.name, "email": owner.email}, errors)


def shown(
    request: web.Request, kind: str, token: str, typed: Mapping[str, str], errors: Mapping[str, str]
) -> web.Response:
    """The page; a password is never sent back."""
    language = language_of(request)
    values = {
        "kind": kind,
        "token": token,
        "action": f"/api/setup?lang={language}" if kind == "setup" else f"/password/{token}?lang={language}",
        "values": {"name": typed.get("name", ""), "email": typed.get("email", "")},
        "errors": {field: in_words(language, field, errors) for field in FIELDS},
        "first": next((field for field in FIELDS if field in errors), None),
    }
    return page(request, "setup.html", values, 422 if errors else 200)


def in_words(language: Language, field: str, errors: Mapping[str, str]) -> str | None:
    return say(language, f"error.{field}.{errors[field]}") if field in errors else None


def used_up(request: web.Request) -> web.Response:
    """A link that has done its work: 404, with the way to the console."""
    if is_json(request):
        raise NotFound("link")
    language = language_of(request)
    values = {
        "title": say(language, "link.used.title"),
        "text": say(language, "link.used.text"),
        "link": CONSOLE,
        "link_text": say(language, "link.used.console"),
        "more": None,
    }
    return page(request, "refused.html", values, 404)
