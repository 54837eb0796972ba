"""The form as a page of its own, which works without script."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from chat import protocol
from chat.domain import service_status
from chat.domain.intake.form_fields import FORM_FIELDS, FormField, field_choices
from chat.domain.queries.calendar import load_calendar
from chat.domain.refusals import BadRequest, Conflict, TooMany
from chat.domain.service_status import Service
from chat.domain.text import MAX_TEXT, normalize_unicode
from chat.store.rows import SiteRow
from chat.vocabulary import FormControl, Locale
from chat.web.api.form_submission import BadForm, submit
from chat.web.auth.spam_trap import FormStamps, is_spam
from chat.web.core.context import context_of
from chat.web.core.i18n import choice_label, day_and_time, language_of, translate, zone_text
from chat.web.core.rate_limits import site_of
from chat.web.core.requests import read_form
from chat.web.core.responses import redirect, render


class PageField(NamedTuple):
    """A field of FORM_FIELDS as the page shows it. `choices` are pairs of a value and its label."""

    name: str
    control: FormControl
    required: bool
    autocomplete: str
    label: str
    value: str
    error: str | None
    choices: Sequence[tuple[str, str]]


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
    """What the page sent, through the decoder of the JSON form."""
    values = {field.name: typed.get(field.name, "") for field in FORM_FIELDS}
    sender = {"site": site.key, "client_id": client_id, "locale": language_of(request)}
    return msgspec.convert(values | sender, protocol.NewTicket)


async def render_form(
    request: web.Request, site: SiteRow, typed: Mapping[str, str], problem: FormProblem | None = None
) -> web.Response:
    """The page. A form that comes back for its fields keeps its stamp: sent twice, it is still one ticket."""
    context, language = context_of(request), language_of(request)
    errors = problem.errors if problem else {}
    choices = await context.store.read(field_choices)
    values = {
        **await service_summary(request, language),
        "problem": problem and problem.text,
        "action": str(request.rel_url.with_query(site=site.key, lang=language)),
        "stamp": typed["form"] if errors else stamps_of(request).fresh(),
        "fields": [page_field(language, field, typed, errors, choices) for field in FORM_FIELDS],
        "first": next((field.name for field in FORM_FIELDS if field.name in errors), None),
    }
    return render(request, "contact.html", values, problem.status if problem else 200)


def page_field(
    language: Locale,
    field: FormField,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
) -> PageField:
    name, value = field.name, typed.get(field.name, "")
    return PageField(
        name,
        field.control,
        field.required,
        field.autocomplete,
        label=translate(language, f"contact.{name}"),
        value=value,
        error=error_text(language, field, errors[name], value) if name in errors else None,
        choices=[(choice, choice_label(language, name, choice)) for choice in choices.get(name, ())],
    )


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


def error_text(language: Locale, field: FormField, code: str, value: str) -> str:
    """What is wrong with a field, for the visitor who filled it in."""
    over = chars_over_limit(value, field.max_length) if field.max_length else 0
    return translate(language, f"error.{field.name}.{code}", count=over)


def chars_over_limit(text: str, max_length: int = MAX_TEXT) -> int:
    """By how many characters a text is too long; 0 for a text with another fault."""
    try:
        return max(0, len(normalize_unicode(text)) - max_length)
    except BadRequest:
        return 0
