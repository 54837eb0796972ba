"""Rows about single queries on a large installation: 1,000 agents, 10,000 waiting chats and 10,000 open tickets.

python -m bench.query_rows            on SQLite and on PostgreSQL
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, update

from bench.fixtures import TIMEOUTS
from bench.query_fixtures import NOW, WAIT_S, DatabaseSize, fill_database, token_hash
from bench.rows import Row, format_table
from chat import jobs
from chat.cluster.embedded_valkey import EmbeddedValkey
from chat.cluster.presence import Presence
from chat.cluster.redis_client import Redis
from chat.domain import service_status
from chat.domain.context import DomainContext
from chat.domain.facts import OfferMade
from chat.domain.people.sessions import valid_sessions
from chat.domain.people.visitors import record_visit
from chat.domain.queries import inbox, node_sync
from chat.domain.queries import offers as ringing_offers
from chat.domain.queries.console import console_snapshot
from chat.domain.queries.tickets import moved_tickets, tickets_by_ids
from chat.domain.queries.visitors import VisitorIdentity, lookup_visitor
from chat.domain.reactions import react
from chat.domain.routing import department_transfer, due_work, idle_chats, lost_agents, offers
from chat.domain.rules.hours.availability import QueuePosition
from chat.domain.tickets import lifecycle
from chat.jobs import Job, JobRunner
from chat.settings import Settings
from chat.store.engines import Database
from chat.store.store import Store
from chat.store.tables import agents
from chat.store.transaction import RecordedFact, Transaction
from chat.worker import Worker
from tests.services import postgres

REPETITIONS = 7
RECONCILE_S = Settings.reconcile_s
SIZE = DatabaseSize()
ALL_ONLINE = DomainContext(NOW, frozenset(range(1, SIZE.agents + 1)), TIMEOUTS)
# The ids of three visitors: with an assigned chat, in the middle of the queue, with an open ticket.
ASSIGNED, MID_QUEUE, OPEN = 20, SIZE.assigned + SIZE.waiting // 2, SIZE.assigned + SIZE.waiting + 20


Query = Callable[[Connection], object]
# Every tenth agent and every tenth live chat: the sockets of one node of several.
NODE_AGENTS, NODE_TICKETS = range(10, SIZE.agents + 1, 10), range(10, SIZE.assigned + SIZE.waiting + 1, 10)
NODE_SESSIONS = [token_hash(agent_id) for agent_id in NODE_AGENTS]
CARDS = range(1, 51)


def _shown_position(position: int) -> QueuePosition:
    """The position that a visitor was shown who is at this one now. Each tenth visitor of the node has moved since, by
    a tenth: at this size seven chats are claimed per second, and so many visitors move by a twentieth."""
    shown = position if position % 100 else position + position // 10
    return QueuePosition(shown, shown * WAIT_S)


SHOWN_POSITIONS = {n: _shown_position(n - SIZE.assigned) if n > SIZE.assigned else None for n in NODE_TICKETS}
# Each query of a job of chat/jobs.py, and how many times per second the job runs it.
PERIODIC_QUERIES: dict[str, tuple[float, Query]] = {
    "worker: any due work": (1 / jobs.DUE_WORK_S, lambda sql: due_work.check(sql, ALL_ONLINE, ALL_ONLINE)),
    "worker: any lost agent back": (
        1 / jobs.DUE_WORK_S,
        lambda sql: lost_agents.has_returned_agents(sql, ALL_ONLINE),
    ),
    "worker: anything to offer": (1 / jobs.DUE_WORK_S, lambda sql: offers.has_work(sql, ALL_ONLINE)),
    "worker: any department transfer to offer": (1 / jobs.DUE_WORK_S, department_transfer.has_passed_transfers),
    "worker: any idle chat": (1 / jobs.IDLE_CHATS_S, lambda sql: idle_chats.has_idle_chats(sql, ALL_ONLINE)),
    "reconciliation: tickets updated since a moment": (
        1 / RECONCILE_S,
        lambda sql: node_sync.revisions_since(sql, NOW.replace(hour=10)),
    ),
    "reconciliation: next 1,000 ticket revisions": (
        1 / RECONCILE_S,
        lambda sql: node_sync.next_unfinished_revisions(sql, SIZE.assigned),
    ),
    "reconciliation: revisions of a node's 1,400 open tickets": (
        1 / RECONCILE_S,
        lambda sql: node_sync.ticket_revisions(sql, NODE_TICKETS),
    ),
    "reconciliation: offers of a node's 100 agents": (
        1 / RECONCILE_S,
        lambda sql: ringing_offers.offers_ringing_for(sql, NODE_AGENTS),
    ),
    "cards: 50 tickets with new messages": (1 / jobs.CARDS_S, lambda sql: tickets_by_ids(sql, CARDS)),
    # It runs after an event that may have moved the queue. At this size there is one in every period.
    "queue: positions of a node's 1,000 waiting chats, 100 of which have moved": (
        1 / jobs.QUEUE_S,
        lambda sql: moved_tickets(sql, SHOWN_POSITIONS),
    ),
    "sessions: those of a node's 100 agents": (
        1 / jobs.SESSIONS_S,
        lambda sql: valid_sessions(sql, NODE_SESSIONS, NOW),
    ),
    "departures: next 1,000 visitors marked present": (
        1 / jobs.DEPARTURES_S,
        lambda sql: node_sync.next_visitors_marked_present(sql, SIZE.assigned),
    ),
    "service monitor: current service": (
        1 / jobs.SERVICE_S,
        lambda sql: service_status.current_service(sql, ALL_ONLINE),
    ),
}
# Queries that an agent waits for, and their goals in ms.
AGENT_QUERIES: dict[str, tuple[float, Query]] = {
    "first page, waiting": (50, lambda sql: inbox.list_tickets(sql, 1, "waiting")),
    "first page, open": (50, lambda sql: inbox.list_tickets(sql, 1, "open")),
    "first page, all": (50, lambda sql: inbox.list_tickets(sql, 1, "all")),
    "search for a common word, open": (100, lambda sql: inbox.list_tickets(sql, 1, "open", "colis")),
    "search for an absent word, open": (100, lambda sql: inbox.list_tickets(sql, 1, "open", "introuvable")),
    "three lists and their counts": (100, lambda sql: inbox.inbox_snapshot(sql, 1)),
    "an agent's hello": (100, lambda sql: console_snapshot(sql, 1)),
}


def query_rows() -> list[Row]:
    """All rows, on a new SQLite file and on a new PostgreSQL."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        rows += measure_database("SQLite", f"sqlite:///{Path(folder) / 'guichet.db'}")
    with postgres() as server, server.database() as url:
        rows += measure_database("PostgreSQL", url)
    return rows


