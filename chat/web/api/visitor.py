"""The JSON doors of visitors' pages: the form, and what service there is."""

from datetime import datetime

from aiohttp import web

from chat import presenters, protocol
from chat.domain import service_status
from chat.domain.people import sites
from chat.domain.queries.calendar import load_calendar
from chat.domain.refusals import BadRequest
from chat.domain.rules.hours.calendar import Calendar
from chat.domain.rules.hours.local_time import instant, validated
from chat.web.api.form_submission import BadForm, site_named, submit
from chat.web.core.context import context_of
from chat.web.core.origins import CORS_ORIGINS
from chat.web.core.rate_limits import check_site, site_of
from chat.web.core.requests import read_json
from chat.web.core.responses import json_response


async def post_ticket(request: web.Request) -> web.Response:
    """The form. 201, or 200 for one that was here already; 422 names every bad field, nothing is stored."""
    form = await read_json(request, protocol.NewTicket)
    site = await site_named(request, form.site)
    request[CORS_ORIGINS] = site.origins if site else []
    try:
        found = await submit(request, site, form)
    except BadForm as bad:
        return json_response({"errors": bad.errors}, 422)
    done = protocol.NewTicketResponse(found.ticket, found.token, found.link)
    return json_response(done, 200 if found.repeated else 201)


async def preflight(request: web.Request) -> web.Response:
    """A browser asks before it sends JSON from a site's page; which site, it only says afterwards."""
    every = await context_of(request).store.read(sites.all_sites)
    request[CORS_ORIGINS] = [origin for site in every for origin in site.origins]
    allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}
    return web.Response(status=204, headers=allowed | {"Access-Control-Max-Age": "600"})


async def get_service(request: web.Request) -> web.Response:
    """`?site=KEY`: the Service of now; `&at=TIME` of another moment, with today's agents; `&category=NAME`."""
    context, site = context_of(request), await site_of(request)
    request[CORS_ORIGINS] = site.origins
    check_site(request, site)
    domain_context = await context.domain_context()
    if "at" in request.query:
        calendar = await context.store.read(load_calendar)
        domain_context = domain_context._replace(now=moment(request.query["at"], calendar))
    found = await context.store.read(service_status.current_service, domain_context, request.query.get("category"))
    return json_response(presenters.service(found))


def moment(said: str, calendar: Calendar) -> datetime:
    """RFC 3339 with its offset, or naive in the calendar's zone. A `+` that was not escaped reaches us as a
    space. BadRequest for anything else."""
    try:
        at = datetime.fromisoformat(said.replace(" ", "+") if "T" in said else said)
        return validated(at if at.tzinfo else instant(calendar.zone, at))
    except (ValueError, OverflowError):
        raise BadRequest("a time like 2026-11-24T09:00:00+01:00", field="at") from None
