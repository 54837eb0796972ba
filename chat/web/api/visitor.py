"""JSON routes of the visitors' pages: the form, and whether there is chat or form."""

from datetime import datetime

from aiohttp import web

from chat import presenters, protocol
from chat.domain import service_status
from chat.domain.people import sites
from chat.domain.queries.calendar import load_calendar
from chat.domain.refusals import BadRequest
from chat.domain.rules.hours.calendar import Calendar
from chat.domain.rules.hours.local_time import instant, validated
from chat.web.api.form_submission import BadForm, submit
from chat.web.core.context import context_of
from chat.web.core.origins import CORS_ORIGINS
from chat.web.core.requests import read_json
from chat.web.core.responses import json_response
from chat.web.core.sites import find_site, require_site, require_site_origin


async def post_ticket(request: web.Request) -> web.Response:
    """The form as JSON. 201 with the ticket, or 200 if this form was stored before. 422 names every bad field;
    nothing is stored then."""
    form = await read_json(request, protocol.NewTicket)
    site = await find_site(request, form.site)
    request[CORS_ORIGINS] = site.origins if site else []
    try:
        submitted = await submit(request, site, form)
    except BadForm as bad:
        return json_response({"errors": bad.errors}, 422)
    body = protocol.NewTicketResponse(submitted.ticket, submitted.token, submitted.link)
    return json_response(body, 200 if submitted.repeated else 201)


async def preflight(request: web.Request) -> web.Response:
    """The browser's CORS request before it sends JSON from a page of a site. It does not name the site, so a page
    of any site may send the form; the form itself is then checked against its own site."""
    all_sites = await context_of(request).store.read(sites.all_sites)
    request[CORS_ORIGINS] = [origin for site in all_sites for origin in site.origins]
    allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}
    return web.Response(status=204, headers=allowed | {"Access-Control-Max-Age": "600"})


async def get_service(request: web.Request) -> web.Response:
    """The Service of `?site=KEY` now; with `&at=TIME` at that time, with the agents online now; with
    `&category=NAME` for that category's department."""
    context, site = context_of(request), await require_site(request)
    request[CORS_ORIGINS] = site.origins
    require_site_origin(request, site)
    domain_context = await context.domain_context()
    if "at" in request.query:
        calendar = await context.store.read(load_calendar)
        domain_context = domain_context._replace(now=moment(request.query["at"], calendar))
    found = await context.store.read(service_status.current_service, domain_context, request.query.get("category"))
    return json_response(presenters.service(found))


def moment(value: str, calendar: Calendar) -> datetime:
    """A time in RFC 3339, or without an offset in the calendar's zone; BadRequest for anything else. A `+` that
    the client did not escape arrives as a space."""
    try:
        at = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
        return validated(at if at.tzinfo else instant(calendar.zone, at))
    except (ValueError, OverflowError):
        raise BadRequest("a time like 2026-11-24T09:00:00+01:00", field="at") from None