def measure_database(name: str, url: str) -> list[Row]:
    """Fill this database and measure all rows on it."""
    fill_database(url, SIZE)
    timer = QueryTimer(name, Database(url))
    rows = [*_periodic_rows(timer), *_agent_rows(timer), *_visitor_rows(timer), *_routing_rows(timer)]
    timer.database.close()
    return [*rows, asyncio.run(_slot_refill_row(name, url))]


def _row(what: str, value_ms: float, goal_ms: float) -> Row:
    """As rows.at_most, with two decimals: most queries take less than 1 ms."""
    return Row(what, f"{value_ms:.2f} ms", f"<= {goal_ms:g} ms", value_ms <= goal_ms)


@dataclass
class QueryTimer:
    """Times queries and commands on one database and rolls each of them back."""

    name: str
    database: Database

    def row(self, what: str, value_ms: float, goal_ms: float) -> Row:
        return _row(f"{self.name}: {what}", value_ms, goal_ms)

    @contextmanager
    def rolled_back(self, write: bool = False) -> Iterator[Connection]:
        with (self.database.writes if write else self.database.reads).connect() as sql:
            transaction = sql.begin()
            yield sql
            transaction.rollback()

    def wall_ms(self, query: Query) -> float:
        return self.median_ms(query, time.perf_counter)

    def cpu_ms(self, query: Query) -> float:
        """CPU of this process alone: PostgreSQL's does not block a node's event loop."""
        return self.median_ms(query, time.process_time)

    def median_ms(self, query: Query, clock: Callable[[], float], write: bool = False) -> float:
        times_s = []
        for _ in range(REPETITIONS):
            with self.rolled_back(write) as sql:
                began = clock()
                query(sql)
                times_s.append(clock() - began)
        return median(times_s) * 1e3


