"""The desk at size: 1,000 agents, 10,000 chats that wait, 10,000 open tickets; what each question and verb takes.

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
from typing import TypedDict

from sqlalchemy import Connection, update

from bench.query_fixtures import NOW, Size, fill, token_hash
from chat.desk import endings, handing_on, held, inbox, offers, service, waits
from chat.desk.changes import PAUSES, Situation
from chat.desk.facts import OfferMade
from chat.desk.visitors import Newcomer, comes, coming
from chat.live.embedded import EmbeddedValkey
from chat.live.presence import Presence
from chat.live.redis import Redis
from chat.realtime.desks import whole_desk
from chat.store.engine import Database
from chat.store.tables import agents
from chat.store.works import Told, Work, Works
from chat.worker import Worker

TIMES = 7
SIZE = Size()
EVERYBODY = Situation(NOW, frozenset(range(1, SIZE.agents + 1)))
# Visitors of each kind: with an agent, halfway down the queue, with an open ticket.
TAKEN, HALFWAY, OPEN = 20, SIZE.taken + SIZE.waiting // 2, SIZE.taken + SIZE.waiting + 20


class Row(TypedDict):
    """One line of the table."""

    what: str
    value: str
    goal: str
    ok: bool


Question = Callable[[Connection], object]
# What a node asks by itself, and how often a second.
LOOKS: dict[str, tuple[float, Question]] = {
    "worker: anybody waits": (1, waits.anybody_waits),
    "worker: anybody back": (1, lambda sql: waits.anybody_back(sql, EVERYBODY)),
    "worker: anything to offer": (1, lambda sql: offers.anything_to_offer(sql, EVERYBODY)),
    "worker: anything to hand on": (1, handing_on.anything_to_hand_on),
    "worker: any offer overdue": (1, lambda sql: offers.any_overdue(sql, NOW)),
    "worker: anybody absent": (1, lambda sql: waits.anybody_absent(sql, EVERYBODY)),
    "worker: any long wait": (1, lambda sql: waits.any_long_wait(sql, EVERYBODY, PAUSES)),
    "worker: any silence": (0.1, lambda sql: waits.any_silence(sql, NOW, PAUSES)),
    "net: moved": (0.2, lambda sql: held.moved(sql, NOW.replace(hour=10))),
    "net: the next 1,000 marks": (0.2, lambda sql: held.next_marks(sql, SIZE.taken)),
    "leaving: the next 1,000 not gone": (0.5, lambda sql: held.next_not_gone(sql, SIZE.taken)),
    "outlook: service": (0.33, lambda sql: service.now_for(sql, EVERYBODY)),
}
# What an agent waits for, and how long at most, in ms.
LISTS: dict[str, tuple[float, Question]] = {
    "first page, waiting": (50, lambda sql: inbox.list_tickets(sql, 1, "waiting")),
    "first page, open": (50, lambda sql: inbox.list_tickets(sql, 1, "open")),
    "first page, all": (50, lambda sql: inbox.list_tickets(sql, 1, "all")),
    "search a word that many say, open": (100, lambda sql: inbox.list_tickets(sql, 1, "open", "colis")),
    "search a word that nobody says, open": (100, lambda sql: inbox.list_tickets(sql, 1, "open", "introuvable")),
    "three lists and their counts": (100, lambda sql: inbox.hello(sql, 1)),
    "an agent's hello": (100, lambda sql: whole_desk(sql, 1)),
}


def rows() -> list[Row]:
    """Everything, on a fresh SQLite file and on a fresh PostgreSQL."""
    # Only here: whoever imports this module need not have the servers that tests start.
    from tests.services import postgres

    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        found += measured("SQLite", f"sqlite:///{Path(folder) / 'guichet.db'}")
    with postgres() as server, server.database() as url:
        found += measured("PostgreSQL", url)
    return found


def measured(name: str, url: str) -> list[Row]:
    """All rows on one database, which is filled first."""
    fill(url, SIZE)
    stopwatch = Stopwatch(name, Database(url))
    found = [*_looks(stopwatch), *_lists(stopwatch), *_comings(stopwatch), *_decisions(stopwatch)]
    stopwatch.database.close()
    return [*found, asyncio.run(_freed_place(name, url))]


@dataclass
class Stopwatch:
    """Times questions and verbs on one database, each undone."""

    name: str
    database: Database

    def row(self, what: str, value_ms: float, goal_ms: float) -> Row:
        value, goal = f"{value_ms:.2f} ms", f"<= {goal_ms:g} ms"
        return Row(what=f"{self.name}: {what}", value=value, goal=goal, ok=value_ms <= goal_ms)

    @contextmanager
    def undone(self, write: bool = False) -> Iterator[Connection]:
        with (self.database.writes if write else self.database.reads).connect() as sql:
            transaction = sql.begin()
            yield sql
            transaction.rollback()

    def wall_ms(self, question: Question) -> float:
        return self._median(question, time.perf_counter)

    def cpu_ms(self, question: Question) -> float:
        """Of this process alone: what PostgreSQL computes is not on the loop's account."""
        return self._median(question, time.process_time)

    def _median(self, question: Question, clock: Callable[[], float], write: bool = False) -> float:
        taken = []
        for _ in range(TIMES):
            with self.undone(write) as sql:
                began = clock()
                question(sql)
                taken.append(clock() - began)
        return median(taken) * 1e3


