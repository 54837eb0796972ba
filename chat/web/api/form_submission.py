"""Submitting the form: the same checks and the same ticket for JSON and for the page without script."""

import re
from typing import NamedTuple

from aiohttp import web

from chat import presenters, protocol
from chat.domain.intake import start
from chat.domain.intake.form_fields import FORM_FIELDS
from chat.domain.intake.start import NewForm
from chat.domain.people.visitors import visited_page
from chat.domain.queries.visitors import VisitorIdentity
from chat.domain.text import clean_text
from chat.store.rows import SiteRow
from chat.web.auth.tokens import derived_token, hash_token
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of, supported
from chat.web.core.proxies import address_hash
from chat.web.core.rate_limits import require_start_rate
from chat.web.core.sites import require_site_origin

TOKEN = re.compile(r"[\x21-\x7e]{22,200}")


class BadForm(Exception):
    """Some fields are bad: their codes by name. Nothing was stored."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(f"bad fields: {', '.join(errors)}")
        self.errors = errors


class SubmittedForm(NamedTuple):
    """The ticket of a form; `repeated` if an earlier request stored it."""

    ticket: protocol.Ticket
    token: str
    link: str
    repeated: bool


async def submit(request: web.Request, site: SiteRow | None, form: protocol.NewTicket) -> SubmittedForm:
    """Store the form and return its ticket. `site` is None if no site has the form's key. Raises BadForm,
    Conflict, NotAllowed, TooMany."""
    context = context_of(request)
    new_form = NewForm(form.client_id, form_values(form))
    errors = await context.store.read(start.form_errors, new_form)
    errors |= request_errors(site, form)
    if errors or site is None:
        raise BadForm(errors)
    require_site_origin(request, site)
    token = form.token or derived_token(
        context.settings.secret_key, site.key, form.client_id, form.email.strip(), clean_text(form.text)
    )
    await require_start_rate(request, hash_token(token))
    identity = visitor_identity(request, site, form, hash_token(token))
    stored = await context.store.write(start.submit_form, identity, new_form, context.clock())
    ticket = presenters.ticket(stored.ticket, context.links)
    return SubmittedForm(ticket, token, context.links.url(stored.ticket.public_id), stored.repeated)


def form_values(form: protocol.NewTicket) -> dict[str, str]:
    """What the visitor typed, by the names of FORM_FIELDS."""
    return {field.name: getattr(form, field.name) or "" for field in FORM_FIELDS}


def request_errors(site: SiteRow | None, form: protocol.NewTicket) -> dict[str, str]:
    """The errors of the fields that the visitor did not fill in and the domain does not check."""
    unknown_site = {"site": "not_found"} if site is None else {}
    malformed_token = form.token is not None and not TOKEN.fullmatch(form.token)
    return unknown_site | ({"token": "bad_request"} if malformed_token else {})


def visitor_identity(request: web.Request, site: SiteRow, form: protocol.NewTicket, token_hash: str) -> VisitorIdentity:
    locale = supported(form.locale or "") or language_of(request)
    page = visited_page(form.page.url, form.page.title, form.page.referrer) if form.page else None
    sender = address_hash(request, context_of(request).settings)
    return VisitorIdentity(token_hash, site.id, locale, page=page, address_hash=sender)