def _periodic_rows(timer: QueryTimer) -> Iterator[Row]:
    sum_ms = 0.0
    for what, (per_s, query) in PERIODIC_QUERIES.items():
        cpu_ms = timer.cpu_ms(query)
        sum_ms += per_s * cpu_ms
        yield timer.row(f"{what} (CPU)", cpu_ms, 5)
    yield timer.row("all periodic queries of a second, with 10,000 connected (CPU)", sum_ms, 15)


def _agent_rows(timer: QueryTimer) -> Iterator[Row]:
    for what, (goal_ms, query) in AGENT_QUERIES.items():
        yield timer.row(f"{what}, of 10,000", timer.wall_ms(query), goal_ms)


def _visitor_rows(timer: QueryTimer) -> Iterator[Row]:
    for what, n in (("with a chat", ASSIGNED), ("in the queue", MID_QUEUE), ("with an open ticket", OPEN)):
        who = VisitorIdentity(token_hash(n), 1, "fr")
        yield timer.row(f"hello of a visitor {what} (CPU)", timer.cpu_ms(partial(_look_up, who)), 1)
    write_ms = timer.median_ms(
        lambda sql: record_visit(Transaction(sql), ASSIGNED, "hidden", None, ALL_ONLINE), time.process_time, write=True
    )
    yield timer.row("update of a visitor's presence at hello (CPU)", write_ms, 1)


def _look_up(who: VisitorIdentity, sql: Connection) -> object:
    return lookup_visitor(sql, who, "here")


def _routing_rows(timer: QueryTimer) -> Iterator[Row]:
    """Double each agent's capacity, so that the router offers waiting chats to all; stop after 1,500 offers."""
    with timer.rolled_back(write=True) as sql:
        sql.execute(update(agents).values(capacity=agents.c.capacity * 2))
        offers.offer_waiting(Transaction(sql), ALL_ONLINE)
        made, began = 0, time.perf_counter()
        while made < 1_500:
            made += offers.offer_waiting(Transaction(sql), ALL_ONLINE)
        yield timer.row("a routing decision among 1,000 agents", (time.perf_counter() - began) * 1e3 / made, 1)


async def _slot_refill_row(name: str, url: str) -> Row:
    """The time from the commit that ends a chat to the commit of the next offer, which the worker makes."""
    async with AsyncExitStack() as stack:
        valkey = EmbeddedValkey()
        redis = Redis(await valkey.start())
        stack.push_async_callback(valkey.stop)
        stack.push_async_callback(redis.close)
        offered_at: asyncio.Queue[float] = asyncio.Queue()
        listeners: list[Callable[[Sequence[RecordedFact]], None]] = []
        store = Store(url, lambda facts: _announce(listeners, facts), react)
        team = Presence(redis, "agents", "bench")
        worker = Worker(store, team, lambda: NOW, TIMEOUTS)
        runner = JobRunner([Job(None, "offer waiting chats", worker.offer, worker.woken)])
        listeners += [worker.on_facts, lambda facts: _record_offers(facts, offered_at)]
        for service in (store, team, runner):
            await service.start()
            stack.push_async_callback(service.close)
        for agent_id in range(1, SIZE.agents + 1):
            team.add(str(agent_id))
        while len(await team.present() or ()) < SIZE.agents:  # noqa: ASYNC110 (presence has no event for it)
            await asyncio.sleep(0.05)
        times_s = [await _refill_slot(store, ticket, offered_at) for ticket in range(1, REPETITIONS + 1)]
    return _row(f"{name}: until a free slot is offered", median(times_s) * 1e3, 50)


def _announce(listeners: Sequence[Callable[[Sequence[RecordedFact]], None]], facts: Sequence[RecordedFact]) -> None:
    for listener in listeners:
        listener(facts)


def _record_offers(facts: Sequence[RecordedFact], offered_at: "asyncio.Queue[float]") -> None:
    for fact, _ in facts:
        if isinstance(fact, OfferMade):
            offered_at.put_nowait(time.perf_counter())


async def _refill_slot(store: Store, ticket: int, offered_at: "asyncio.Queue[float]") -> float:
    await store.write(lifecycle.end_by_agent, ticket, f"t_{ticket:08}", NOW)
    ended_at = time.perf_counter()
    return await offered_at.get() - ended_at


def main() -> int:
    rows = query_rows()
    print(format_table(rows))
    return int(not all(row.ok for row in rows))


if __name__ == "__main__":
    sys.exit(main())
