"""WebContext: what every HTTP handler works with. app.py makes it; `context_of` finds it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from aiohttp import web

from chat.cluster.presence import Presence
from chat.cluster.rate_limits import RateLimits
from chat.cluster.redis_client import Redis
from chat.domain.context import DomainContext, Timeouts
from chat.links import TicketLinks
from chat.settings import Settings
from chat.store.store import Store
from chat.web.core.assets import Assets
from chat.web.core.passwords import Passwords
from chat.web.core.templates import Templates

PACKAGE_DIR = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class WebContext:
    """`clock` gives aware UTC times; nothing else in chat/web reads a clock."""

    settings: Settings
    store: Store
    links: TicketLinks
    agent_presence: Presence
    redis: Redis
    limits: RateLimits
    clock: Callable[[], datetime]
    timeouts: Timeouts
    assets: Assets = field(default_factory=lambda: Assets(PACKAGE_DIR))
    passwords: Passwords = field(default_factory=Passwords)

    @cached_property
    def templates(self) -> Templates:
        return Templates(PACKAGE_DIR, self.assets.url)

    async def domain_context(self, now: datetime | None = None) -> DomainContext:
        """The time, the agents online (None while Redis does not answer), and the configured timeouts."""
        keys = await self.agent_presence.present()
        return DomainContext(now or self.clock(), None if keys is None else frozenset(map(int, keys)), self.timeouts)


WEB_CONTEXT = web.AppKey("WEB_CONTEXT", WebContext)


def context_of(request: web.Request) -> WebContext:
    return request.app[WEB_CONTEXT]
