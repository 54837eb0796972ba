"""The fast path of posts has the same result as the slow path, whatever happens in between."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, make_url, select, update

from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch, post_or_refusal
from chat.store.rows import MessageRow
from chat.store.tables import agents, messages, tickets
from chat.store.transaction import Transaction, Unavailable
from tests.domain.conftest import install_at, node
from tests.domain.domain_driver import Agent, DomainDriver, Visitor, read_up_to
from tests.services import Postgres

Batch = Callable[[Sequence[Transaction], Sequence[Post]], Sequence[MessageRow | Exception]]
TEXTS = ("Bonjour", "Où en est\nma commande ?", "  Merci ! ", "e\u0301", "", " \n", "a\0b", "x" * 4001)


def slow_path_only(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """`post_batch` without the fast path."""
    return [post_or_refusal(tx, post) for tx, post in zip(store, posts, strict=True)]


def write_and_raise(tx: Transaction) -> None:
    tx.sql.execute(update(tickets).values(unread=99))
    raise ZeroDivisionError


def roll_back_and_raise(tx: Transaction) -> None:
    """Roll the whole transaction back, as SQLite does when the disk is full."""
    driver = tx.sql.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.execute("ROLLBACK")
    raise Unavailable


class RandomRun:
    """Random operations of three visitors and two agents; the same seed makes the same operations."""

    def __init__(self, driver: DomainDriver, batch: Batch, seed: int) -> None:
        self.driver, self.batch, self.random = driver, batch, Random(seed)
        self.visitors: list[Visitor] = []
        self.agents: list[Agent] = []
        self.posts: list[Post] = []
        self.answers: list[object] = []

    async def begin(self) -> None:
        self.agents = [await self.driver.agent(name) for name in ("Ada", "Ben")]
        for name in ("Vic", "Zoe", "Kim"):
            visitor = self.driver.visitor(name)
            await visitor.starts(f"Bonjour, {name}", f"first-words-{name}")
            await self.driver.store.post(self.batch, self.post(visitor, "J'arrive", self.agents[0]))
            self.visitors.append(visitor)

    def post(self, visitor: Visitor, text: str, agent: Agent | None = None) -> Post:
        author = {"visitor_id": visitor.id} if agent is None else {"agent_id": agent.id}
        self.posts.append(Post(visitor.ticket, f"client-id-{len(self.posts)}", text, self.driver.context, **author))
        return self.posts[-1]

    def random_post(self) -> Post:
        """Mostly from a visitor or their agent; sometimes from another one, or a repeat."""
        odds = self.random.random()
        if odds < 0.15:
            repeated = self.random.choice(self.posts)
            return repeated if odds < 0.1 else repeated._replace(text="Autre chose")
        visitor = self.random.choice(self.visitors)
        text = self.random.choice(TEXTS[:4] if odds < 0.9 else TEXTS)
        if odds < 0.2:
            return self.post(visitor, text)._replace(visitor_id=self.random.choice(self.visitors).id)
        agent = self.agents[0] if odds < 0.5 else self.agents[1] if odds < 0.55 else None
        return self.post(visitor, text, agent)

    async def post_some(self) -> None:
        posts = [self.random_post() for _ in range(self.random.randint(1, 9))]
        await self.gather([self.driver.store.post(self.batch, post) for post in posts])

    async def gather(self, calls: Sequence[Awaitable[object]]) -> None:
        self.answers += map(without_ids, await asyncio.gather(*calls, return_exceptions=True))

    async def act(self) -> None:
        visitor, agent = self.random.choice(self.visitors), self.random.choice(self.agents)
        seq = self.random.randint(1, 40)
        actions: list[Callable[[], Awaitable[object]]] = [
            lambda: agent.claims(visitor.ticket, over=True),
            lambda: agent.reads(visitor.ticket, seq),
            lambda: visitor.reads(seq),
            lambda: agent.notes(visitor.ticket, "VIP", f"note-{len(self.answers)}"),
            lambda: agent.hands_over(visitor.ticket, self.agents[1]),
            lambda: agent.takes_over(visitor.ticket),
            lambda: agent.ends(visitor.ticket),
            lambda: agent.sets(visitor.ticket, "pending"),
            lambda: visitor.is_now("gone" if seq < 20 else "here"),
            lambda: visitor.leaves_address(wait=seq < 20),
            self.driver.run_worker,
            lambda: self.driver.run(write_and_raise),
            lambda: self.driver.run(roll_back_and_raise),
        ]
        await self.gather([self.random.choice(actions)()])

    async def post_and_act(self) -> None:
        """Posts and an action in one transaction, in the order of the calls."""
        store, visitor, agent = self.driver.store, self.random.choice(self.visitors), self.random.choice(self.agents)
        actions: list[Callable[[], Awaitable[object]]] = [
            lambda: store.write(read_up_to, visitor.ticket, 40, self.driver.now, agent_id=agent.id),
            lambda: store.write(write_and_raise),
            lambda: store.write(roll_back_and_raise),
        ]
        posts = [store.post(self.batch, self.random_post()) for _ in range(6)]
        await self.gather([*posts[:3], self.random.choice(actions)(), *posts[3:]])

    async def step(self, together: bool) -> None:
        self.driver.later(seconds=self.random.choice((0.0015, 2, 400)))
        steps = (
            [self.post_some, self.post_some, self.act, self.post_and_act] if together else [self.post_some, self.act]
        )
        await self.random.choice(steps)()
        await self.driver.compare()


def without_ids(answer: object) -> object:
    """An answer without its random ids."""
    if isinstance(answer, MessageRow):
        return answer.seq, answer.author, answer.author_name, answer.text, answer.at
    return type(answer).__name__ if isinstance(answer, Exception) else None


def all_rows(sql: Connection) -> list[list[tuple[object, ...]]]:
    """Tickets and messages without random ids and sequence numbers."""
    random_columns = ("public_id",)
    of_messages = [column for column in messages.c if column.name not in (*random_columns, "id")]
    of_tickets = [column for column in tickets.c if column.name not in (*random_columns, "last_agent")]
    last_agent = select(agents.c.name).where(agents.c.public_id == tickets.c.last_agent).scalar_subquery()
    queries = (
        select(*of_tickets, last_agent).order_by(tickets.c.id),
        select(*of_messages).order_by(messages.c.ticket_id, messages.c.seq),
    )
    return [[tuple(row) for row in sql.execute(query)] for query in queries]


@asynccontextmanager
async def crashed(driver: DomainDriver, folder: Path) -> AsyncIterator[DomainDriver]:
    """The database as the next process finds it after a crash: the files without what was in memory."""
    path = Path(str(make_url(str(driver.store._database.writes.url)).database))
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", folder / f"again.db{suffix}")
    async with node(f"sqlite:///{folder / 'again.db'}") as again:
        again.now, again.online, again.runs_twice = driver.now, driver.online, False
        yield again


async def assert_same_result(fast: RandomRun, slow: RandomRun) -> None:
    assert fast.answers == slow.answers
    assert await fast.driver.read(all_rows) == await slow.driver.read(all_rows)


@pytest.mark.parametrize("seed", range(6))
async def test_fast_and_slow_path_have_the_same_result(seed: int, new_install: Path, tmp_path: Path) -> None:
    urls = [f"sqlite:///{shutil.copy(new_install, tmp_path / name)}" for name in ("short.db", "long.db")]
    async with node(urls[0]) as fast, node(urls[1]) as slow:
        fast.runs_twice = slow.runs_twice = False
        runs = RandomRun(fast, post_batch, seed), RandomRun(slow, slow_path_only, seed)
        for run in runs:
            await run.begin()
            for _ in range(30):
                await run.step(together=True)
        await assert_same_result(*runs)


@pytest.mark.parametrize("seed", range(2))
async def test_fast_and_slow_path_have_the_same_result_on_postgresql(seed: int, postgres: Postgres) -> None:
    async with AsyncExitStack() as stack:
        urls = [stack.enter_context(postgres.database(install_at)) for _ in range(2)]
        fast, slow = [await stack.enter_async_context(node(url)) for url in urls]
        runs = RandomRun(fast, post_batch, seed), RandomRun(slow, slow_path_only, seed)
        for run in runs:
            await run.begin()
            for _ in range(20):
                await run.step(together=False)
        await assert_same_result(*runs)


@pytest.mark.parametrize("seed", range(3))
async def test_ticket_rows_are_repaired_after_a_crash(seed: int, new_install: Path, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        urls = [f"sqlite:///{shutil.copy(new_install, tmp_path / name)}" for name in ("short.db", "long.db")]
        fast, slow = [await stack.enter_async_context(node(url)) for url in urls]
        fast.runs_twice = slow.runs_twice = False
        runs = RandomRun(fast, post_batch, seed), RandomRun(slow, slow_path_only, seed)
        for run in runs:
            await run.begin()
        for number in range(6):
            for run in runs:
                await run.post_some()
            folder = tmp_path / str(number)
            folder.mkdir()
            runs[0].driver = await stack.enter_async_context(crashed(runs[0].driver, folder))
        await assert_same_result(*runs)
