"""PostgreSQL when somebody holds a ticket's row: its words are refused for now, all others' are stored."""

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
    return await in_dialogue(desk, "Vic")


@pytest.fixture
async def zoe(desk: Desk) -> Visitor:
    return await in_dialogue(desk, "Zoe")


async def in_dialogue(desk: Desk, name: str) -> Visitor:
    """Somebody whose words only carry their chat on."""
    agent, visitor = await desk.agent(f"Agent of {name}"), desk.visitor(name)
    await visitor.starts()
    await agent.says(visitor.ticket)
    return visitor


@contextmanager
def held(address: str, *people: Visitor) -> Iterator[None]:
    """Their tickets' rows, by somebody who takes their time."""
    with psycopg.connect(address) as other:
        names = [visitor.ticket for visitor in people]
        other.execute("SELECT id FROM tickets WHERE public_id = ANY(%s) FOR UPDATE", [names])
        yield


def words(desk: Desk, visitor: Visitor, text: str) -> Post:
    return Post(visitor.ticket, new_id(), text, desk.context, visitor_id=visitor.id)


async def said(desk: Desk, *posts: Post) -> list[MessageRow | BaseException]:
    """At once, so that they come in one batch."""
    asked = (desk.store.post(post_batch, post) for post in posts)
    return await asyncio.gather(*asked, return_exceptions=True)


async def texts(desk: Desk, visitor: Visitor) -> list[str | None]:
    return [row.text for row in await desk.thread(visitor.ticket) if row.author == "visitor"]


async def test_a_locked_ticket_holds_up_no_other(desk: Desk, vic: Visitor, zoe: Visitor, address: str) -> None:
    of_vic, *of_zoe = words(desk, vic, "Toujours là ?"), words(desk, zoe, "Oui"), words(desk, zoe, "Merci")
    with held(address, vic):
        refused, *stored = await said(desk, of_vic, *of_zoe)
        assert isinstance(refused, Unavailable)
        assert isinstance(refused.__cause__, psycopg.errors.LockNotAvailable)
        assert [row.text for row in stored if isinstance(row, MessageRow)] == ["Oui", "Merci"]
        assert await texts(desk, vic) == ["Bonjour"]
    for _ in range(2):
        (again,) = await said(desk, of_vic)
        assert isinstance(again, MessageRow)
    assert await texts(desk, vic) == ["Bonjour", "Toujours là ?"]
    assert await texts(desk, zoe) == ["Bonjour", "Oui", "Merci"]


async def test_words_that_meet_a_lock_are_not_insisted_on(desk: Desk, vic: Visitor, zoe: Visitor, address: str) -> None:
    attempts: list[list[str]] = []

    def noted(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        attempts.append([post.text for post in posts])
        return post_batch(store, posts)

    posts = [words(desk, vic, "Toujours là ?"), words(desk, zoe, "Oui")]
    with held(address, vic):
        await asyncio.gather(*(desk.store.post(noted, post) for post in posts), return_exceptions=True)
    assert attempts == [["Toujours là ?", "Oui"], ["Toujours là ?"], ["Oui"]]


async def test_many_locked_tickets_are_given_up_together(
    desk: Desk, vic: Visitor, zoe: Visitor, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = [words(desk, vic, "Toujours là ?"), words(desk, zoe, "Oui")]
    with monkeypatch.context() as impatient, held(address, vic, zoe):
        impatient.setattr("chat.store.writers.postgres.MAX_WAIT_S", 0)
        refused = await said(desk, *posts)
    assert [(type(one), type(one.__cause__)) for one in refused if isinstance(one, Exception)] == [
        (Unavailable, TimeoutError)
    ] * 2
    assert [type(row) for row in await said(desk, *posts)] == [MessageRow] * 2
