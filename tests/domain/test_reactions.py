"""Reactions run in the transaction of the fact that they react to."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import Connection, func, select

from chat.domain import reactions
from chat.domain.facts import AgentChanged, MessagePosted, PlainMessagePosted, SettingsChanged
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.reactions import Reactions
from chat.domain.routing.claims import claim
from chat.store.tables import agents, tickets
from chat.store.transaction import Transaction
from tests.domain.conftest import node
from tests.domain.domain_driver import Agent, DomainDriver, Visitor, new_id

Chat = tuple[DomainDriver, Visitor, Agent]


@pytest.fixture(params=["sqlite", "postgresql"])
async def chat(request: pytest.FixtureRequest) -> AsyncIterator[Chat]:
    """Vic waits; Ada has not answered yet, so that her first message takes the slow path."""
    async with node(str(request.getfixturevalue(request.param))) as driver:
        driver.runs_twice = False
        ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
        await vic.starts()
        await driver.store.write(claim, ada.id, vic.ticket, False, driver.now)
        yield driver, vic, ada


def use(monkeypatch: pytest.MonkeyPatch, table: Reactions) -> None:
    monkeypatch.setattr(reactions, "REACTIONS", table)


def categories(sql: Connection) -> list[str | None]:
    return list(sql.scalars(select(tickets.c.category)))


def set_category(tx: Transaction, fact: MessagePosted) -> None:
    """A made-up reaction: it writes, and records a fact of its own."""
    tx.sql.execute(tickets.update().where(tickets.c.id == fact.ticket.id).values(category="answered"))
    tx.record(SettingsChanged())


def fail(tx: Transaction, fact: MessagePosted) -> None:
    raise ZeroDivisionError


async def test_a_reaction_writes_and_records_in_the_same_transaction(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver, vic, ada = chat
    use(monkeypatch, {MessagePosted: (set_category,)})
    before = len(driver.facts)
    answer = Post(vic.ticket, new_id(), "J'arrive", driver.context, agent_id=ada.id)
    await driver.store.post(post_batch, answer)
    assert await driver.read(categories) == ["answered"]
    assert {MessagePosted, SettingsChanged} <= {type(fact) for fact in driver.facts[before:]}


async def test_a_reaction_to_a_reactions_fact_runs_too(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, vic, ada = chat
    seen: list[object] = []
    use(monkeypatch, {MessagePosted: (set_category,), SettingsChanged: (lambda tx, fact: seen.append(fact),)})
    await driver.store.post(post_batch, Post(vic.ticket, new_id(), "J'arrive", driver.context, agent_id=ada.id))
    assert seen == [SettingsChanged()]


async def test_a_reaction_that_raises_undoes_its_action(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, vic, ada = chat
    use(monkeypatch, {MessagePosted: (set_category, fail)})
    before = len(driver.facts)
    with pytest.raises(ZeroDivisionError):
        await driver.store.post(post_batch, Post(vic.ticket, new_id(), "J'arrive", driver.context, agent_id=ada.id))
    assert await driver.read(categories) == [None]
    assert [row.text for row in await driver.thread(vic.ticket) if row.author.startswith("agent")] == []
    assert driver.facts[before:] == []


async def test_reactions_run_again_when_a_batch_runs_again(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, _, ada = chat
    row, before = await ada.row(), len(driver.facts)
    runs: list[int] = []

    def record(txs: Sequence[Transaction], items: Sequence[int]) -> Sequence[int]:
        for tx in txs:
            tx.record(AgentChanged(row))
        return items

    def fail_once(tx: Transaction, fact: AgentChanged) -> None:
        runs.append(tx.sql.execute(select(func.count()).select_from(agents)).scalar_one())
        if len(runs) == 1:
            raise ZeroDivisionError

    use(monkeypatch, {AgentChanged: (fail_once,)})
    assert await asyncio.gather(*(driver.store.post(record, item) for item in (1, 2))) == [1, 2]
    assert runs == [1, 1, 1], "once in the batch, then once for each of its calls"
    assert driver.facts[before:] == [AgentChanged(row)] * 2


async def test_the_fast_path_sees_what_a_reaction_changed(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, vic, ada = chat

    def set_unread(tx: Transaction, fact: MessagePosted) -> None:
        tx.sql.execute(tickets.update().values(unread=7))

    zoe = driver.visitor("Zoe")
    await zoe.starts()
    await ada.says(vic.ticket)
    await vic.says("Merci")
    use(monkeypatch, {MessagePosted: (set_unread,)})
    await driver.store.post(post_batch, Post(zoe.ticket, new_id(), "J'arrive", driver.context, agent_id=ada.id))
    await driver.store.post(post_batch, Post(vic.ticket, new_id(), "Encore", driver.context, visitor_id=vic.id))
    assert (await vic.sees()).unread == 8


def test_the_fact_of_the_fast_path_can_have_no_reactions() -> None:
    """By type: without an error in this assignment, mypy would report that its comment is unused."""
    table: Reactions = {PlainMessagePosted: ()}  # type: ignore[dict-item]  # the rule under test
    assert table
