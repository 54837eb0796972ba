"""The commands of an operator: run in the server when one holds the data, else by the command line itself."""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat import presenters, protocol
from chat.domain import service_status
from chat.domain.context import DomainContext
from chat.domain.people import agents, departments, password_links, sites
from chat.domain.queries.calendar import load_calendar, parse_moment, set_calendar
from chat.domain.refusals import Refused
from chat.domain.rules.hours import calendar_json
from chat.domain.rules.hours.calendar_json import InvalidCalendar
from chat.settings import Settings, address
from chat.store.store import Store
from chat.store.transaction import Unavailable

Arguments = Mapping[str, Any]
Answer = dict[str, Any]

# It stands in addresses as it is.
SITE_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class OperatorContext:
    """What a command works on; `present` answers None where presence can't be asked."""

    settings: Settings
    store: Store
    clock: Callable[[], datetime]
    online_agents: Callable[[], Awaitable[frozenset[int] | None]]


class Failed(Exception):
    """The command was refused; the message is for the operator."""


async def run(desk: OperatorContext, name: str, asked: Arguments) -> Answer:
    """Do one command; its answer is plain JSON. Raises Failed."""
    try:
        return await COMMANDS[name](desk, asked)
    except InvalidCalendar as bad:
        raise Failed("\n".join(f"{fault.path}: {fault.problem}" for fault in bad.faults)) from bad
    except Refused as refused:
        raise Failed(refused.message) from refused
    except Unavailable as away:
        raise Failed(str(away)) from away


async def hours(desk: OperatorContext, asked: Arguments) -> Answer:
    """The service now, or at a moment (with offset, or naive in the calendar's zone)."""
    calendar = await desk.store.read(load_calendar)
    moment = desk.clock() if asked["at"] is None else parse_moment(calendar, asked["at"])
    found = await desk.store.read(service_status.current_service, DomainContext(moment, await desk.online_agents()))
    return protocol.plain(presenters.service(found))


async def calendar_show(desk: OperatorContext, asked: Arguments) -> Answer:
    return calendar_json.to_json(await desk.store.read(load_calendar))


async def calendar_set(desk: OperatorContext, asked: Arguments) -> Answer:
    return calendar_json.to_json(await desk.store.write(set_calendar, asked["calendar"]))


async def site_list(desk: OperatorContext, asked: Arguments) -> Answer:
    found = await desk.store.read(sites.all_sites)
    return {"sites": [{"key": site.key, "name": site.name, "origins": site.origins} for site in found]}


async def site_set(desk: OperatorContext, asked: Arguments) -> Answer:
    """Make or change a site; a new secret is shown this once."""
    if not SITE_KEY.fullmatch(asked["key"]):
        raise Failed(f"{asked['key']}: a site's key is 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore")
    secret = secrets.token_urlsafe(32) if asked["secret"] else None
    edit = sites.SiteEdit(asked["name"], list(map(origin, asked["origins"])), secret)
    await desk.store.write(sites.set_site, asked["key"], edit, desk.clock())
    return {"key": asked["key"], "secret": secret}


def origin(said: str) -> str:
    """As browsers write it, for it is compared with what they say and stands in our pages' policy. Raises Failed."""
    try:
        return said if said == "localhost" else address(said)
    except ValueError as error:
        raise Failed(f"{said} is no origin: {error}") from error


async def department_add(desk: OperatorContext, asked: Arguments) -> Answer:
    return {"id": await desk.store.write(departments.add_department, asked["name"], asked["categories"])}


async def agent_add(desk: OperatorContext, asked: Arguments) -> Answer:
    new = agents.NewAgent(**asked)
    return {"id": (await desk.store.write(agents.add_agent, new, desk.clock())).public_id}


async def agent_link(desk: OperatorContext, asked: Arguments) -> Answer:
    token = secrets.token_urlsafe(24)
    await desk.store.write(password_links.create_link_for_agent, asked["email"], token_hash(token), desk.clock())
    return {"link": f"{desk.settings.public_url}/password/{token}"}


async def agent_remove(desk: OperatorContext, asked: Arguments) -> Answer:
    await desk.store.write(agents.remove_agent, asked["email"], desk.clock())
    return {}


async def owner_link(desk: OperatorContext, asked: Arguments) -> Answer:
    """A fresh one-time link for the owner, or None once an administrator exists."""
    if not await desk.store.read(password_links.needs_setup):
        return {"link": None}
    token = secrets.token_urlsafe(24)
    await desk.store.write(password_links.create_password_link, None, token_hash(token), desk.clock())
    return {"link": f"{desk.settings.public_url}/setup/{token}"}


def token_hash(token: str) -> str:
    """What is kept of a token: it has 128 random bits and more, so a plain digest can't be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


COMMANDS: dict[str, Callable[[OperatorContext, Arguments], Awaitable[Answer]]] = {
    "hours": hours,
    "calendar show": calendar_show,
    "calendar set": calendar_set,
    "site list": site_list,
    "site set": site_set,
    "department add": department_add,
    "agent add": agent_add,
    "agent link": agent_link,
    "agent remove": agent_remove,
    "owner link": owner_link,
}
