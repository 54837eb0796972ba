"""The composition of a node: every part made once, wired together, started in order and ended in reverse."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from aiohttp import web

from chat.cli.operator_commands import OperatorContext
from chat.cluster.bus.bus import Bus
from chat.cluster.presence import Presence
from chat.cluster.rate_limits import RateLimits
from chat.cluster.redis_client import Redis
from chat.domain.context import Timeouts
from chat.domain.reactions import react
from chat.domain.seed import seed
from chat.event_publisher import EventPublisher
from chat.events.base import EventContext
from chat.jobs import JobRunner, jobs_of_node
from chat.links import TicketLinks
from chat.realtime.context import HandshakeReader, Services
from chat.realtime.server import Realtime
from chat.settings import Settings
from chat.store.store import Store
from chat.store.transaction import RecordedFact
from chat.web import routes
from chat.web.auth import login, tokens
from chat.web.core import origins, proxies
from chat.web.core.context import WebContext
from chat.worker import Worker

Clock = Callable[[], datetime]
FactListener = Callable[[Sequence[RecordedFact]], None]

# A visitor who opens another page is back within this time, and was never gone.
VISITOR_GRACE_S = 10.0
# Larger than any form, in bytes: the routes have a limit of their own and answer 413 with a sentence.
MAX_BODY = 131_072


def utc_now() -> datetime:
    """The one clock. Namespaces, routes and jobs hand its time to actions and rules, which never read one."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Node:
    """A started node: its aiohttp application, and what the operator's commands work on."""

    app: web.Application
    operator: OperatorContext


@contextlib.asynccontextmanager
async def start_node(
    settings: Settings, redis_url: str, clock: Clock = utc_now, *, runs_ticket_jobs: bool = True
) -> AsyncIterator[Node]:
    """Start all parts of one node. `runs_ticket_jobs` False leaves the jobs on tickets to another node."""
    fact_listeners: list[FactListener] = []
    store = Store(settings.database_url, partial(_notify, fact_listeners), react)
    redis, node_id = Redis(redis_url), secrets.token_hex(6)
    services = _services(settings, store, redis, node_id, clock)
    bus, realtime, publisher = _realtime(services, redis, node_id)
    worker = Worker(store, services.agent_presence, clock, services.timeouts)
    jobs = JobRunner(jobs_of_node(realtime, worker, settings, runs_ticket_jobs=runs_ticket_jobs))
    # Every listener of committed facts, in the order in which they are called.
    fact_listeners += [realtime.on_facts, publisher.deliver, worker.on_facts]
    async with contextlib.AsyncExitStack() as started:
        started.push_async_callback(redis.close)
        await store.start()
        started.push_async_callback(store.close)
        for part in (services.agent_presence, services.visitor_presence, bus):
            await part.start()
            started.push_async_callback(part.close)
        started.push_async_callback(realtime.close)
        await jobs.start()
        started.push_async_callback(jobs.close)
        await store.write(seed, clock())
        yield Node(
            _web_app(services, redis, realtime),
            OperatorContext(settings, store, clock, services.timeouts, _online_agents(services)),
        )


def _services(settings: Settings, store: Store, redis: Redis, node_id: str, clock: Clock) -> Services:
    return Services(
        settings,
        store,
        TicketLinks(settings.secret_key.encode(), settings.public_url),
        Presence(redis, "agents", node_id, settings.agent_grace_s),
        Presence(redis, "visitors", node_id, VISITOR_GRACE_S),
        RateLimits(redis),
        clock,
        timeouts_of(settings),
        _handshakes(settings),
    )


def _handshakes(settings: Settings) -> HandshakeReader:
    return HandshakeReader(
        session=partial(login.session_of, settings),
        address=lambda request: proxies.client_address(request, settings.trusted_proxies),
        address_hash=lambda request: proxies.address_hash(request, settings),
        is_own_origin=partial(origins.is_own_origin, settings),
        hash_token=tokens.hash_token,
    )


def _realtime(services: Services, redis: Redis, node_id: str) -> tuple[Bus, Realtime, EventPublisher]:
    """The bus, the sockets, and the publisher that sends to both. The sockets and the publishers need each other, so
    the callbacks look the later ones up when they are called."""
    bus = Bus(
        redis,
        node_id,
        on_payload=lambda payload: realtime.on_bus_payload(payload),
        on_recovered=lambda: realtime.on_bus_recovered(),
    )
    realtime = Realtime(
        services,
        bus,
        announce_locally=lambda facts: local_publisher.deliver(facts),
        announce=lambda facts: cluster_publisher.deliver(facts),
    )
    context = EventContext(services.links, realtime.connected)
    local_publisher = EventPublisher(context, realtime.emit, send=lambda emission: None)
    cluster_publisher = replace(local_publisher, send=realtime.send_remote)
    return bus, realtime, cluster_publisher


def _web_app(services: Services, redis: Redis, realtime: Realtime) -> web.Application:
    app = web.Application(client_max_size=MAX_BODY)
    context = WebContext(
        services.settings,
        services.store,
        services.links,
        services.agent_presence,
        redis,
        services.limits,
        services.clock,
        services.timeouts,
    )
    routes.install(app, context)
    realtime.attach(app)
    return app


def _notify(listeners: Sequence[FactListener], facts: Sequence[RecordedFact]) -> None:
    for listener in listeners:
        listener(facts)


def _online_agents(services: Services) -> Callable[[], Awaitable[frozenset[int] | None]]:
    async def online_agents() -> frozenset[int] | None:
        keys = await services.agent_presence.present()
        return None if keys is None else frozenset(map(int, keys))

    return online_agents


def timeouts_of(settings: Settings) -> Timeouts:
    """The settings' seconds as the domain wants them."""
    return Timeouts(
        ring=timedelta(seconds=settings.offer_ring_s),
        return_grace=timedelta(seconds=settings.agent_return_s),
        offer_form_after=timedelta(seconds=settings.form_offer_s),
        close_wait_after=timedelta(seconds=settings.wait_close_s),
        idle_after=timedelta(seconds=settings.idle_s),
        close_idle_after=timedelta(seconds=settings.idle_close_s),
        promise_soon=timedelta(hours=settings.promise_soon_h),
        promise_close=timedelta(hours=settings.promise_close_h),
    )
