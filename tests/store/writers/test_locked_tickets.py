"""On PostgreSQL, posts to a ticket that another transaction locks are refused for now; all others are stored."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

import psycopg
import pytest

from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.store.rows import MessageRow
from chat.store.transaction import Transaction, Unavailable
from tests.domain.conftest import install_at, node
from tests.domain.domain_driver import Desk, Visitor, new_id
from tests.services import Postgres


@pytest.fixture
def address(postgres: Postgres) -> Iterator[str]:
    with postgres.database(install_at) as address:
        yield address


@pytest.fixture
async def desk(address: str) -> AsyncIterator[Desk]:
    async with node(address) as opened:
        yield opened


@pytest.fixture
async def vic(desk: Desk) -> Visitor:
    return await start_answered_chat(desk, "Vic")


@pytest.fixture
async def zoe(desk: Desk) -> Visitor:
    return await start_answered_chat(desk, "Zoe")


async def start_answered_chat(desk: Desk, name: str) -> Visitor:
    """A visitor whose posts take the fast path."""
    agent, visitor = await desk.agent(f"Agent of {name}"), desk.visitor(name)
    await visitor.starts()
    await agent.says(visitor.ticket)
    return visitor


@contextmanager
def lock_tickets(address: str, *people: Visitor) -> Iterator[None]:
    """Another transaction locks the visitors' tickets until the end of the block."""
    with psycopg.connect(address) as other:
        names = [visitor.ticket for visitor in people]
        other.execute("SELECT id FROM tickets WHERE public_id = ANY(%s) FOR UPDATE", [names])
        yield


def post_of(desk: Desk, visitor: Visitor, text: str) -> Post:
    return Post(visitor.ticket, new_id(), text, desk.context, visitor_id=visitor.id)


async def post_together(desk: Desk, *posts: Post) -> list[MessageRow | BaseException]:
    """In one batch."""
    asked = (desk.store.post(post_batch, post) for post in posts)
    return await asyncio.gather(*asked, return_exceptions=True)


async def texts(desk: Desk, visitor: Visitor) -> list[str | None]:
    return [row.text for row in await desk.thread(visitor.ticket) if row.author == "visitor"]


async def test_a_locked_ticket_delays_no_other(desk: Desk, vic: Visitor, zoe: Visitor, address: str) -> None:
    of_vic, *of_zoe = post_of(desk, vic, "Toujours là ?"), post_of(desk, zoe, "Oui"), post_of(desk, zoe, "Merci")
    with lock_tickets(address, vic):
        refused, *stored = await post_together(desk, of_vic, *of_zoe)
        assert isinstance(refused, Unavailable)
        assert isinstance(refused.__cause__, psycopg.errors.LockNotAvailable)
        assert [row.text for row in stored if isinstance(row, MessageRow)] == ["Oui", "Merci"]
        assert await texts(desk, vic) == ["Bonjour"]
    for _ in range(2):
        (again,) = await post_together(desk, of_vic)
        assert isinstance(again, MessageRow)
    assert await texts(desk, vic) == ["Bonjour", "Toujours là ?"]
    assert await texts(desk, zoe) == ["Bonjour", "Oui", "Merci"]


async def test_a_batch_that_meets_a_lock_runs_one_by_one(desk: Desk, vic: Visitor, zoe: Visitor, address: str) -> None:
    attempts: list[list[str]] = []

    def noted(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        attempts.append([post.text for post in posts])
        return post_batch(store, posts)

    posts = [post_of(desk, vic, "Toujours là ?"), post_of(desk, zoe, "Oui")]
    with lock_tickets(address, vic):
        await asyncio.gather(*(desk.store.post(noted, post) for post in posts), return_exceptions=True)
    assert attempts == [["Toujours là ?", "Oui"], ["Toujours là ?"], ["Oui"]]


async def test_posts_behind_many_locked_tickets_are_refused_together(
    desk: Desk, vic: Visitor, zoe: Visitor, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [post_of(desk, vic, "Toujours là ?"), post_of(desk, zoe, "Oui")]
    with monkeypatch.context() as impatient, lock_tickets(address, vic, zoe):
        impatient.setattr("chat.store.writers.postgres.MAX_WAIT_S", 0)
        refused = await post_together(desk, *posts)
    assert [(type(one), type(one.__cause__)) for one in refused if isinstance(one, Exception)] == [
        (Unavailable, TimeoutError)
    ] * 2
    assert [type(row) for row in await post_together(desk, *posts)] == [MessageRow] * 2
