"""One-time links: the owner's first password, and an agent's new one."""

from collections.abc import Callable, Mapping

from aiohttp import web

from chat import protocol
from chat.domain import text
from chat.domain.people import password_links
from chat.domain.people.agents import NewAgent
from chat.domain.refusals import Conflict, NotAllowed, NotFound, Refused
from chat.domain.text import clean_text
from chat.store.rows import AgentRow
from chat.vocabulary import Locale
from chat.web.auth.login import signed_in, start_session
from chat.web.auth.tokens import hash_token
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of, translate
from chat.web.core.origins import require_https, require_own_address, require_own_origin
from chat.web.core.passwords import MAX_LENGTH, MIN_LENGTH
from chat.web.core.rate_limits import address_of, require_rate
from chat.web.core.requests import read_form, read_json
from chat.web.core.responses import json_response, redirect, render

CONSOLE = "/console"
FIELDS = ("name", "email", "password")


class Owner(protocol.Command):
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
    context = context_of(request)
    require_own_address(context.settings, request)
    token = request.match_info["token"]
    try:
        holder = await context.store.read(password_links.password_link_agent, hash_token(token), context.clock())
    except NotFound:
        return link_expired_page(request)
    return (
        link_expired_page(request)
        if (holder is None) != (kind == "setup")
        else render_form(request, kind, token, {}, {})
    )


async def post_setup(request: web.Request) -> web.Response:
    """Make the owner an administrator, sign them in, and on to the console. Takes JSON as well."""
    context, owner = context_of(request), await owner_of(request)
    errors = errors_of(owner)
    if errors:
        return render_again(request, owner, errors)
    try:
        agent = await create_owner(request, owner)
    except (NotFound, NotAllowed):
        return link_expired_page(request)
    except Conflict:
        return render_again(request, owner, {"email": "taken"})
    answer = json_response(await signed_in(context, agent), 201) if is_json(request) else redirect(CONSOLE)
    await start_session(context, answer, agent)
    return answer


async def owner_of(request: web.Request) -> Owner:
    """The body, once it is known to come from our own page and by a safe way."""
    settings = context_of(request).settings
    require_own_origin(settings, request)
    require_https(settings, request)
    if is_json(request):
        return await read_json(request, Owner)
    typed = await read_form(request)
    return Owner(**{name: typed.get(name, "") for name in Owner.__struct_fields__})


async def create_owner(request: web.Request, owner: Owner) -> AgentRow:
    """The link is looked at first: nobody without one may keep the hashing threads busy."""
    context = context_of(request)
    await require_rate(context, f"setup from {address_of(request)}", context.settings.login_tries, 60)
    link = hash_token(owner.token)
    await context.store.read(password_links.password_link_agent, link, context.clock())
    stored = await context.passwords.hash_password(owner.password)
    new = NewAgent(owner.email, owner.name, role="admin", password_hash=stored)
    return await context.store.write(password_links.create_owner, link, new, context.clock())


async def post_password(request: web.Request) -> web.Response:
    """Set an agent's password and sign them in; their other sessions end."""
    context, token = context_of(request), request.match_info["token"]
    require_own_origin(context.settings, request)
    require_https(context.settings, request)
    typed = await read_form(request)
    if error := password_error(typed.get("password", "")):
        return render_form(request, "password", token, {}, {"password": error})
    await require_rate(context, f"setup from {address_of(request)}", context.settings.login_tries, 60)
    try:
        await context.store.read(password_links.password_link_agent, hash_token(token), context.clock())
        stored = await context.passwords.hash_password(typed["password"])
        agent = await context.store.write(password_links.use_link, hash_token(token), stored, context.clock())
    except NotFound:
        return link_expired_page(request)
    answer = redirect(CONSOLE)
    await start_session(context, answer, agent)
    return answer


def is_json(request: web.Request) -> bool:
    return request.content_type == "application/json"


def errors_of(owner: Owner) -> dict[str, str]:
    """Every bad field with its code."""
    errors = {
        "name": code_of(lambda: text.clean_name(owner.name) or clean_text(owner.name)),
        "email": code_of(lambda: text.clean_email(owner.email) if owner.email.strip() else clean_text("")),
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
    if len(password) < MIN_LENGTH:
        return "too_short"
    return "too_long" if len(password) > MAX_LENGTH else None


def render_again(request: web.Request, owner: Owner, errors: Mapping[str, str]) -> web.Response:
    if is_json(request):
        return json_response({"errors": errors}, 422)
    return render_form(request, "setup", owner.token, {"name": owner.name, "email": owner.email}, errors)


def render_form(
    request: web.Request, kind: str, token: str, typed: Mapping[str, str], errors: Mapping[str, str]
) -> web.Response:
    """The page; a password is never sent back."""
    language = language_of(request)
    values = {
        "kind": kind,
        "token": token,
        "action": f"/api/setup?lang={language}" if kind == "setup" else f"/password/{token}?lang={language}",
        "values": {"name": typed.get("name", ""), "email": typed.get("email", "")},
        "errors": {field: error_text(language, field, errors) for field in FIELDS},
        "first": next((field for field in FIELDS if field in errors), None),
    }
    return render(request, "setup.html", values, 422 if errors else 200)


def error_text(language: Locale, field: str, errors: Mapping[str, str]) -> str | None:
    return translate(language, f"error.{field}.{errors[field]}") if field in errors else None


def link_expired_page(request: web.Request) -> web.Response:
    """A link that has done its work: 404, with the way to the console."""
    if is_json(request):
        raise NotFound("link")
    language = language_of(request)
    values = {
        "title": translate(language, "link.used.title"),
        "text": translate(language, "link.used.text"),
        "link": CONSOLE,
        "link_text": translate(language, "link.used.console"),
        "more": None,
    }
    return render(request, "refused.html", values, 404)
