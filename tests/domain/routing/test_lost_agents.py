"""Lost agents: their chats wait at their old positions, and return to them if they are back in time."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from chat.domain.facts import TicketChanged
from chat.domain.people import agents
from chat.domain.queries.inbox import list_tickets
from chat.domain.refusals import NotFound
from chat.domain.routing import lost_agents
from chat.store.tables import tickets
from chat.vocabulary import PAUSED_STATUSES, InboxView, Status
from tests.domain.domain_driver import Agent, DomainDriver, Visitor


async def four_chats(driver: DomainDriver) -> tuple[Agent, list[Visitor]]:
    """Ada has four chats, started one after the other."""
    ada = await driver.agent("Ada")
    visitors = [driver.visitor(name) for name in ("Vic", "Zoe", "Max", "Lou")]
    for visitor in visitors:
        await visitor.starts()
        driver.later(seconds=10)
        await ada.claims(visitor.ticket)
        await ada.says(visitor.ticket)
    driver.later(minutes=20)
    return ada, visitors


async def test_lost_chats_wait_at_their_old_positions_and_their_visitors_are_notified(driver: DomainDriver) -> None:
    ada, visitors = await four_chats(driver)
    ben = await driver.agent("Ben", capacity=3)
    late = driver.visitor("Late")
    await late.starts()
    ada.drops()
    assert await driver.read(lost_agents.has_absent_agents, driver.context)
    assert await driver.run(lost_agents.release_chats_of_absent_agents, driver.context) == 4
    assert await driver.run(lost_agents.release_chats_of_absent_agents, driver.context) == 0
    assert not await driver.read(lost_agents.has_absent_agents, driver.context)
    for place, visitor in enumerate([*visitors, late], 1):
        row = await visitor.sees()
        assert (row.waiting, row.position) == (True, place)
    for visitor in visitors:
        assert (await driver.events(visitor.ticket))[-1] == "agent_gone"
    assert (await ada.row()).chats == 0
    await driver.offer_waiting_chats()
    assert await driver.ringing() == {visitor.ticket: ben.id for visitor in visitors[:3]}, "the oldest first"


async def test_an_agent_who_returns_in_time_gets_unclaimed_chats_back(driver: DomainDriver) -> None:
    ada, visitors = await four_chats(driver)
    ben = await driver.agent("Ben", capacity=1)
    ada.drops()
    await driver.run_worker()
    assert await driver.ringing() == {visitors[0].ticket: ben.id}
    await ben.claims(visitors[0].ticket)
    await driver.run_worker()
    driver.later(minutes=4, seconds=59)
    ada.connects()
    assert await driver.run(lost_agents.return_chats, driver.context) == 3
    assert await driver.run(lost_agents.return_chats, driver.context) == 0
    assert [(await one.sees()).assignee_id for one in visitors] == [ben.id, ada.id, ada.id, ada.id]
    assert (await driver.events(visitors[1].ticket))[-2:] == ["agent_gone", "agent_back"]
    assert (await ada.row()).chats == 3
    assert not (await visitors[1].sees()).form_offered_at


async def test_after_five_minutes_lost_chats_are_offered_to_their_previous_agent_first(driver: DomainDriver) -> None:
    ada, visitors = await four_chats(driver)
    await driver.agent("Ben", capacity=1)
    ada.drops()
    await driver.run(lost_agents.release_chats_of_absent_agents, driver.context)
    driver.later(minutes=5)
    ada.connects()
    assert await driver.run(lost_agents.return_chats, driver.context) == 0
    await driver.offer_waiting_chats()
    ringing = await driver.ringing()
    assert [ringing[one.ticket] for one in visitors] == [ada.id] * 4, "she knew them"


async def test_without_other_agents_the_form_is_offered_at_once_and_a_ticket_made_after_five_minutes(
    driver: DomainDriver,
) -> None:
    ada, visitors = await four_chats(driver)
    vic = visitors[0]
    ada.drops()
    await driver.run_worker()
    row = await vic.sees()
    assert (row.status, row.form_offered_at) == ("live", driver.now), "beside the chat, never instead of it"
    driver.later(minutes=4, seconds=59)
    await driver.run_worker()
    assert (await vic.sees()).status == "live"
    driver.later(seconds=1)
    await driver.run_worker()
    for visitor in visitors:
        row = await visitor.sees()
        assert (row.status, row.assignee_id) == ("open", None)
        assert row.promise_due_at is not None


async def test_with_other_agents_the_form_is_offered_after_five_minutes(driver: DomainDriver) -> None:
    ada, visitors = await four_chats(driver)
    await driver.agent("Ben", capacity=1)
    vic = visitors[0]
    ada.drops()
    await driver.run_worker()
    assert (await vic.sees()).form_offered_at is None
    driver.later(minutes=4, seconds=59)
    await driver.run_worker()
    assert (await vic.sees()).form_offered_at is None
    driver.later(seconds=1)
    await driver.run_worker()
    assert (await vic.sees()).form_offered_at == driver.now


async def test_no_chat_is_released_while_redis_is_away(driver: DomainDriver) -> None:
    ada, visitors = await four_chats(driver)
    ada.drops()
    driver.redis = False
    assert not await driver.read(lost_agents.has_absent_agents, driver.context)
    zoe = driver.visitor("New")
    for _ in range(20):
        driver.later(seconds=20)
        await driver.run_worker()
    assert [(await one.sees()).assignee_id for one in visitors] == [ada.id] * 4
    assert zoe.ticket == ""


async def test_waiting_chats_do_not_change_while_redis_is_away(driver: DomainDriver) -> None:
    await driver.agent("Ada")
    vic = driver.visitor("Vic")
    await vic.starts()
    driver.redis = False
    driver.later(hours=2)
    await driver.run_worker()
    row = await vic.sees()
    assert row.waiting and row.form_offered_at is None


async def test_a_lost_agents_offer_goes_to_the_next_agent(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    ben = await driver.agent("Ben")
    ada.drops()
    assert await driver.read(lost_agents.has_absent_agents, driver.context)
    await driver.run_worker()
    assert await driver.ringing() == {vic.ticket: ben.id}


async def test_a_lost_agents_return_is_awaited_for_the_configured_time(driver: DomainDriver) -> None:
    driver.timeouts = driver.timeouts._replace(return_grace=timedelta(minutes=1))
    ada, _ = await four_chats(driver)
    ada.drops()
    await driver.run(lost_agents.release_chats_of_absent_agents, driver.context)
    driver.later(minutes=1)
    ada.connects()
    assert await driver.run(lost_agents.return_chats, driver.context) == 0


async def test_a_removed_agents_return_is_not_awaited(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    before = len(driver.facts)
    await driver.run(agents.remove_agent, "ada@example.test", driver.now)
    changes = [fact.ticket.assignee_id for fact in driver.facts[before:] if isinstance(fact, TicketChanged)]
    assert changes == [None], "one change, without a moment in which the chat waits for Ada"
    assert await driver.read(return_deadlines) == [(None, None)]


async def test_a_chat_that_waits_for_an_agent_who_is_then_removed_waits_for_nobody(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    ada.drops()
    await driver.run(lost_agents.release_chats_of_absent_agents, driver.context)
    assert await driver.read(return_deadlines) == [(ada.id, driver.now + driver.timeouts.return_grace)]
    await driver.run(agents.remove_agent, "ada@example.test", driver.now)
    assert await driver.read(return_deadlines) == [(None, None)]
    assert (await driver.events(vic.ticket)).count("agent_gone") == 1
    await driver.run_worker()
    assert (await vic.sees()).status == "open", "nobody is there, and nobody will be back"


def return_deadlines(sql: Connection) -> list[tuple[int | None, datetime | None]]:
    return [tuple(row) for row in sql.execute(select(tickets.c.previous_agent_id, tickets.c.return_deadline)).all()]


@pytest.mark.parametrize("paused", PAUSED_STATUSES)
async def test_a_removed_agents_paused_tickets_are_open_again(driver: DomainDriver, paused: Status) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.fills_in()
    await ada.says(vic.ticket) if paused == "pending" else await ada.sets(vic.ticket, paused)
    promised = (await vic.sees()).promise_due_at
    assert ((await vic.sees()).status, await listed(ben, vic)) == (paused, [])
    driver.later(minutes=90)
    await driver.run(agents.remove_agent, "ada@example.test", driver.now)
    row = await vic.sees()
    assert (row.status, row.assignee_id, await listed(ben, vic)) == ("open", None, ["open"])
    # The running promise stays; a kept one is followed by a new one.
    assert row.promise_due_at and promised and (row.promise_due_at == promised) == (paused == "on_hold")


async def listed(agent: Agent, vic: Visitor) -> list[str]:
    """The lists of an agent's inbox that have Vic's ticket."""
    views: tuple[InboxView, ...] = ("mine", "waiting", "open")
    pages = {view: await agent.driver.read(list_tickets, agent.id, view) for view in views}
    return [view for view, page in pages.items() if vic.ticket in [row.public_id for row in page.rows]]


async def test_a_removed_agents_tickets_have_no_owner(driver: DomainDriver) -> None:
    ada, visitors = await four_chats(driver)
    ben = await driver.agent("Ben")
    await ada.sets(visitors[0].ticket, "pending")
    await ada.ends(visitors[1].ticket)
    await ada.spams(visitors[2].ticket)
    await ada.hands_over(visitors[3].ticket, ben)
    driver.later(minutes=1)
    await driver.run(agents.remove_agent, "ADA@example.test", driver.now)
    rows = [await one.sees() for one in visitors]
    assert [row.assignee_id for row in rows[:2]] == [None, None]
    assert rows[3].waiting and await driver.ringing() == {}
    assert (await driver.events(visitors[3].ticket))[-1] == "agent_gone"
    with pytest.raises(NotFound):
        await ada.row()
    ada.connects()
    assert await driver.run(lost_agents.return_chats, driver.context) == 0
    await visitors[1].says("Encore moi")
    assert (await ben.claims(visitors[1].ticket)).assignee_id == ben.id
    with pytest.raises(NotFound):
        await ada.claims(visitors[3].ticket)
    with pytest.raises(NotFound):
        await ada.says(visitors[3].ticket)
