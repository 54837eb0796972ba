"""Long waits: the form is offered, then the chat becomes a ticket with its promise; nothing is lost on the way."""

from datetime import timedelta

import pytest

from chat.domain.context import Timeouts
from chat.domain.refusals import BadRequest, TicketEnded
from chat.domain.routing import long_waits, offers
from tests.domain.domain_driver import Agent, Desk, Visitor


async def waiting(desk: Desk) -> tuple[Agent, Visitor]:
    """Vic waits for Ada, who has let it pass."""
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts("Où est mon virement ?")
    await desk.offer_waiting_chats()
    await ada.declines(vic.ticket)
    return ada, vic


async def test_five_minutes_then_ten(desk: Desk) -> None:
    _, vic = await waiting(desk)
    desk.later(minutes=4, seconds=59)
    await desk.run_worker()
    assert (await vic.sees()).form_offered_at is None
    desk.later(seconds=1)
    await desk.run_worker()
    assert (await vic.sees()).form_offered_at == desk.now
    desk.later(minutes=9, seconds=59)
    await desk.run_worker()
    assert (await vic.sees()).status == "live"
    desk.later(seconds=1)
    await desk.run_worker()
    row = await vic.sees()
    assert (row.status, row.email, row.form_offered_at) == ("open", None, None)
    assert row.promise_due_at is not None and row.promise_due_at > desk.now
    assert await desk.events(vic.ticket) == ["became_ticket"]
    thread = await desk.thread(vic.ticket)
    assert thread[0].text == "Où est mon virement ?"


async def test_keeping_on_waiting(desk: Desk) -> None:
    _, vic = await waiting(desk)
    desk.later(minutes=5)
    await desk.run_worker()
    desk.later(minutes=9)
    row = await vic.leaves_address(wait=True)
    assert row.waiting and row.email == "vic@example.test"
    desk.later(minutes=9)
    await desk.run_worker()
    assert (await vic.sees()).waiting
    desk.later(minutes=1)
    await desk.run_worker()
    row = await vic.sees()
    assert (row.status, row.email) == ("open", "vic@example.test")


async def test_leaving_an_address_leaves_the_queue_and_again_corrects_it(desk: Desk) -> None:
    ada, vic = await waiting(desk)
    row = await vic.leaves_address(wait=False, name="Vic")
    assert (row.status, row.email, row.name, row.position) == ("open", "vic@example.test", "Vic", None)
    due = row.promise_due_at
    desk.later(minutes=1)
    row = await vic.leaves_address(wait=False, email="vic@example.org")
    assert (row.status, row.email, row.name, row.promise_due_at) == ("open", "vic@example.org", "Vic", due)
    with pytest.raises(BadRequest):
        await vic.leaves_address(wait=False, email="nobody")
    await ada.spams(vic.ticket)
    with pytest.raises(TicketEnded):
        await vic.leaves_address(wait=False)


async def test_an_address_for_a_chat_that_has_an_agent_changes_nothing_else(desk: Desk) -> None:
    ada, vic = await waiting(desk)
    await ada.claims(vic.ticket)
    row = await vic.leaves_address(wait=False)
    assert (row.status, row.assignee_id, row.email) == ("live", ada.id, "vic@example.test")


async def test_what_a_visitor_told_of_themselves_is_not_taken_back(desk: Desk) -> None:
    await desk.agent("Ada")
    vic = desk.visitor("Vic")
    await vic.starts(name="Vic")
    await vic.leaves_address(wait=False)
    await vic.ends()
    assert (await vic.starts("Une autre question")).message.author_name == "Vic"


@pytest.mark.parametrize("how", ["hours end", "the last agent sets away", "the last agent is gone"])
async def test_who_waits_when_the_desk_closes_has_a_ticket(desk: Desk, how: str) -> None:
    ada = await desk.agent("Ada", capacity=1)
    vic, zoe = desk.visitor("Vic"), desk.visitor("Zoe")
    desk.later(hours=7, minutes=59)
    await vic.starts()
    await ada.claims(vic.ticket)
    await zoe.starts()
    await desk.run_worker()
    assert (await zoe.sees()).waiting
    if how == "hours end":
        desk.later(minutes=1)
    elif how == "the last agent sets away":
        await ada.chooses("away")
    else:
        ada.drops()
    await desk.run_worker()
    assert (await zoe.sees()).status == "open"
    row = await vic.sees()
    assert row.status == "live", "an agent's chat goes on, or its agent has five minutes to return"
    assert row.assignee_id == (None if how == "the last agent is gone" else ada.id)


async def test_an_offer_that_rings_at_closing_time_is_withdrawn(desk: Desk) -> None:
    await desk.agent("Ada")
    vic = desk.visitor("Vic")
    desk.later(hours=7, minutes=59, seconds=30)
    await vic.starts()
    await desk.offer_waiting_chats()
    desk.later(seconds=30)
    await desk.run_worker()
    assert await desk.ringing() == {}
    assert (await vic.sees()).status == "open"


async def test_a_chat_that_is_answered_is_offered_no_form(desk: Desk) -> None:
    ada, vic = await waiting(desk)
    desk.later(minutes=5)
    await desk.run_worker()
    await ada.claims(vic.ticket)
    assert (await vic.sees()).form_offered_at is None
    await ada.says(vic.ticket)
    desk.later(minutes=9)
    await desk.run_worker()
    assert (await vic.sees()).form_offered_at is None


async def test_settings_shorten_the_pauses(desk: Desk) -> None:
    _, vic = await waiting(desk)
    desk.timeouts = Timeouts(*(timedelta(seconds=1) for _ in desk.timeouts))
    context = desk.context._replace(now=desk.now + timedelta(seconds=1))
    await desk.run(long_waits.escalate_long_waits, context)
    assert (await vic.sees()).form_offered_at == context.now
    await desk.run(long_waits.escalate_long_waits, context._replace(now=context.now + timedelta(seconds=1)))
    assert (await vic.sees()).status == "open"
    assert await desk.run(offers.offer_waiting, context) == 0
