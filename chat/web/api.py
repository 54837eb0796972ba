"""The JSON doors of visitors' pages: the form, and what service there is."""

from datetime import datetime

from aiohttp import web

from chat import present, wire
from chat.desk import service, sites
from chat.desk.calendar_in_force import calendar_of
from chat.desk.refusals import BadRequest
from chat.desk.rules.calendar import Calendar
from chat.desk.rules.wall_time import checked, instant
from chat.web.answers import json_of, told
from chat.web.doors import doors_of
from chat.web.forms import BadForm, sent, site_named
from chat.web.guards import check_site, site_of
from chat.web.origins import READERS


async def post_ticket(request: web.Request) -> web.Response:
    """The form. 201, or 200 for one that was here already; 422 names every bad field, nothing is stored."""
    form = await json_of(request, wire.NewTicket)
    site = await site_named(request, form.site)
    request[READERS] = site.origins if site else []
    try:
        found = await sent(request, site, form)
    except BadForm as bad:
        return told({"errors": bad.errors}, 422)
    done = wire.NewTicketDone(found.shown, found.token, found.link)
    return told(done, 200 if found.repeated else 201)


async def preflight(request: web.Request) -> web.Response:
    """A browser asks before it sends JSON from a site's page; which site, it only says afterwards."""
    every = await doors_of(request).works.read(sites.all_sites)
    request[READERS] = [origin for site in every for origin in site.origins]
    allowed = {"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": "Content-Type"}
    return web.Response(status=204, headers=allowed | {"Access-Control-Max-Age": "600"})


async def get_service(request: web.Request) -> web.Response:
    """`?site=KEY`: the Service of now; `&at=TIME` of another moment, with today's agents; `&category=NAME`."""
    doors, site = doors_of(request), await site_of(request)
    request[READERS] = site.origins
    check_site(request, site)
    situation = await doors.situation()
    if "at" in request.query:
        calendar = await doors.works.read(calendar_of)
        situation = situation._replace(now=moment(request.query["at"], calendar))
    found = await doors.works.read(service.now_for, situation, request.query.get("category"))
    return told(present.service(found))


def moment(said: str, calendar: Calendar) -> datetime:
    """RFC 3339 with its offset, or naive in the calendar's zone. A `+` that was not escaped reaches us as a
    space. BadRequest for anything else."""
    try:
        at = datetime.fromisoformat(said.replace(" ", "+") if "T" in said else said)
        return checked(at if at.tzinfo else instant(calendar.zone, at))
    except (ValueError, OverflowError):
        raise BadRequest("a time like 2026-11-24T09:00:00+01:00", field="at") from None
