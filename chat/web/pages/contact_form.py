"""The form as a page that works without script."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from chat import protocol
from chat.domain import service_status
from chat.domain.intake.form_fields import FORM_FIELDS, FormField, field_choices
from chat.domain.intake.start import NewForm, form_errors
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
from chat.web.core.requests import read_form
from chat.web.core.responses import redirect, render
from chat.web.core.sites import require_site


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
    """Why the page shows the form again: a sentence, the codes of the bad fields, and the HTTP status."""

    text: str
    errors: Mapping[str, str] = {}
    status: int = 422


async def get_contact(request: web.Request) -> web.Response:
    """The form of `?site=KEY` as a page that works without script, with the opening state and the promise."""
    return await render_form(request, await require_site(request), {})


async def post_contact(request: web.Request) -> web.Response:
    """Store the form and redirect to the ticket's page. Otherwise the page again, with everything that was filled in:
    422 names every bad field, 429 and 409 as for JSON."""
    site, form, language = await require_site(request), await read_form(request), language_of(request)
    client_id = stamps_of(request).client_id(form.get("form", ""))
    if client_id is None or is_spam(form):
        return await render_form(request, site, form, await problem_of_unproven(request, form))
    try:
        submitted = await submit(request, site, ticket_request(request, site, client_id, form))
    except BadForm as bad:
        return await render_form(request, site, form, FormProblem(translate(language, "contact.errors"), bad.errors))
    except (TooMany, Conflict) as refusal:
        return await render_form(request, site, form, problem_of(refusal, language))
    # A relative redirect, because the policy's form-action allows only the host of the page, which may be another
    # name of ours.
    return redirect(f"{context_of(request).links.path(submitted.ticket.id)}?thanks=form&lang={language}")


async def problem_of_unproven(request: web.Request, form: Mapping[str, str]) -> FormProblem:
    """Of a form that may be a robot's: its bad fields if it has any, for whoever sends an empty form at once needs to
    know those."""
    language, values = language_of(request), {field.name: form.get(field.name, "") for field in FORM_FIELDS}
    errors = await context_of(request).store.read(form_errors, NewForm("", values))
    del errors["client_id"]
    return FormProblem(translate(language, "contact.errors" if errors else "contact.too_soon"), errors)


def problem_of(refusal: TooMany | Conflict, language: Locale) -> FormProblem:
    """Conflict: the visitor went back, changed the form and sent it again. The page shows it with a new stamp, so that
    the next attempt is a second request."""
    if isinstance(refusal, TooMany):
        return FormProblem(translate(language, "contact.too_many", seconds=refusal.retry_after), status=429)
    return FormProblem(translate(language, "contact.again"), status=409)


def ticket_request(request: web.Request, site: SiteRow, client_id: str, form: Mapping[str, str]) -> protocol.NewTicket:
    """What the page sent, decoded as the JSON form is."""
    values = {field.name: form.get(field.name, "") for field in FORM_FIELDS}
    sender = {"site": site.key, "client_id": client_id, "locale": language_of(request)}
    return msgspec.convert(values | sender, protocol.NewTicket)


async def render_form(
    request: web.Request, site: SiteRow, form: Mapping[str, str], problem: FormProblem | None = None
) -> web.Response:
    """The page. With errors the form keeps a valid stamp, so that sending it twice still makes one ticket."""
    context, language = context_of(request), language_of(request)
    errors, stamp = problem.errors if problem else {}, form.get("form", "")
    choices = await context.store.read(field_choices)
    values = {
        **await service_summary(request, language),
        "problem": problem and problem.text,
        "action": str(request.rel_url.with_query(site=site.key, lang=language)),
        "stamp": stamp if errors and stamps_of(request).client_id(stamp) else stamps_of(request).new_stamp(),
        "fields": [page_field(language, field, form, errors, choices) for field in FORM_FIELDS],
        "first": next((field.name for field in FORM_FIELDS if field.name in errors), None),
    }
    return render(request, "contact.html", values, problem.status if problem else 200)


def page_field(
    language: Locale,
    field: FormField,
    form: Mapping[str, str],
    errors: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
) -> PageField:
    name, value = field.name, form.get(field.name, "")
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
    """The opening state and the promise as text, and the name of the time zone in which both are written."""
    context = context_of(request)
    service = await context.store.read(service_status.current_service, await context.domain_context())
    zone = (await context.store.read(load_calendar)).zone
    return {
        "state": state_text(service, zone, language),
        "due": day_and_time(service.due, zone, language) if service.due else None,
        "zone": zone_text(zone, language),
    }


def state_text(service: Service, zone: ZoneInfo, language: Locale) -> str:
    """The opening state; when closed, with the next opening time."""
    if service.state != "closed":
        return translate(language, f"contact.{service.state}")
    if service.next_open is None:
        return translate(language, "contact.closed_long")
    return translate(language, "contact.closed", next_open=day_and_time(service.next_open, zone, language))


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
