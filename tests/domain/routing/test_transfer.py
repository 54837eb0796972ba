"""Handing over: the owner keeps the ticket until the offer is accepted; supervisors may take over."""

from datetime import timedelta

import pytest

from chat.domain.facts import OfferEnded
from chat.domain.people import agents, departments
from chat.domain.queries.offers import ringing_offers
from chat.domain.refusals import BadRequest, Conflict, NotAllowed, NotFound, TicketEnded
from chat.domain.routing import department_transfer, lost_agents, offers
from tests.domain.domain_driver import Agent, DomainDriver, Visitor


async def claimed_chat(driver: DomainDriver) -> tuple[Agent, Agent, Visitor]:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    return ada, ben, vic


async def test_the_owner_keeps_a_handed_over_ticket_until_it_is_accepted(driver: DomainDriver) -> None:
    ada, ben, vic = await claimed_chat(driver)
    row = await ada.hands_over(vic.ticket, ben)
    assert row.assignee_id == ada.id
    assert await driver.ringing() == {vic.ticket: ben.id}
    await ada.says(vic.ticket, "Un instant, je passe la main.")
    cleo = await driver.agent("Cleo")
    with pytest.raises(Conflict) as refused:
        await cleo.claims(vic.ticket)
    assert refused.value.by is not None and refused.value.by.name == "Ada"
    taken = await ben.claims(vic.ticket)
    assert (taken.assignee_id, await driver.ringing()) == (ben.id, {})
    assert await driver.events(vic.ticket) == ["joined", "handed_over"]
    event = next(row.event for row in (await driver.thread(vic.ticket))[::-1] if row.event)
    assert event["args"] == {"from": "Ada", "to": "Ben"}
    assert ((await ada.row()).chats, (await ben.row()).chats) == (0, 1)


@pytest.mark.parametrize("how", ["declines", "misses", "is lost", "sees it end"])
async def test_the_owner_keeps_a_ticket_that_is_not_accepted(driver: DomainDriver, how: str) -> None:
    ada, ben, vic = await claimed_chat(driver)
    await ada.hands_over(vic.ticket, ben)
    match how:
        case "declines":
            await ben.declines(vic.ticket)
        case "misses":
            driver.later(seconds=60)
            await driver.run(offers.expire_offers, driver.now)
        case "sees it end":
            await ada.ends(vic.ticket)
        case _:
            ben.drops()
            await driver.run_worker()
    assert await driver.ringing() == {}
    assert (await vic.sees()).assignee_id == ada.id
    ended = next(fact for fact in driver.facts[::-1] if isinstance(fact, OfferEnded))
    assert (ended.offer.agent_id, ended.offer.from_agent_id) == (ben.id, ada.id)
    assert ended.reason == ("expired" if how == "misses" else "withdrawn")
    with pytest.raises((Conflict, TicketEnded)):
        await ben.claims(vic.ticket)


async def test_hand_overs_that_are_refused(driver: DomainDriver) -> None:
    ada, ben, vic = await claimed_chat(driver)
    with pytest.raises(BadRequest):
        await ada.hands_over(vic.ticket, ada)
    with pytest.raises(NotFound):
        await ada.hands_over(vic.ticket, "d_unknown\0")
    with pytest.raises(Conflict):
        await ben.hands_over(vic.ticket, ada)
    ben.drops()
    with pytest.raises(Conflict) as refused:
        await ada.hands_over(vic.ticket, ben)
    assert refused.value.reason == "away"
    ben.connects()
    await ben.chooses("away")
    with pytest.raises(Conflict):
        await ada.hands_over(vic.ticket, ben)
    await driver.run(agents.remove_agent, "ben@example.test", driver.now)
    with pytest.raises(NotFound):
        await ada.hands_over(vic.ticket, ben)
    zoe = driver.visitor("Zoe")
    await zoe.starts()
    with pytest.raises(NotAllowed):
        await ada.hands_over(zoe.ticket, ben)


async def test_a_hand_over_to_a_department_is_offered_to_a_member(driver: DomainDriver) -> None:
    ada, _, vic = await claimed_chat(driver)
    department = await driver.run(departments.add_department, "Paiements")
    with pytest.raises(Conflict):
        await ada.hands_over(vic.ticket, department)
    cleo = await driver.agent("Cleo", departments=["Paiements"])
    await ada.hands_over(vic.ticket, department)
    assert await driver.ringing() == {vic.ticket: cleo.id}
    assert (await cleo.claims(vic.ticket)).assignee_id == cleo.id


async def test_a_passed_transfer_of_a_removed_agent_ends(driver: DomainDriver) -> None:
    _, _, vic = await claimed_chat(driver)
    sam = await driver.agent("Sam", role="supervisor")
    department = await driver.run(departments.add_department, "Paiements")
    cleo = await driver.agent("Cleo", departments=["Paiements"])
    await sam.hands_over(vic.ticket, department)
    await cleo.declines(vic.ticket)
    assert await driver.read(department_transfer.has_passed_transfers)
    await driver.run(agents.remove_agent, "sam@example.test", driver.now)
    assert not await driver.read(department_transfer.has_passed_transfers)
    assert await driver.run(department_transfer.offer_to_next_member, driver.context) == 0


