"""The operator's commands: typed requests with typed answers, run in a server or by the command line itself."""

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar, dataclass_transform

from msgspec import Struct

from chat import presenters, protocol
from chat.domain import service_status
from chat.domain.calendar.actions import set_calendar
from chat.domain.context import DomainContext, Timeouts
from chat.domain.people import agents, departments, password_links, sites
from chat.domain.queries.calendar import load_calendar, parse_moment
from chat.domain.refusals import Refused
from chat.domain.rules.hours import calendar_json
from chat.domain.rules.hours.calendar_json import InvalidCalendar
from chat.settings import Settings, parse_origin
from chat.store.store import Store
from chat.store.transaction import Unavailable
from chat.vocabulary import Role
from chat.web.auth.tokens import hash_token

Answer = TypeVar("Answer")

# The key stands in URLs unescaped.
SITE_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class OperatorContext:
    """What a command works on. `online_agents` answers None where presence is unknown."""

    settings: Settings
    store: Store
    clock: Callable[[], datetime]
    timeouts: Timeouts
    online_agents: Callable[[], Awaitable[frozenset[int] | None]]


class CommandFailed(Exception):
    """The command was refused and nothing was changed; the message is for the operator."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class OperatorCommand(
    Struct, Generic[Answer], frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="command"
):
    """A request of the operator. Its tag is its name on the control socket; `Answer` must be a type that msgspec can
    turn into JSON and back."""

    async def run(self, context: OperatorContext) -> Answer:
        """Do it. Call `execute` instead, which turns refusals into CommandFailed."""
        raise AssertionError(f"{type(self).__name__} has no run")


async def execute(context: OperatorContext, command: OperatorCommand[Answer]) -> Answer:
    """Run one command. Raises CommandFailed."""
    try:
        return await command.run(context)
    except InvalidCalendar as error:
        raise CommandFailed(str(error)) from error
    except Refused as refused:
        raise CommandFailed(refused.message) from refused
    except Unavailable as error:
        raise CommandFailed(str(error)) from error


# -- opening hours -----------------------------------------------------------------------------------------------


class ShowHours(OperatorCommand[protocol.Service], tag="hours"):
    """The service now, or `at` a moment (with offset, or naive in the calendar's zone)."""

    at: str | None

    async def run(self, context: OperatorContext) -> protocol.Service:
        calendar = await context.store.read(load_calendar)
        moment = context.clock() if self.at is None else parse_moment(calendar, self.at)
        domain_context = DomainContext(moment, await context.online_agents(), context.timeouts)
        return presenters.service(await context.store.read(service_status.current_service, domain_context))


class ShowCalendar(OperatorCommand[dict[str, object]], tag="calendar show"):
    """The calendar in force as JSON."""

    async def run(self, context: OperatorContext) -> dict[str, object]:
        return calendar_json.to_json(await context.store.read(load_calendar))


class SetCalendar(OperatorCommand[dict[str, object]], tag="calendar set"):
    """Put another calendar in force. `calendar` is any decoded JSON: the domain names every fault in it."""

    calendar: object

    async def run(self, context: OperatorContext) -> dict[str, object]:
        return calendar_json.to_json(await context.store.write(set_calendar, self.calendar))


# -- sites -------------------------------------------------------------------------------------------------------


class SiteEntry(Struct, frozen=True):
    """A site as `site list` prints it."""

    key: str
    name: str
    origins: list[str]


class ListSites(OperatorCommand[list[SiteEntry]], tag="site list"):
    """Every site, the oldest first."""

    async def run(self, context: OperatorContext) -> list[SiteEntry]:
        found = await context.store.read(sites.all_sites)
        return [SiteEntry(site.key, site.name, list(site.origins)) for site in found]


class SiteSecret(Struct, frozen=True):
    """The new secret of a site, None when none was asked for: it is never shown again."""

    key: str
    secret: str | None


class SetSite(OperatorCommand[SiteSecret], tag="site set"):
    """Change what is named of a site, or make the site: a new one needs a name and origins. `secret` asks for a new
    secret; secrets are reserved for signed identities, and nothing reads them yet."""

    key: str
    name: str | None
    origins: list[str] | None
    secret: bool

    async def run(self, context: OperatorContext) -> SiteSecret:
        if not SITE_KEY.fullmatch(self.key):
            raise CommandFailed(f"{self.key}: a site's key is 1 to 64 of A-Z, a-z, 0-9, dot, dash and underscore")
        secret = secrets.token_urlsafe(32) if self.secret else None
        origins = None if self.origins is None else list(map(browser_origin, self.origins))
        edit = sites.SiteEdit(name=self.name, origins=origins, secret=secret)
        await context.store.write(sites.set_site, self.key, edit, context.clock())
        return SiteSecret(self.key, secret)


def browser_origin(value: str) -> str:
    """An origin as browsers write it, because it is compared with their Origin header and stands in the content
    security policy of our pages. Raises CommandFailed."""
    try:
        return value if value == "localhost" else parse_origin(value)
    except ValueError as error:
        raise CommandFailed(f"{value} is no origin: {error}") from error


# -- the team ----------------------------------------------------------------------------------------------------


class Added(Struct, frozen=True):
    """The public id of what was added."""

    id: str


class AddDepartment(OperatorCommand[Added], tag="department add"):
    """Add a department that `categories` go to from now on."""

    name: str
    categories: list[str]

    async def run(self, context: OperatorContext) -> Added:
        return Added(await context.store.write(departments.add_department, self.name, self.categories))


class AddAgent(OperatorCommand[Added], tag="agent add"):
    """Add an agent, or bring a removed one back. Without `password_hash` they can't sign in until they follow a
    password link."""

    email: str
    name: str
    role: Role
    capacity: int
    departments: list[str]
    languages: list[str]
    password_hash: str | None

    async def run(self, context: OperatorContext) -> Added:
        new = agents.NewAgent(
            email=self.email,
            name=self.name,
            role=self.role,
            capacity=self.capacity,
            departments=self.departments,
            languages=self.languages,
            password_hash=self.password_hash,
        )
        return Added((await context.store.write(agents.add_agent, new, context.clock())).public_id)


class CreatePasswordLink(OperatorCommand[str], tag="agent link"):
    """The URL at which the agent sets a password once; their sessions end."""

    email: str

    async def run(self, context: OperatorContext) -> str:
        token = secrets.token_urlsafe(24)
        action = password_links.create_link_for_agent
        await context.store.write(action, self.email, hash_token(token), context.clock())
        return f"{context.settings.public_url}/password/{token}"


class RemoveAgent(OperatorCommand[None], tag="agent remove"):
    """Remove an agent: their sockets are cut, their chats go back to the queue."""

    email: str

    async def run(self, context: OperatorContext) -> None:
        await context.store.write(agents.remove_agent, self.email, context.clock())


async def create_owner_link(context: OperatorContext) -> str | None:
    """The URL at which the owner sets the first password, or None once an administrator can sign in. `serve` prints it;
    links made before stop working."""
    if not await context.store.read(password_links.needs_setup):
        return None
    token = secrets.token_urlsafe(24)
    await context.store.write(password_links.create_password_link, None, hash_token(token), context.clock())
    return f"{context.settings.public_url}/setup/{token}"


# Every command that the control socket decodes, by its tag.
COMMANDS = (
    ShowHours
    | ShowCalendar
    | SetCalendar
    | ListSites
    | SetSite
    | AddDepartment
    | AddAgent
    | CreatePasswordLink
    | RemoveAgent
)
