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

from chat.domain.messages import fast_path
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch, post_or_refusal
from chat.store.rows import MessageRow
from chat.store.tables import messages as lines
from chat.store.tables import tickets
from chat.store.transaction import Transaction, Unavailable
from tests.domain.conftest import install_at, node
from tests.domain.domain_driver import Agent, Desk, Visitor, read_up_to
from tests.services import Postgres

Batch = Callable[[Sequence[Transaction], Sequence[Post]], Sequence[MessageRow | Exception]]
TEXTS = ("Bonjour", "Où en est\nma commande ?", "  Merci ! ", "e\u0301", "", " \n", "a\0b", "x" * 4001)


def the_long_way(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
    """`post_batch` without the fast path."""
    return [post_or_refusal(tx, post) for tx, post in zip(store, posts, strict=True)]


def breaks(tx: Transaction) -> None:
    tx.sql.execute(update(tickets).values(unread=99))
    raise ZeroDivisionError


def loses_everything(tx: Transaction) -> None:
    """Roll the whole transaction back, as SQLite does when the disk is full."""
    driver = tx.sql.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.execute("ROLLBACK")
    raise Unavailable


class Scene:
    """Random operations of three visitors and two agents; the same seed makes the same operations."""

    def __init__(self, desk: Desk, batch: Batch, seed: int) -> None:
        self.desk, self.batch, self.chance = desk, batch, Random(seed)
        self.visitors: list[Visitor] = []
        self.agents: list[Agent] = []
        self.posts: list[Post] = []
        self.seen: list[object] = []

    async def begins(self) -> None:
        self.agents = [await self.desk.agent(name) for name in ("Ada", "Ben")]
        for name in ("Vic", "Zoe", "Kim"):
            visitor = self.desk.visitor(name)
            await visitor.starts(f"Bonjour, {name}", f"first-words-{name}")
            await self.desk.store.post(self.batch, self.post(visitor, "J'arrive", self.agents[0]))
            self.visitors.append(visitor)

    def post(self, visitor: Visitor, text: str, agent: Agent | None = None) -> Post:
        who = {"visitor_id": visitor.id} if agent is None else {"agent_id": agent.id}
        self.posts.append(Post(visitor.ticket, f"client-id-{len(self.posts)}", text, self.desk.context, **who))
        return self.posts[-1]

    def words(self) -> Post:
        """Mostly a visitor's or their agent's; at times somebody else's, or what was said before."""
        odds = self.chance.random()
        if odds < 0.15:
            said = self.chance.choice(self.posts)
            return said if odds < 0.1 else said._replace(text="Autre chose")
        visitor = self.chance.choice(self.visitors)
        text = self.chance.choice(TEXTS[:4] if odds < 0.9 else TEXTS)
        if odds < 0.2:
            return self.post(visitor, text)._replace(visitor_id=self.chance.choice(self.visitors).id)
        agent = self.agents[0] if odds < 0.5 else self.agents[1] if odds < 0.55 else None
        return self.post(visitor, text, agent)

    async def talk(self) -> None:
        posts = [self.words() for _ in range(self.chance.randint(1, 9))]
        await self.together([self.desk.store.post(self.batch, post) for post in posts])

    async def together(self, asked: Sequence[Awaitable[object]]) -> None:
        self.seen += map(brief, await asyncio.gather(*asked, return_exceptions=True))

    async def acts(self) -> None:
        visitor, agent = self.chance.choice(self.visitors), self.chance.choice(self.agents)
        seq = self.chance.randint(1, 40)
        verbs: list[Callable[[], Awaitable[object]]] = [
            lambda: agent.claims(visitor.ticket, over=True),
            lambda: agent.reads(visitor.ticket, seq),
            lambda: visitor.reads(seq),
            lambda: agent.notes(visitor.ticket, "VIP", f"note-{len(self.seen)}"),
            lambda: agent.hands_over(visitor.ticket, self.agents[1]),
            lambda: agent.takes_over(visitor.ticket),
            lambda: agent.ends(visitor.ticket),
            lambda: agent.sets(visitor.ticket, "pending"),
            lambda: visitor.is_now("gone" if seq < 20 else "here"),
            lambda: visitor.leaves_address(wait=seq < 20),
            self.desk.run_worker,
            lambda: self.desk.run(breaks),
            lambda: self.desk.run(loses_everything),
        ]
        await self.together([self.chance.choice(verbs)()])

    async def talk_and_act(self) -> None:
        """In one transaction, in the order in which they were asked."""
        store, visitor, agent = self.desk.store, self.chance.choice(self.visitors), self.chance.choice(self.agents)
        verbs: list[Callable[[], Awaitable[object]]] = [
            lambda: store.write(read_up_to, visitor.ticket, 40, self.desk.now, agent_id=agent.id),
            lambda: store.write(breaks),
            lambda: store.write(loses_everything),
        ]
        said = [store.post(self.batch, self.words()) for _ in range(6)]
        await self.together([*said[:3], self.chance.choice(verbs)(), *said[3:]])

    async def goes_on(self, together: bool) -> None:
        self.desk.later(seconds=self.chance.choice((0.0015, 2, 400)))
        scenes = [self.talk, self.talk, self.acts, self.talk_and_act] if together else [self.talk, self.acts]
        await self.chance.choice(scenes)()
        await self.desk.compare()


def brief(answer: object) -> object:
    """An answer without its random ids."""
    if isinstance(answer, MessageRow):
        return answer.seq, answer.author, answer.author_name, answer.text, answer.at
    return type(answer).__name__ if isinstance(answer, Exception) else None


def all_rows(sql: Connection) -> list[list[tuple[object, ...]]]:
    """Tickets and messages without random ids and sequence numbers."""
    by_lot = ("public_id",)
    said = [column for column in lines.c if column.name not in (*by_lot, "id")]
    rows = [column for column in tickets.c if column.name not in by_lot]
    queries = select(*rows).order_by(tickets.c.id), select(*said).order_by(lines.c.ticket_id, lines.c.seq)
    return [[tuple(row) for row in sql.execute(query)] for query in queries]


@asynccontextmanager
async def crashed(desk: Desk, folder: Path) -> AsyncIterator[Desk]:
    """The database as the next process finds it after a crash: the files without what was in memory."""
    path = Path(str(make_url(str(desk.store._database.writes.url)).database))
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", folder / f"again.db{suffix}")
    async with node(f"sqlite:///{folder / 'again.db'}") as again:
        await again.store.write(fast_path.repair_ticket_rows)
        again.now, again.online, again.runs_twice = desk.now, desk.online, False
        yield again


async def ends_alike(short: Scene, long: Scene) -> None:
    assert short.seen == long.seen
    assert await short.desk.read(all_rows) == await long.desk.read(all_rows)


@pytest.mark.parametrize("seed", range(6))
async def test_fast_and_slow_path_have_the_same_result(seed: int, new_install: Path, tmp_path: Path) -> None:
    urls = [f"sqlite:///{shutil.copy(new_install, tmp_path / name)}" for name in ("short.db", "long.db")]
    async with node(urls[0]) as short, node(urls[1]) as long:
        short.runs_twice = long.runs_twice = False
        scenes = Scene(short, post_batch, seed), Scene(long, the_long_way, seed)
        for scene in scenes:
            await scene.begins()
            for _ in range(30):
                await scene.goes_on(together=True)
        await ends_alike(*scenes)


@pytest.mark.parametrize("seed", range(2))
async def test_fast_and_slow_path_have_the_same_result_on_postgresql(seed: int, postgres: Postgres) -> None:
    async with AsyncExitStack() as stack:
        urls = [stack.enter_context(postgres.database(install_at)) for _ in range(2)]
        short, long = [await stack.enter_async_context(node(url)) for url in urls]
        scenes = Scene(short, post_batch, seed), Scene(long, the_long_way, seed)
        for scene in scenes:
            await scene.begins()
            for _ in range(20):
                await scene.goes_on(together=False)
        await ends_alike(*scenes)


@pytest.mark.parametrize("seed", range(3))
async def test_ticket_rows_are_repaired_after_a_crash(seed: int, new_install: Path, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        urls = [f"sqlite:///{shutil.copy(new_install, tmp_path / name)}" for name in ("short.db", "long.db")]
        short, long = [await stack.enter_async_context(node(url)) for url in urls]
        short.runs_twice = long.runs_twice = False
        scenes = Scene(short, post_batch, seed), Scene(long, the_long_way, seed)
        for scene in scenes:
            await scene.begins()
        for number in range(6):
            for scene in scenes:
                await scene.talk()
            folder = tmp_path / str(number)
            folder.mkdir()
            scenes[0].desk = await stack.enter_async_context(crashed(scenes[0].desk, folder))
        await ends_alike(*scenes)
