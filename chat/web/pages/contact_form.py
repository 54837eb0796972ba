"""The form as a page of its own, which works without script."""

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from aiohttp import web

from chat import protocol
from chat.domain import service_status
from chat.domain.queries import categories
from chat.domain.queries.calendar import load_calendar
from chat.domain.refusals import BadRequest, Conflict, TooMany
from chat.domain.service_status import Service
from chat.domain.text import MAX_TEXT, normalize_unicode
from chat.store.rows import SiteRow
from chat.vocabulary import Locale
from chat.web.auth.spam_trap import FormStamps, is_spam
from chat.web.core.context import context_of
from chat.web.core.i18n import day_and_time, language_of, translate, zone_text
from chat.web.core.rate_limits import site_of
from chat.web.core.requests import read_form
from chat.web.core.responses import redirect, render
from chat.web.forms import BadForm, submit

FIELDS = ("text", "category", "name", "email")


class FormProblem(NamedTuple):
    """Why the form is shown again: a sentence, the bad fields by name, and the status."""

    text: str
    errors: Mapping[str, str] = {}
    status: int = 422


async def get_contact(request: web.Request) -> web.Response:
    """`?site=KEY`: the form as a page that works without script, with what one may expect."""
    return await render_form(request, await site_of(request), {})


async def post_contact(request: web.Request) -> web.Response:
    """On to the ticket's page, or the form again with what is missing; what was typed is kept."""
    site, typed, language = await site_of(request), await read_form(request), language_of(request)
    client_id = stamps_of(request).client_id(typed.get("form", ""))
    if client_id is None or is_spam(typed):
        return await render_form(request, site, typed, FormProblem(translate(language, "contact.too_soon")))
    try:
        done = await submit(request, site, ticket_request(request, site, client_id, typed))
    except BadForm as bad:
        return await render_form(request, site, typed, FormProblem(translate(language, "contact.errors"), bad.errors))
    except (TooMany, Conflict) as refusal:
        return await render_form(request, site, typed, problem_of(refusal, language))
    # Not the whole address: the policy's form-action ends at this host, which may be another name of ours.
    return redirect(f"{context_of(request).links.path(done.ticket.id)}?thanks=form&lang={language}")


def problem_of(refusal: TooMany | Conflict, language: Locale) -> FormProblem:
    """Conflict: somebody went back, wrote something else and sent it; a fresh stamp makes that a second request."""
    if isinstance(refusal, TooMany):
        return FormProblem(translate(language, "contact.too_many", seconds=refusal.retry_after), status=429)
    return FormProblem(translate(language, "contact.again"), status=409)


def ticket_request(request: web.Request, site: SiteRow, client_id: str, typed: Mapping[str, str]) -> protocol.NewTicket:
    return protocol.NewTicket(
        site=site.key,
        client_id=client_id,
        text=typed.get("text", ""),
        email=typed.get("email", ""),
        name=typed.get("name") or None,
        category=typed.get("category") or None,
        locale=language_of(request),
    )


async def render_form(
    request: web.Request, site: SiteRow, typed: Mapping[str, str], trouble: FormProblem | None = None
) -> web.Response:
    """The page. A form that came back for its fields keeps its stamp: sent twice it is still one ticket."""
    context, language = context_of(request), language_of(request)
    errors = trouble.errors if trouble else {}
    values = {
        **await service_summary(request, language),
        "problem": trouble and trouble.text,
        "action": str(request.rel_url.with_query(site=site.key, lang=language)),
        "stamp": typed["form"] if errors else stamps_of(request).fresh(),
        "values": {field: typed.get(field, "") for field in FIELDS},
        "errors": {field: error_text(language, field, errors, typed) for field in FIELDS},
        "first": next((field for field in FIELDS if field in errors), None),
        "categories": await context.store.read(categories.category_names),
    }
    return render(request, "contact.html", values, trouble.status if trouble else 200)


async def service_summary(request: web.Request, language: Locale) -> dict[str, str | None]:
    """Whether the desk is open and by when it answers, in its own zone, which is named."""
    context = context_of(request)
    found = await context.store.read(service_status.current_service, await context.domain_context())
    zone = (await context.store.read(load_calendar)).zone
    return {
        "state": state_text(found, zone, language),
        "due": day_and_time(found.due, zone, language) if found.due else None,
        "zone": zone_text(zone, language),
    }


def state_text(found: Service, zone: ZoneInfo, language: Locale) -> str:
    """Open, limited, or closed and until when."""
    if found.state != "closed":
        return translate(language, f"contact.{found.state}")
    if found.next_open is None:
        return translate(language, "contact.closed_long")
    return translate(language, "contact.closed", next_open=day_and_time(found.next_open, zone, language))


def stamps_of(request: web.Request) -> FormStamps:
    context = context_of(request)
    return FormStamps(context.settings.secret_key, context.clock)


def error_text(language: Locale, field: str, errors: Mapping[str, str], typed: Mapping[str, str]) -> str | None:
    """What is wrong with a field, said to the one who filled it in."""
    if field not in errors:
        return None
    return translate(language, f"error.{field}.{errors[field]}", count=chars_over_limit(typed.get(field, "")))


def chars_over_limit(text: str) -> int:
    """By how many characters a message is too long; 0 for one that has another fault."""
    try:
        return max(0, len(normalize_unicode(text)) - MAX_TEXT)
    except BadRequest:
        return 0