def _looks(on: Stopwatch) -> Iterator[Row]:
    a_second = 0.0
    for what, (often, question) in LOOKS.items():
        cpu_ms = on.cpu_ms(question)
        a_second += often * cpu_ms
        yield on.row(f"{what} (CPU)", cpu_ms, 5)
    yield on.row("all looks of a second, with 10,000 connected (CPU)", a_second, 15)


def _lists(on: Stopwatch) -> Iterator[Row]:
    for what, (goal_ms, question) in LISTS.items():
        yield on.row(f"{what}, of 10,000", on.wall_ms(question), goal_ms)


def _comings(on: Stopwatch) -> Iterator[Row]:
    for what, n in (("chats", TAKEN), ("waits", HALFWAY), ("has an open ticket", OPEN)):
        who = Newcomer(token_hash(n), 1, "fr")
        yield on.row(f"a visitor who {what} comes back (CPU)", on.cpu_ms(partial(_hello, who)), 1)
    there = on._median(lambda sql: comes(Work(sql), TAKEN, "hidden", None, NOW), time.process_time, write=True)
    yield on.row("and was not there (CPU)", there, 1)


def _hello(who: Newcomer, sql: Connection) -> object:
    return coming(sql, who, "here")


def _decisions(on: Stopwatch) -> Iterator[Row]:
    """Everybody has four more places: all are to be filled from the queue, which is cut off after a while."""
    with on.undone(write=True) as sql:
        sql.execute(update(agents).values(capacity=agents.c.capacity * 2))
        offers.offer_waiting(Work(sql), EVERYBODY)
        made, began = 0, time.perf_counter()
        while made < 1_500:
            made += offers.offer_waiting(Work(sql), EVERYBODY)
        yield on.row("a decision among 1,000 agents", (time.perf_counter() - began) * 1e3 / made, 1)


async def _freed_place(name: str, url: str) -> Row:
    """From the moment at which the end of a chat is committed to the one at which the offer is, through the worker."""
    async with AsyncExitStack() as rooms:
        valkey = EmbeddedValkey()
        redis = Redis(await valkey.start())
        rooms.push_async_callback(valkey.stop)
        rooms.push_async_callback(redis.close)
        offered: asyncio.Queue[float] = asyncio.Queue()
        ears: list[Callable[[Sequence[Told]], None]] = []
        works = Works(url, lambda told: _tell(ears, told))
        team = Presence(redis, "agents", "bench")
        worker = Worker(works, team, lambda: NOW, PAUSES, ticking=False)
        ears += [worker.heard, lambda told: _note(told, offered)]
        for room in (works, team, worker):
            await room.start()
            rooms.push_async_callback(room.close)
        for agent_id in range(1, SIZE.agents + 1):
            team.hold(str(agent_id))
        while len(await team.present() or ()) < SIZE.agents:  # noqa: ASYNC110 (presence tells nobody)
            await asyncio.sleep(0.05)
        taken = [await _filled_again(works, ticket, offered) for ticket in range(1, TIMES + 1)]
    value_ms = median(taken) * 1e3
    what = f"{name}: until a freed place is filled"
    return Row(what=what, value=f"{value_ms:.2f} ms", goal="<= 50 ms", ok=value_ms <= 50)


def _tell(ears: Sequence[Callable[[Sequence[Told]], None]], told: Sequence[Told]) -> None:
    for ear in ears:
        ear(told)


def _note(told: Sequence[Told], offered: "asyncio.Queue[float]") -> None:
    for fact, _ in told:
        if isinstance(fact, OfferMade):
            offered.put_nowait(time.perf_counter())


async def _filled_again(works: Works, ticket: int, offered: "asyncio.Queue[float]") -> float:
    await works.run(endings.end_by_agent, ticket, f"t_{ticket:08}", NOW)
    freed = time.perf_counter()
    return await offered.get() - freed


def main() -> int:
    found = rows()
    for row in found:
        print(f"{'ok  ' if row['ok'] else 'MISS'} {row['what']:75} {row['value']:>12}  {row['goal']}")
    return int(not all(row["ok"] for row in found))


if __name__ == "__main__":
    sys.exit(main())
