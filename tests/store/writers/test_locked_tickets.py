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
from tests import services
from tests.domain.conftest import install_at, node
from tests.domain.domain_driver import DomainDriver, Visitor, new_id
from tests.services import Postgres


@pytest.fixture(params=["postgresql", "pgbouncer"])
def address(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[str]:
    with postgres.database(install_at) as address:
        if request.param == "postgresql":
            yield address
        else:
            with services.pgbouncer(address, connections=8) as pooled:
                yield pooled


@pytest.fixture
async def driver(address: str) -> AsyncIterator[DomainDriver]:
    async with node(address) as opened:
        yield opened


@pytest.fixture
async def vic(driver: DomainDriver) -> Visitor:
    return await start_answered_chat(driver, "Vic")


@pytest.fixture
async def zoe(driver: DomainDriver) -> Visitor:
    return await start_answered_chat(driver, "Zoe")


async def start_answered_chat(driver: DomainDriver, name: str) -> Visitor:
    """A visitor whose posts take the fast path."""
    agent, visitor = await driver.agent(f"Agent of {name}"), driver.visitor(name)
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


def post_of(driver: DomainDriver, visitor: Visitor, text: str) -> Post:
    return Post(visitor.ticket, new_id(), text, driver.context, visitor_id=visitor.id)


async def post_together(driver: DomainDriver, *posts: Post) -> list[MessageRow | BaseException]:
    """In one batch."""
    asked = (driver.store.post(post_batch, post) for post in posts)
    return await asyncio.gather(*asked, return_exceptions=True)


async def texts(driver: DomainDriver, visitor: Visitor) -> list[str | None]:
    return [row.text for row in await driver.thread(visitor.ticket) if row.author == "visitor"]


async def test_a_locked_ticket_delays_no_other(driver: DomainDriver, vic: Visitor, zoe: Visitor, address: str) -> None:
    of_vic, *of_zoe = post_of(driver, vic, "Toujours là ?"), post_of(driver, zoe, "Oui"), post_of(driver, zoe, "Merci")
    with lock_tickets(address, vic):
        refused, *stored = await post_together(driver, of_vic, *of_zoe)
        assert isinstance(refused, Unavailable)
        assert isinstance(refused.__cause__, psycopg.errors.LockNotAvailable)
        assert [row.text for row in stored if isinstance(row, MessageRow)] == ["Oui", "Merci"]
        assert await texts(driver, vic) == ["Bonjour"]
    for _ in range(2):
        (again,) = await post_together(driver, of_vic)
        assert isinstance(again, MessageRow)
    assert await texts(driver, vic) == ["Bonjour", "Toujours là ?"]
    assert await texts(driver, zoe) == ["Bonjour", "Oui", "Merci"]


async def test_a_batch_that_meets_a_lock_runs_one_by_one(
    driver: DomainDriver, vic: Visitor, zoe: Visitor, address: str
) -> None:
    attempts: list[list[str]] = []

    def noted(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        attempts.append([post.text for post in posts])
        return post_batch(store, posts)

    posts = [post_of(driver, vic, "Toujours là ?"), post_of(driver, zoe, "Oui")]
    with lock_tickets(address, vic):
        await asyncio.gather(*(driver.store.post(noted, post) for post in posts), return_exceptions=True)
    assert attempts == [["Toujours là ?", "Oui"], ["Toujours là ?"], ["Oui"]]


async def test_posts_behind_many_locked_tickets_are_refused_together(
    driver: DomainDriver, vic: Visitor, zoe: Visitor, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [post_of(driver, vic, "Toujours là ?"), post_of(driver, zoe, "Oui")]
    with monkeypatch.context() as impatient, lock_tickets(address, vic, zoe):
        impatient.setattr("chat.store.writers.postgres.MAX_WAIT_S", 0)
        refused = await post_together(driver, *posts)
    assert [(type(one), type(one.__cause__)) for one in refused if isinstance(one, Exception)] == [
        (Unavailable, TimeoutError)
    ] * 2
    assert [type(row) for row in await post_together(driver, *posts)] == [MessageRow] * 2
