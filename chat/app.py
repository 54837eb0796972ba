"""The map of the system: every room, made once and put behind its doors."""

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from aiohttp import web

from chat import admin, control
from chat.admin import Desk
from chat.desk.changes import Pauses
from chat.desk.dialogue import mend
from chat.desk.install import seed
from chat.lane.porch import Porch
from chat.live.bus import Bus
from chat.live.embedded import EmbeddedValkey
from chat.live.limits import Limits
from chat.live.presence import Presence
from chat.live.redis import Redis
from chat.present import Links
from chat.publish import Publisher
from chat.realtime.behind import Behind, Handshakes
from chat.realtime.server import Realtime
from chat.settings import Settings
from chat.store.migrations import head_is, migrate
from chat.store.works import Told, Works
from chat.web import identity, origins, proxies, routes, tokens
from chat.web.doors import Doors
from chat.worker import Worker

Clock = Callable[[], datetime]
Say = Callable[[str], None]

# A visitor who changes the page is back within this time, and was never gone.
VISITOR_GRACE_S = 10.0
# Longer than any form: our own limit answers 413 in words.
LARGEST_BODY = 131_072


def utc_now() -> datetime:
    """The one clock; the doors hand its time to verbs and rules, which never read one."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """A node, started: its app for the doors, and its desk for the operator's commands."""

    app: web.Application
    desk: Desk


@contextlib.asynccontextmanager
async def house(
    settings: Settings, redis_url: str, clock: Clock = utc_now, *, ticking: bool = True
) -> AsyncIterator[House]:
    """Every room of one node, started in the order in which they need each other and ended in reverse."""
    node = secrets.token_hex(6)
    ears: list[Callable[[Sequence[Told]], None]] = []
    works = Works(settings.database_url, lambda told: _tell(ears, told))
    redis = Redis(redis_url)
    agents = Presence(redis, "agents", node, settings.grace_s)
    visitors = Presence(redis, "visitors", node, VISITOR_GRACE_S)
    limits, links = Limits(redis), Links(settings.secret_key.encode(), settings.public_url)

    behind = Behind(settings, works, links, agents, visitors, limits, clock, _handshakes(settings))
    bus = Bus(redis, node, hear=lambda payload: realtime.hear(payload), healed=lambda: realtime.healed())
    realtime = Realtime(
        behind, bus, again=lambda told: here.deliver(told), announce=lambda told: everywhere.deliver(told)
    )
    here = Publisher(links, realtime.emit, send=lambda told: None, connected=realtime.connected)
    everywhere = replace(here, send=realtime.elsewhere)
    worker = Worker(works, agents, clock, pauses_of(settings), ticking=ticking)
    ears += [realtime.heard, everywhere.deliver, worker.heard]

    app = web.Application(client_max_size=LARGEST_BODY)
    routes.install(app, Doors(settings, works, links, agents, redis, limits, clock))
    realtime.attach(app)

    async def present() -> frozenset[int] | None:
        keys = await agents.present()
        return None if keys is None else frozenset(map(int, keys))

    async with contextlib.AsyncExitStack() as rooms:
        rooms.push_async_callback(redis.close)
        await works.start()
        rooms.push_async_callback(works.close)
        await works.run(mend)  # before anybody looks: after a crash some rows are behind their messages
        for room in (agents, visitors, bus, realtime, worker):
            await room.start()
            rooms.push_async_callback(room.close)
        await works.run(seed, clock())
        yield House(app, Desk(settings, works, clock, present))


def _tell(ears: Sequence[Callable[[Sequence[Told]], None]], told: Sequence[Told]) -> None:
    for ear in ears:
        ear(told)


def _handshakes(settings: Settings) -> Handshakes:
    return Handshakes(
        session=partial(identity.session_of, settings),
        address=lambda request: proxies.client_address(request, settings.trusted_proxies),
        is_own=partial(origins.is_own, settings),
        hashed=tokens.hashed,
    )


def pauses_of(settings: Settings) -> Pauses:
    """The settings' seconds as the domain wants them."""
    return Pauses(
        offer=timedelta(seconds=settings.offer_s),
        give_back=timedelta(seconds=settings.give_back_s),
        form_offer=timedelta(seconds=settings.form_offer_s),
        wait_end=timedelta(seconds=settings.wait_end_s),
        quiet=timedelta(seconds=settings.quiet_s),
        quiet_end=timedelta(seconds=settings.quiet_end_s),
    )


