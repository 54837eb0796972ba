"""The form: the same checks and the same ticket, whether it comes as JSON or from a page without script."""

import re
from typing import NamedTuple

from aiohttp import web

from chat import presenters, protocol
from chat.domain.intake import start
from chat.domain.intake.form_fields import FORM_FIELDS
from chat.domain.intake.start import NewForm
from chat.domain.people import sites
from chat.domain.queries.visitors import VisitorIdentity
from chat.domain.text import clean_text, public_url_without_query
from chat.store.rows import SiteRow
from chat.web.auth.tokens import derived_token, hash_token
from chat.web.core.context import context_of
from chat.web.core.i18n import language_of, supported
from chat.web.core.rate_limits import check_site, require_start_rate

TOKEN = re.compile(r"[\x21-\x7e]{22,200}")


class BadForm(Exception):
    """Every bad field with its code; nothing was stored."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(f"bad fields: {', '.join(errors)}")
        self.errors = errors


class SubmittedForm(NamedTuple):
    """A form that is a ticket now; `repeated` when it was one already."""

    ticket: protocol.Ticket
    token: str
    link: str
    repeated: bool


async def site_named(request: web.Request, key: str) -> SiteRow | None:
    """The form's site; None when there is none of this key: a bad field like the others."""
    return await context_of(request).store.read(sites.site_by_key, key)


async def submit(request: web.Request, site: SiteRow | None, form: protocol.NewTicket) -> SubmittedForm:
    """Store the form and answer with its ticket; BadForm, Conflict, NotAllowed, TooMany."""
    context = context_of(request)
    filled = NewForm(form.client_id, form_values(form))
    errors = await context.store.read(start.form_errors, filled)
    errors |= request_errors(site, form)
    if errors or site is None:
        raise BadForm(errors)
    check_site(request, site)
    token = form.token or derived_token(
        context.settings.secret_key, site.key, form.client_id, form.email.strip(), clean_text(form.text)
    )
    await require_start_rate(request, hash_token(token))
    who = visitor_identity(request, site, form, hash_token(token))
    found = await context.store.write(start.submit_form, who, filled, context.clock())
    shown = presenters.ticket(found.ticket, context.links)
    return SubmittedForm(shown, token, context.links.url(found.ticket.public_id), found.repeated)


def form_values(form: protocol.NewTicket) -> dict[str, str]:
    """What the visitor typed, by the names of FORM_FIELDS."""
    return {field.name: getattr(form, field.name) or "" for field in FORM_FIELDS}


def request_errors(site: SiteRow | None, form: protocol.NewTicket) -> dict[str, str]:
    """What the desk does not look at."""
    unknown = {"site": "not_found"} if site is None else {}
    token = form.token is not None and not TOKEN.fullmatch(form.token)
    return unknown | ({"token": "bad_request"} if token else {})


def visitor_identity(request: web.Request, site: SiteRow, form: protocol.NewTicket, token_hash: str) -> VisitorIdentity:
    """Who speaks, and on which page."""
    locale = supported(form.locale or "") or language_of(request)
    return VisitorIdentity(token_hash, site.id, locale, page=page_of(form.page) if form.page else None)


def page_of(seen: protocol.SeenPage) -> dict[str, str]:
    return {
        "url": public_url_without_query(seen.url),
        "title": seen.title[:200],
        "referrer": public_url_without_query(seen.referrer),
    }
