"""The commands of an operator: run in the server when one holds the data, else by the command line itself."""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat import present, wire
from chat.desk import agents, calendar_in_force, service, sites
from chat.desk.changes import Situation
from chat.desk.refusals import Refused
from chat.desk.rules import calendar_file
from chat.desk.rules.calendar_file import BadCalendar
from chat.settings import Settings, address
from chat.store.works import Unavailable, Works

Asked = Mapping[str, Any]
Answer = dict[str, Any]

# It stands in addresses as it is.
SITE_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Desk:
    """What a command works on; `present` answers None where presence can't be asked."""

    settings: Settings
    works: Works
    clock: Callable[[], datetime]
    present: Callable[[], Awaitable[frozenset[int] | None]]


class Failed(Exception):
    """The command was refused; the message is for the operator."""


async def run(desk: Desk, name: str, asked: Asked) -> Answer:
    """Do one command; its answer is plain JSON. Raises Failed."""
    try:
        return await COMMANDS[name](desk, asked)
    except BadCalendar as bad:
        raise Failed("\n".join(f"{fault.path}: {fault.problem}" for fault in bad.faults)) from bad
    except Refused as refused:
        raise Failed(refused.message) from refused
    except Unavailable as away:
        raise Failed(str(away)) from away


async def hours(desk: Desk, asked: Asked) -> Answer:
    """The service now, or at a moment (with offset, or naive in the calendar's zone)."""
    calendar = await desk.works.read(calendar_in_force.calendar_of)
    moment = desk.clock() if asked["at"] is None else calendar_in_force.moment_of(calendar, asked["at"])
    found = await desk.works.read(service.now_for, Situation(moment, await desk.present()))
    return wire.plain(present.service(found))


async def calendar_show(desk: Desk, asked: Asked) -> Answer:
    return calendar_file.to_json(await desk.works.read(calendar_in_force.calendar_of))


async def calendar_set(desk: Desk, asked: Asked) -> Answer:
    return calendar_file.to_json(await desk.works.run(calendar_in_force.set_calendar, asked["calendar"]))


async def site_list(desk: Desk, asked: Asked) -> Answer:
    found = await desk.works.read(sites.all_sites)
    return {"sites": [{"key": site.key, "name": site.name, "origins": site.origins} for site in found]}


async def site_set(desk: Desk, asked: Asked) -> Answer:
    """Make or change a site; a new secret is shown this once."""
    if not SITE_KEY.fullmatch(asked["key"]):
        raise Failed(f"{asked['key']}: a site's key is 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore")
    secret = secrets.token_urlsafe(32) if asked["secret"] else None
    edit = sites.SiteEdit(asked["name"], list(map(origin, asked["origins"])), secret)
    await desk.works.run(sites.set_site, asked["key"], edit, desk.clock())
    return {"key": asked["key"], "secret": secret}


def origin(said: str) -> str:
    """As browsers write it, for it is compared with what they say and stands in our pages' policy. Raises Failed."""
    try:
        return said if said == "localhost" else address(said)
    except ValueError as error:
        raise Failed(f"{said} is no origin: {error}") from error


async def department_add(desk: Desk, asked: Asked) -> Answer:
    return {"id": await desk.works.run(agents.add_department, asked["name"], asked["categories"])}


async def agent_add(desk: Desk, asked: Asked) -> Answer:
    new = agents.NewAgent(**asked)
    return {"id": (await desk.works.run(agents.add, new, desk.clock())).public_id}


async def agent_link(desk: Desk, asked: Asked) -> Answer:
    token = secrets.token_urlsafe(24)
    await desk.works.run(agents.link_for_agent, asked["email"], token_hash(token), desk.clock())
    return {"link": f"{desk.settings.public_url}/password/{token}"}


async def agent_remove(desk: Desk, asked: Asked) -> Answer:
    await desk.works.run(agents.remove, asked["email"], desk.clock())
    return {}


async def owner_link(desk: Desk, asked: Asked) -> Answer:
    """A fresh one-time link for the owner, or None once an administrator exists."""
    if not await desk.works.read(agents.setup_needed):
        return {"link": None}
    token = secrets.token_urlsafe(24)
    await desk.works.run(agents.new_link, None, token_hash(token), desk.clock())
    return {"link": f"{desk.settings.public_url}/setup/{token}"}


def token_hash(token: str) -> str:
    """What is kept of a token: it has 128 random bits and more, so a plain digest can't be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


COMMANDS: dict[str, Callable[[Desk, Asked], Awaitable[Answer]]] = {
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