# -- the processes of the Procfile -----------------------------------------------------------------------------


async def serve(settings: Settings, say: Say) -> None:
    """One process with all it needs; the caller holds DATA_DIR. Prints where to go. Raises CannotListen."""
    stop = told_to_stop()
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, settings.database_url)
        redis_url: str = settings.redis_url or await _embedded(stack)
        door, settings = listen(settings)
        home = await stack.enter_async_context(house(settings, redis_url))
        await stack.enter_async_context(control.listening(home.desk))
        spare_the_collector()
        await stack.enter_async_context(open_doors(home.app, door))
        await _say_where(home.desk, say)
        await stop.wait()


async def _embedded(stack: contextlib.AsyncExitStack) -> str:
    valkey = EmbeddedValkey()
    url = await valkey.start()
    stack.push_async_callback(valkey.stop)
    return url


async def _say_where(desk: Desk, say: Say) -> None:
    say(f"Shop     {desk.settings.public_url}/")
    say(f"Console  {desk.settings.public_url}/console")
    link = (await admin.run(desk, "owner link", {}))["link"]
    if link:
        say(f"Owner    {link}  (once: sets the first password)")


async def web_node(settings: Settings, say: Say) -> None:
    """One node of several; the worker process does what happens by itself. Raises CannotListen and NotMigrated."""
    assert settings.redis_url is not None
    stop, redis_url = told_to_stop(), settings.redis_url
    await check_schema(settings)
    door, settings = listen(settings)
    async with house(settings, redis_url, ticking=False) as home:
        spare_the_collector()
        async with open_doors(home.app, door):
            say(f"Listening on {settings.public_url}")
            await stop.wait()


async def worker_node(settings: Settings, say: Say) -> None:
    """What happens by itself, for the nodes of `web`: a node without doors. Raises NotMigrated."""
    assert settings.redis_url is not None
    stop = told_to_stop()
    await check_schema(settings)
    async with house(settings, settings.redis_url):
        say("Working")
        await stop.wait()


class NotMigrated(Exception):
    """The database is empty, or of another version."""


async def check_schema(settings: Settings) -> None:
    """Raises NotMigrated: a node of many changes no schema under the others."""
    if not await asyncio.to_thread(head_is, settings.database_url):
        raise NotMigrated("the database has not this version's schema: run python -m chat migrate")


class CannotListen(Exception):
    """The port is taken, or HOST is not of this machine."""


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """The socket to listen on, and the settings with the port that it took when PORT is 0. Raises CannotListen.

    It is bound and does not listen yet: who comes while the house is being started is refused and tries again, instead
    of waiting in line for seconds.
    """
    door = socket.socket(family_of(settings.host), socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if settings.host == "::" and socket.has_dualstack_ipv6():
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        door.bind((settings.host, settings.port))
    except OSError as error:
        door.close()
        why = error.strerror.partition(" (while")[0] if error.strerror else str(error)
        raise CannotListen(f"{settings.host}:{settings.port} can't be listened on: {why}") from error
    port = door.getsockname()[1]
    return door, replace(settings, port=port, public_url=named(settings.public_url, port))


def family_of(host: str) -> socket.AddressFamily:
    """The library takes every host for one of the old kind unless it is told."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def named(public_url: str, port: int) -> str:
    """PORT 0 makes the usual address end in :0; every other one is the owner's word."""
    return f"{public_url.removesuffix(':0')}:{port}" if public_url.endswith(":0") else public_url


@contextlib.asynccontextmanager
async def open_doors(app: web.Application, door: socket.socket) -> AsyncIterator[None]:
    """Serve the app; at the end what is under way has a few seconds, for the sockets are told to come back."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    assert runner.server is not None
    porch = Porch(runner.server)
    try:
        listening = await asyncio.get_running_loop().create_server(porch, sock=door, backlog=4096)
        try:
            yield
        finally:
            listening.close()
    finally:
        porch.close()
        await runner.cleanup()


def spare_the_collector() -> None:
    """What a started house is made of stays for good: looked through again and again it would cost a tenth of the CPU
    that messages take, and stops of 100 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def told_to_stop() -> asyncio.Event:
    """Set by SIGTERM or Ctrl-C from now on: what is being started is started, and then ended in order."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
