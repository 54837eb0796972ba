"""Offers: each rings for a minute on one console, then on the next, until all agents passed."""

import asyncio

import pytest

from chat.domain.facts import AgentChanged, OfferEnded, OfferMade
from chat.domain.people import departments
from chat.domain.queries.decisions import explain
from chat.domain.queries.offers import offers_on_console
from chat.domain.routing import claims, offers
from tests.domain.domain_driver import Agent, DomainDriver
from tests.domain.intake.test_start_chat import payments_go_there


async def miss_offer(driver: DomainDriver) -> None:
    driver.later(seconds=60)
    await driver.run(offers.expire_offers, driver.now)


async def test_an_offer_rings_sixty_seconds_on_each_console_until_all_passed(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    driver.later(seconds=1)
    ben, cleo = await driver.agent("Ben"), await driver.agent("Cleo")
    await vic.starts()
    assert await driver.offer_waiting_chats() == 1
    assert await driver.ringing() == {vic.ticket: ada.id}, "idle for longest"
    assert (await vic.sees()).assignee_id is None
    assert ((await ada.row()).chats, await driver.offer_waiting_chats()) == (1, 0)
    driver.later(seconds=59.9)
    assert await driver.run(offers.expire_offers, driver.now) == 0
    driver.later(seconds=0.1)
    assert await driver.run(offers.expire_offers, driver.now) == 1
    assert (await ada.row()).chats == 0
    ended = next(fact for fact in driver.facts if isinstance(fact, OfferEnded))
    assert (ended.offer.agent_id, ended.reason) == (ada.id, "expired")
    seen = [ada.id]
    for agent in (ben, cleo):
        await driver.offer_waiting_chats()
        seen += (await driver.ringing()).values()
        await (agent.declines(vic.ticket) if seen[-1] == agent.id else miss_offer(driver))
        await miss_offer(driver)
    assert sorted(seen) == sorted([ada.id, ben.id, cleo.id])
    assert await driver.offer_waiting_chats() == 0, "all have passed"
    assert (await vic.sees()).waiting
    await ben.claims(vic.ticket)
    assert (await vic.sees()).assignee_id == ben.id, "claimable by anyone"


async def test_becoming_available_again_clears_passes(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    driver.later(seconds=5)
    await ada.declines(vic.ticket)
    await ada.declines(vic.ticket)
    driver.later(seconds=5)
    await ada.chooses("available")
    assert await driver.offer_waiting_chats() == 0, "she was available all the time"
    await ada.chooses("away")
    driver.later(seconds=5)
    await ada.chooses("available")
    assert await driver.offer_waiting_chats() == 1


async def test_two_missed_offers_in_a_row_set_an_agent_away(driver: DomainDriver) -> None:
    ada, vic, zoe = await driver.agent("Ada"), driver.visitor("Vic"), driver.visitor("Zoe")
    await vic.starts()
    await driver.offer_waiting_chats()
    await miss_offer(driver)
    assert (await ada.row()).state == "available"
    await zoe.starts()
    await driver.offer_waiting_chats()
    await miss_offer(driver)
    row = await ada.row()
    assert (row.state, row.away_reason, row.state_since) == ("away", "missed", driver.now)
    assert any(isinstance(fact, AgentChanged) and fact.agent.away_reason == "missed" for fact in driver.facts)
    driver.later(seconds=1)
    row = await ada.chooses("available")
    assert row.away_reason is None
    await driver.offer_waiting_chats()
    assert len(await driver.ringing()) == 2, "and her passes are cleared"


@pytest.mark.parametrize("between", ["claims", "declines", "comes back"])
async def test_missed_offers_that_are_not_in_a_row_do_not_set_an_agent_away(driver: DomainDriver, between: str) -> None:
    ada = await driver.agent("Ada")
    visitors = [driver.visitor(name) for name in ("Vic", "Zoe", "Max")]
    await visitors[0].starts()
    await driver.offer_waiting_chats()
    await miss_offer(driver)
    await visitors[1].starts()
    await driver.offer_waiting_chats()
    if between == "claims":
        await ada.claims(visitors[1].ticket)
    else:
        await ada.declines(visitors[1].ticket)
    if between == "comes back":
        await ada.chooses("away")
        await ada.chooses("available")
    await visitors[2].starts()
    await driver.offer_waiting_chats()
    await miss_offer(driver)
    assert (await ada.row()).state == "available"


async def test_a_departments_chats_are_offered_to_its_members(driver: DomainDriver) -> None:
    await driver.run(departments.add_department, "Paiements")
    await driver.store.write(payments_go_there)
    await driver.agent("Ada")
    ben, vic = await driver.agent("Ben", departments=["Paiements"]), driver.visitor("Vic")
    await vic.starts(category="payments")
    await driver.offer_waiting_chats()
    assert await driver.ringing() == {vic.ticket: ben.id}
    await ben.declines(vic.ticket)
    assert await driver.offer_waiting_chats() == 0
    (decision,) = await driver.read(explain, vic.ticket)
    why = {seen["name"]: seen["excluded"] for seen in decision.candidates}
    assert (decision.rule, decision.chosen, why) == ("only_one", ben.public_id, {"Ada": "department", "Ben": None})


async def test_offers_prefer_the_previous_agent_then_fewest_chats_then_longest_idle(driver: DomainDriver) -> None:
    ada = await driver.agent("Ada")
    driver.later(seconds=10)
    ben = await driver.agent("Ben")
    vic, zoe, max_ = driver.visitor("Vic"), driver.visitor("Zoe"), driver.visitor("Max")

    async def rings_for(agent: Agent, rule: str, ticket: str) -> None:
        await driver.offer_waiting_chats()
        assert (await driver.ringing())[ticket] == agent.id
        assert (await driver.read(explain, ticket))[0].rule == rule
        await agent.claims(ticket)

    await vic.starts()
    await rings_for(ada, "longest_idle", vic.ticket)
    await zoe.starts()
    await rings_for(ben, "fewest_chats", zoe.ticket)
    await zoe.ends()
    await max_.starts()
    await rings_for(ben, "fewest_chats", max_.ticket)
    await vic.ends()
    await ada.ends(vic.ticket)
    await ben.ends(max_.ticket)
    driver.later(days=8)
    await ada.chooses("away")
    await ada.chooses("available")
    old = zoe.ticket
    await zoe.starts()
    assert zoe.ticket != old
    await rings_for(ben, "knew_visitor", zoe.ticket)


async def test_an_agent_at_capacity_gets_an_offer_once_a_slot_is_free(driver: DomainDriver) -> None:
    ada = await driver.agent("Ada", capacity=1)
    vic, zoe = driver.visitor("Vic"), driver.visitor("Zoe")
    await vic.starts()
    await ada.claims(vic.ticket)
    await zoe.starts()
    assert await driver.offer_waiting_chats() == 0
    await ada.ends(vic.ticket)
    assert await driver.offer_waiting_chats() == 1


@pytest.mark.parametrize("reason", ["Redis is away", "closed", "not connected", "away"])
async def test_no_offer_is_made_when(driver: DomainDriver, reason: str) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    match reason:
        case "Redis is away":
            driver.redis = False
        case "closed":
            driver.later(hours=9)
        case "away":
            await ada.chooses("away")
        case _:
            ada.drops()
    assert await driver.offer_waiting_chats() == 0


async def test_visitors_who_are_here_are_offered_before_those_who_left(driver: DomainDriver) -> None:
    ada, ben = await driver.agent("Ada", capacity=1), await driver.agent("Ben", capacity=1)
    vic, zoe, max_ = driver.visitor("Vic"), driver.visitor("Zoe"), driver.visitor("Max")
    for visitor in (vic, zoe, max_):
        await visitor.starts()
        driver.later(seconds=1)
    await vic.is_now("gone")
    assert [(await one.sees()).position for one in (vic, zoe, max_)] == [3, 1, 2]
    await driver.offer_waiting_chats()
    assert set(await driver.ringing()) == {zoe.ticket, max_.ticket}
    await ada.declines(zoe.ticket)
    await ben.declines(zoe.ticket)
    await vic.is_now("here")
    assert [(await one.sees()).position for one in (vic, zoe, max_)] == [1, 2, 3], "places are kept"


async def test_an_accepted_offer_is_not_counted_as_missed(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, other = nodes
    ada, vic = await one.agent("Ada"), one.visitor("Vic")
    await vic.starts()
    await one.offer_waiting_chats()
    one.later(seconds=60)
    claim = one.store.write(claims.claim, ada.id, vic.ticket, False, one.now)
    await asyncio.gather(claim, *(other.store.write(offers.expire_offers, one.now) for _ in range(4)))
    assert (await vic.sees()).assignee_id == ada.id
    ended = [fact for fact in one.facts + other.facts if isinstance(fact, OfferEnded)]
    assert len(ended) == 1


async def test_a_console_reads_its_offers_when_it_connects(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.hands_over(vic.ticket, ben)
    ((offer, row, giver),) = await driver.read(offers_on_console, ben.id)
    assert (row.public_id, offer.agent_id, giver and giver.name) == (vic.ticket, ben.id, "Ada")
    made = next(fact for fact in driver.facts if isinstance(fact, OfferMade))
    assert (made.offer, made.from_agent) == (offer, giver)
    assert await driver.read(offers_on_console, ada.id) == []


async def test_the_offer_of_an_agent_who_goes_away_goes_to_the_next_agent(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    ben = await driver.agent("Ben")
    assert await driver.ringing() == {vic.ticket: ada.id}
    await ada.chooses("away")
    assert await driver.ringing() == {}
    await driver.offer_waiting_chats()
    assert await driver.ringing() == {vic.ticket: ben.id}
    await ben.declines(vic.ticket)
    await ada.chooses("available")
    await driver.offer_waiting_chats()
    assert await driver.ringing() == {vic.ticket: ada.id}, "she has not passed on it"
