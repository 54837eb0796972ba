"""Claims: SQL picks one winner, the others learn who it is, and no agent gets more chats than they have slots."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import Engine, event

from chat.domain.facts import AgentChanged, OfferEnded
from chat.domain.queries.tickets import ticket_by_public_id
from chat.domain.refusals import Conflict, NotFound, TicketEnded
from chat.domain.routing import offers
from chat.domain.routing.claims import claim
from chat.store.rows import TicketRow
from tests.domain.domain_driver import DomainDriver


async def test_a_second_claim_is_refused_with_the_owner(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    row = await ada.claims(vic.ticket)
    assert (row.assignee_id, row.agent_name, row.position) == (ada.id, "Ada", None)
    facts_before = len(driver.facts)
    assert await ada.claims(vic.ticket) == row, "mine already"
    assert len(driver.facts) == facts_before
    with pytest.raises(Conflict) as refused:
        await ben.claims(vic.ticket)
    assert refused.value.by is not None
    assert (refused.value.by.id, refused.value.reason) == (ada.public_id, "taken")
    assert await driver.events(vic.ticket) == ["joined"]
    assert (await ada.row()).chats == 1


async def test_a_thousand_claims_on_two_nodes_have_one_winner(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, other = nodes
    team = [await one.agent(f"Agent {n}") for n in range(20)]
    vic = one.visitor("Vic")
    await vic.starts()
    claims = [
        node.store.write(claim, agent.id, vic.ticket, False, one.now)
        for agent in team
        for node in nodes
        for _ in range(25)
    ]
    answers = await asyncio.gather(*claims, return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, TicketRow)]
    lost = [answer for answer in answers if isinstance(answer, Conflict)]
    assert len(won) + len(lost) == 1000
    winner = (await one.ticket(vic.ticket)).assignee_id
    assert {row.assignee_id for row in won} == {winner}
    assert len(won) == 50, "the winner asked fifty times and has it"
    name = next(agent.name for agent in team if agent.id == winner)
    assert {refused.by.name for refused in lost if refused.by} == {name}
    assert all(refused.by for refused in lost)
    assert await one.events(vic.ticket) == ["joined"]
    assert len(one.facts) + len(other.facts) < 100


async def test_a_claim_beyond_capacity_needs_over(driver: DomainDriver) -> None:
    ada = await driver.agent("Ada", capacity=2)
    visitors = [driver.visitor(name) for name in ("Vic", "Zoe", "Max")]
    for visitor in visitors:
        await visitor.starts()
    await ada.claims(visitors[0].ticket)
    await ada.claims(visitors[1].ticket)
    with pytest.raises(Conflict) as refused:
        await ada.claims(visitors[2].ticket)
    assert (refused.value.reason, refused.value.by) == ("capacity", None)
    await ada.claims(visitors[2].ticket, over=True)
    assert (await ada.row()).chats == 3


async def test_the_last_slot_is_filled_once(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, other = nodes
    ada = await one.agent("Ada", capacity=3)
    visitors = [one.visitor(f"Visitor {n}") for n in range(10)]
    for visitor in visitors:
        await visitor.starts()
    claims = [node.store.write(claim, ada.id, visitor.ticket, False, one.now) for visitor in visitors for node in nodes]
    routing = [node.store.write(offers.offer_waiting, one.context) for _ in range(5) for node in (one, other)]
    mixed = [act for pair in zip(claims[::2], claims[1::2], strict=True) for act in pair]
    answers = await asyncio.gather(*mixed[:6], *routing, *mixed[6:], return_exceptions=True)
    assert {type(answer) for answer in answers} <= {TicketRow, Conflict, int}
    assert (await ada.row()).chats == 3


async def test_a_claimed_chat_does_not_ring(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, other = nodes
    ada, ben = await one.agent("Ada", capacity=100), await one.agent("Ben", capacity=100)
    visitors = [one.visitor(f"Visitor {n}") for n in range(10)]
    for visitor in visitors:
        await visitor.starts()
    acts = [
        act
        for visitor in visitors
        for act in (
            one.store.write(claim, ada.id, visitor.ticket, True, one.now),
            other.store.write(offers.offer_waiting, one.context),
        )
    ]
    await asyncio.gather(*acts)
    assert (await ben.row()).chats == 0
    assert await one.ringing() == {}


async def test_a_claim_ends_the_offer_to_another_agent(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    ben = await driver.agent("Ben")
    assert await driver.ringing() == {vic.ticket: ada.id}
    await ben.claims(vic.ticket)
    assert await driver.ringing() == {}
    ended = next(fact for fact in driver.facts[::-1] if isinstance(fact, OfferEnded))
    assert (ended.offer.agent_id, ended.reason) == (ada.id, "taken")
    assert (await ada.row()).chats == 0


async def test_a_claim_reads_the_tickets_row_before_and_after_only(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    statements: list[str] = []

    def record(_sql: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    await driver.store.write(claim, ada.id, vic.ticket, False, driver.now)
    event.remove(Engine, "before_cursor_execute", record)
    assert len([one for one in statements if "tickets.preview" in one]) == 2
    assert len([one for one in statements if one.startswith("UPDATE tickets")]) == 1


async def test_an_open_ticket_can_be_claimed_and_uses_no_slot(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada", capacity=1), driver.visitor("Vic")
    await vic.fills_in()
    row = await ada.claims(vic.ticket)
    assert (row.status, row.assignee_id, (await ada.row()).chats) == ("open", ada.id, 0)


async def test_an_ended_ticket_can_not_be_claimed(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.ends(vic.ticket)
    for agent in (ada, ben):
        with pytest.raises(TicketEnded):
            await agent.claims(vic.ticket)
    for unknown in ("t_unknown", "", "\0", "x" * 5000, "'; --"):
        with pytest.raises(NotFound):
            await ada.claims(unknown)


async def test_offers_and_claims_on_two_nodes_give_every_chat_at_most_one_owner(
    nodes: tuple[DomainDriver, DomainDriver],
) -> None:
    one, other = nodes
    team = [await one.agent(name, capacity=4) for name in ("Ada", "Ben", "Cleo")]
    visitors = [one.visitor(f"Visitor {n}") for n in range(12)]
    for visitor in visitors:
        await visitor.starts()
    await asyncio.gather(*(node.store.write(offers.offer_waiting, one.context) for node in nodes * 5))
    ringing = await one.ringing()
    assert Counter(ringing.values()) == {agent.id: 4 for agent in team}
    accepts = [
        node.store.write(claim, agent.id, visitor.ticket, False, one.now)
        for node in (one, other)
        for visitor in visitors
        for agent in team
        if ringing[visitor.ticket] == agent.id
    ]
    await asyncio.gather(*accepts)
    for visitor in visitors:
        row = await one.read(ticket_by_public_id, visitor.ticket)
        assert row.assignee_id == ringing[visitor.ticket]
    assert [(await agent.row()).chats for agent in team] == [4, 4, 4]
    assert any(isinstance(fact, AgentChanged) for fact in one.facts)
