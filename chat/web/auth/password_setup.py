"""The pages of one-time links: the owner's account, and an agent's new password."""

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
from chat.web.auth.login import signed_in_agent, start_session
from chat.web.auth.tokens import hash_token
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of, translate
from chat.web.core.origins import require_https, require_own_address, require_own_origin
from chat.web.core.passwords import password_error
from chat.web.core.rate_limits import address_of, require_rate
from chat.web.core.requests import read_form, read_json
from chat.web.core.responses import json_response, redirect, render

CONSOLE = "/console"
OWNER_FIELDS = ("name", "email", "password")


class OwnerForm(protocol.Command):
    """The owner's name, address and password. Bad values are named by field (422), like those of every form."""

    token: str
    name: str = ""
    email: str = ""
    password: str = ""


async def get_setup(request: web.Request) -> web.Response:
    """The page where the owner makes their account; 404 when the link is used, expired or unknown."""
    return await get_link_page(request, "setup")


async def get_password(request: web.Request) -> web.Response:
    """The page where an agent sets a password: the link works once, within two days; 404 afterwards."""
    return await get_link_page(request, "password")


async def get_link_page(request: web.Request, kind: str) -> web.Response:
    context = context_of(request)
    require_own_address(context.settings, request)
    token = request.match_info["token"]
    try:
        agent = await context.store.read(password_links.password_link_agent, hash_token(token), context.clock())
    except NotFound:
        return link_expired_page(request)
    # The owner's link belongs to no agent yet.
    if (agent is None) != (kind == "setup"):
        return link_expired_page(request)
    return render_form(request, kind, token, {}, {})


async def post_setup(request: web.Request) -> web.Response:
    """Make the owner's account, sign them in and redirect to the console; JSON gets 201. 422 names every bad field,
    404 for a used, expired or unknown link."""
    context, owner = context_of(request), await read_owner(request)
    errors = owner_errors(owner)
    if errors:
        return render_again(request, owner, errors)
    try:
        agent = await create_owner(request, owner)
    except (NotFound, NotAllowed):
        return link_expired_page(request)
    except Conflict:
        return render_again(request, owner, {"email": "taken"})
    response = (
        json_response(await signed_in_agent(context, agent), 201) if has_json_body(request) else redirect(CONSOLE)
    )
    await start_session(request, response, agent)
    return response


async def read_owner(request: web.Request) -> OwnerForm:
    """The body, JSON or a form. NotAllowed if it comes from another page or over plain http."""
    settings = context_of(request).settings
    require_own_origin(settings, request)
    require_https(settings, request)
    if has_json_body(request):
        return await read_json(request, OwnerForm)
    form = await read_form(request)
    return OwnerForm(**{name: form.get(name, "") for name in OwnerForm.__struct_fields__})


async def create_owner(request: web.Request, owner: OwnerForm) -> AgentRow:
    """Check the link before hashing: nobody without a link may keep the hashing threads busy."""
    context = context_of(request)
    await require_rate(context, f"setup from {address_of(request)}", context.settings.login_tries, 60)
    link = hash_token(owner.token)
    await context.store.read(password_links.password_link_agent, link, context.clock())
    password_hash = await context.passwords.hash_password(owner.password)
    new = NewAgent(owner.email, owner.name, role="admin", password_hash=password_hash)
    return await context.store.write(password_links.create_owner, link, new, context.clock())


async def post_password(request: web.Request) -> web.Response:
    """Set the agent's password, end their other sessions, sign them in and redirect to the console. The page again
    with 422 for a password that is too short, too long or common; 404 for a used, expired or unknown link."""
    context, token = context_of(request), request.match_info["token"]
    require_own_origin(context.settings, request)
    require_https(context.settings, request)
    password = (await read_form(request)).get("password", "")
    if error := password_error(password):
        return render_form(request, "password", token, {}, {"password": error})
    await require_rate(context, f"setup from {address_of(request)}", context.settings.login_tries, 60)
    try:
        await context.store.read(password_links.password_link_agent, hash_token(token), context.clock())
        password_hash = await context.passwords.hash_password(password)
        agent = await context.store.write(password_links.use_link, hash_token(token), password_hash, context.clock())
    except NotFound:
        return link_expired_page(request)
    response = redirect(CONSOLE)
    await start_session(request, response, agent)
    return response


def has_json_body(request: web.Request) -> bool:
    return request.content_type == "application/json"


def owner_errors(owner: OwnerForm) -> dict[str, str]:
    """Every bad field with its code."""
    errors = {
        "name": error_code(lambda: text.clean_name(owner.name) or clean_text(owner.name)),
        "email": error_code(lambda: text.clean_email(owner.email) if owner.email.strip() else clean_text("")),
        "password": password_error(owner.password),
    }
    return {field: code for field, code in errors.items() if code}


def error_code(check: Callable[[], object]) -> str | None:
    try:
        check()
    except Refused as refusal:
        return refusal.code
    return None


def render_again(request: web.Request, owner: OwnerForm, errors: Mapping[str, str]) -> web.Response:
    if has_json_body(request):
        return json_response({"errors": errors}, 422)
    return render_form(request, "setup", owner.token, {"name": owner.name, "email": owner.email}, errors)


def render_form(
    request: web.Request, kind: str, token: str, filled_in: Mapping[str, str], errors: Mapping[str, str]
) -> web.Response:
    """The page, with what was filled in except the password."""
    language = language_of(request)
    values = {
        "kind": kind,
        "token": token,
        "action": f"/api/setup?lang={language}" if kind == "setup" else f"/password/{token}?lang={language}",
        "values": {"name": filled_in.get("name", ""), "email": filled_in.get("email", "")},
        "errors": {field: error_text(language, field, errors) for field in OWNER_FIELDS},
        "first": next((field for field in OWNER_FIELDS if field in errors), None),
    }
    return render(request, "setup.html", values, 422 if errors else 200)


def error_text(language: Locale, field: str, errors: Mapping[str, str]) -> str | None:
    return translate(language, f"error.{field}.{errors[field]}") if field in errors else None


def link_expired_page(request: web.Request) -> web.Response:
    """404 for a used, expired or unknown link, with a link to the console."""
    if has_json_body(request):
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
