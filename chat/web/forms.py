"""The form: the same checks and the same ticket, whether it comes as JSON or from a page without script."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from aiohttp import web

from chat import present, wire
from chat.desk import sites, tickets
from chat.desk.tickets import NewForm
from chat.desk.visitors import Newcomer
from chat.desk.words import clean
from chat.store.rows import SiteRow
from chat.web.doors import doors_of
from chat.web.guards import check_site, spend_start
from chat.web.tokens import derived_token, hashed
from chat.web.words import language_of, supported

TOKEN = re.compile(r"[\x21-\x7e]{22,200}")


class BadForm(Exception):
    """Every bad field with its code; nothing was stored."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(f"bad fields: {', '.join(errors)}")
        self.errors = errors


class Sent(NamedTuple):
    """A form that is a ticket now; `repeated` when it was one already."""

    shown: wire.Ticket
    token: str
    link: str
    repeated: bool


async def site_named(request: web.Request, key: str) -> SiteRow | None:
    """The form's site; None when there is none of this key: a bad field like the others."""
    return await doors_of(request).works.read(sites.site_by_key, key)


async def sent(request: web.Request, site: SiteRow | None, form: wire.NewTicket) -> Sent:
    """Store the form and answer with its ticket; BadForm, Conflict, NotAllowed, TooMany."""
    doors = doors_of(request)
    filled = NewForm(form.client_id, form.text, form.email, form.name, form.category)
    errors = await doors.works.read(tickets.form_errors, filled)
    errors |= door_errors(site, form)
    if errors or site is None:
        raise BadForm(errors)
    check_site(request, site)
    token = form.token or derived_token(
        doors.settings.secret_key, site.key, form.client_id, form.email.strip(), clean(form.text)
    )
    await spend_start(request, hashed(token))
    who = newcomer(request, site, form, hashed(token))
    found = await doors.works.run(tickets.submit_form, who, filled, doors.clock())
    shown = present.ticket(found.ticket, doors.links)
    return Sent(shown, token, doors.links.address(found.ticket.public_id), found.repeated)


def door_errors(site: SiteRow | None, form: wire.NewTicket) -> dict[str, str]:
    """What the desk does not look at."""
    unknown = {"site": "not_found"} if site is None else {}
    token = form.token is not None and not TOKEN.fullmatch(form.token)
    return unknown | ({"token": "bad_request"} if token else {})


def newcomer(request: web.Request, site: SiteRow, form: wire.NewTicket, token_hash: str) -> Newcomer:
    """Who speaks, and on which page."""
    locale = supported(form.locale or "") or language_of(request)
    return Newcomer(token_hash, site.id, locale, page=page_of(form.page) if form.page else None)


def page_of(seen: wire.SeenPage) -> dict[str, str]:
    return {"url": bare(seen.url), "title": seen.title[:200], "referrer": bare(seen.referrer)}


def bare(url: str) -> str:
    """A web address without user and query, which may hold what is nobody's business; nothing when it is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", "")) if parts.scheme in ("http", "https") else ""
