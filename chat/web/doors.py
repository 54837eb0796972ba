"""What every HTTP door has at hand: made by app.py, found under one key."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

from aiohttp import web

from chat.desk.changes import Situation
from chat.live.limits import Limits
from chat.live.presence import Presence
from chat.live.redis import Redis
from chat.present import Links
from chat.settings import Settings
from chat.store.works import Works
from chat.web.assets import Assets
from chat.web.passwords import Passwords
from chat.web.templates import Templates

HERE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Doors:
    """The rooms behind the doors. `clock` gives aware UTC times; nothing else in here reads a clock."""

    settings: Settings
    works: Works
    links: Links
    agents: Presence
    redis: Redis
    limits: Limits
    clock: Callable[[], datetime]
    assets: Assets = field(default_factory=lambda: Assets(HERE))
    passwords: Passwords = field(default_factory=Passwords)

    @cached_property
    def templates(self) -> Templates:
        return Templates(HERE, self.assets.url)

    async def situation(self, now: datetime | None = None) -> Situation:
        """The moment and the agents who are connected; `present` None while Redis can't be asked."""
        keys = await self.agents.present()
        return Situation(now or self.clock(), None if keys is None else frozenset(map(int, keys)))


DOORS = web.AppKey("DOORS", Doors)


def doors_of(request: web.Request) -> Doors:
    return request.app[DOORS]