async def test_a_hand_over_to_a_department_is_offered_to_one_member_after_the_other(driver: DomainDriver) -> None:
    ada, _, vic = await claimed_chat(driver)
    department = await driver.run(departments.add_department, "Paiements")
    cleo = await driver.agent("Cleo", departments=["Paiements"])
    await ada.hands_over(vic.ticket, department)
    dora = await driver.agent("Dora", departments=["Paiements"])
    await cleo.declines(vic.ticket)
    assert await driver.run(department_transfer.offer_to_next_member, driver.context) == 1
    assert await driver.ringing() == {vic.ticket: dora.id}
    driver.later(seconds=61)
    await driver.run(offers.expire_offers, driver.now)
    assert await driver.run(department_transfer.offer_to_next_member, driver.context) == 0
    assert (await vic.sees()).assignee_id == ada.id, "all have passed: the giver keeps it"
    await driver.agent("Eve", departments=["Paiements"])
    assert await driver.run(department_transfer.offer_to_next_member, driver.context) == 0, (
        "and it does not ring an hour later"
    )


@pytest.mark.parametrize("how", ["goes away", "is lost", "is removed"])
async def test_a_transfer_goes_to_the_next_member_when_a_member_leaves(driver: DomainDriver, how: str) -> None:
    ada, _, vic = await claimed_chat(driver)
    department = await driver.run(departments.add_department, "Paiements")
    cleo = await driver.agent("Cleo", departments=["Paiements"])
    await ada.hands_over(vic.ticket, department)
    dora = await driver.agent("Dora", departments=["Paiements"])
    match how:
        case "goes away":
            await cleo.chooses("away")
        case "is lost":
            cleo.drops()
            await driver.run(lost_agents.release_chats_of_absent_agents, driver.context)
        case _:
            await driver.run(agents.remove_agent, "cleo@example.test", driver.now)
    ended = next(fact for fact in driver.facts[::-1] if isinstance(fact, OfferEnded))
    assert (ended.offer.agent_id, ended.reason) == (cleo.id, "withdrawn")
    assert await driver.run(department_transfer.offer_to_next_member, driver.context) == 1
    assert await driver.ringing() == {vic.ticket: dora.id}


@pytest.mark.parametrize("how", ["is taken over", "is set aside", "ends and is reopened"])
async def test_a_transfer_between_two_members_ends_when_the_ticket_changes(driver: DomainDriver, how: str) -> None:
    ada, _, vic = await claimed_chat(driver)
    sam = await driver.agent("Sam", role="supervisor")
    department = await driver.run(departments.add_department, "Paiements")
    cleo = await driver.agent("Cleo", departments=["Paiements"])
    await ada.hands_over(vic.ticket, department)
    await driver.agent("Dora", departments=["Paiements"])
    await cleo.declines(vic.ticket)
    match how:
        case "is taken over":
            await sam.takes_over(vic.ticket)
        case "is set aside":
            await ada.sets(vic.ticket, "on_hold")
        case _:
            await ada.ends(vic.ticket)
            await vic.says("Encore moi")
    assert (await vic.sees()).assignee_id in (ada.id, sam.id)
    assert not await driver.read(department_transfer.has_passed_transfers)
    assert await driver.run(department_transfer.offer_to_next_member, driver.context) == 0


async def test_a_handed_over_ticket_rings_for_the_configured_time(driver: DomainDriver) -> None:
    driver.timeouts = driver.timeouts._replace(ring=timedelta(seconds=20))
    ada, ben, vic = await claimed_chat(driver)
    await ada.hands_over(vic.ticket, ben)
    (offer,) = await driver.read(ringing_offers)
    assert offer.expires_at == driver.now + timedelta(seconds=20)
    department = await driver.run(departments.add_department, "Paiements")
    await driver.agent("Cleo", departments=["Paiements"])
    await ada.hands_over(vic.ticket, department)
    (offer,) = await driver.read(ringing_offers)
    assert offer.expires_at == driver.now + timedelta(seconds=20)


async def test_a_second_hand_over_withdraws_the_first(driver: DomainDriver) -> None:
    ada, ben, vic = await claimed_chat(driver)
    cleo = await driver.agent("Cleo")
    await ada.hands_over(vic.ticket, ben)
    await ada.hands_over(vic.ticket, cleo)
    assert await driver.ringing() == {vic.ticket: cleo.id}
    assert (await ben.row()).chats == 0


async def test_a_supervisor_hands_over_another_agents_ticket(driver: DomainDriver) -> None:
    ada, ben, vic = await claimed_chat(driver)
    sam = await driver.agent("Sam", role="supervisor")
    await sam.hands_over(vic.ticket, ben)
    assert (await vic.sees()).assignee_id == ada.id
    assert (await ben.claims(vic.ticket)).assignee_id == ben.id


async def test_only_supervisors_and_admins_take_over(driver: DomainDriver) -> None:
    ada, ben, vic = await claimed_chat(driver)
    with pytest.raises(NotAllowed):
        await ben.takes_over(vic.ticket)
    await ada.hands_over(vic.ticket, ben)
    for role in ("supervisor", "admin"):
        sam = await driver.agent(f"Sam {role}", role=role)
        assert (await sam.takes_over(vic.ticket)).assignee_id == sam.id
        head = (await vic.sees()).last_seq
        assert (await sam.takes_over(vic.ticket)).last_seq == head, "twice is once"
    assert await driver.ringing() == {}
    assert await driver.events(vic.ticket) == ["joined", "handed_over", "handed_over"]
    with pytest.raises(Conflict):
        await ben.claims(vic.ticket)
