"""Long waits: the form is offered, then the chat becomes a ticket with its promise."""

from datetime import timedelta

import pytest

from chat.domain.context import Timeouts
from chat.domain.refusals import BadRequest, TicketEnded
from chat.domain.routing import long_waits, offers
from tests.domain.domain_driver import Agent, DomainDriver, Visitor


async def waiting(driver: DomainDriver) -> tuple[Agent, Visitor]:
    """Vic waits for Ada, who declined the offer."""
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts("Où est mon virement ?")
    await driver.offer_waiting_chats()
    await ada.declines(vic.ticket)
    return ada, vic


async def test_the_form_is_offered_after_five_minutes_and_a_ticket_made_after_ten_more(driver: DomainDriver) -> None:
    _, vic = await waiting(driver)
    driver.later(minutes=4, seconds=59)
    await driver.run_worker()
    assert (await vic.sees()).form_offered_at is None
    driver.later(seconds=1)
    await driver.run_worker()
    assert (await vic.sees()).form_offered_at == driver.now
    driver.later(minutes=9, seconds=59)
    await driver.run_worker()
    assert (await vic.sees()).status == "live"
    driver.later(seconds=1)
    await driver.run_worker()
    row = await vic.sees()
    assert (row.status, row.email, row.form_offered_at) == ("open", None, None)
    assert row.promise_due_at is not None and row.promise_due_at > driver.now
    assert await driver.events(vic.ticket) == ["became_ticket"]
    thread = await driver.thread(vic.ticket)
    assert thread[0].text == "Où est mon virement ?"


async def test_keep_waiting_postpones_the_ticket(driver: DomainDriver) -> None:
    _, vic = await waiting(driver)
    driver.later(minutes=5)
    await driver.run_worker()
    driver.later(minutes=9)
    row = await vic.leaves_address(wait=True)
    assert row.waiting and row.email == "vic@example.test"
    driver.later(minutes=9)
    await driver.run_worker()
    assert (await vic.sees()).waiting
    driver.later(minutes=1)
    await driver.run_worker()
    row = await vic.sees()
    assert (row.status, row.email) == ("open", "vic@example.test")


async def test_a_contact_without_wait_makes_an_open_ticket_and_a_second_one_corrects_it(driver: DomainDriver) -> None:
    ada, vic = await waiting(driver)
    row = await vic.leaves_address(wait=False, name="Vic")
    assert (row.status, row.email, row.name, row.position) == ("open", "vic@example.test", "Vic", None)
    due = row.promise_due_at
    driver.later(minutes=1)
    row = await vic.leaves_address(wait=False, email="vic@example.org")
    assert (row.status, row.email, row.name, row.promise_due_at) == ("open", "vic@example.org", "Vic", due)
    with pytest.raises(BadRequest):
        await vic.leaves_address(wait=False, email="nobody")
    await ada.spams(vic.ticket)
    with pytest.raises(TicketEnded):
        await vic.leaves_address(wait=False)


async def test_a_contact_for_a_chat_with_an_agent_changes_nothing_else(driver: DomainDriver) -> None:
    ada, vic = await waiting(driver)
    await ada.claims(vic.ticket)
    row = await vic.leaves_address(wait=False)
    assert (row.status, row.assignee_id, row.email) == ("live", ada.id, "vic@example.test")


async def test_an_empty_field_does_not_delete_a_visitors_details(driver: DomainDriver) -> None:
    await driver.agent("Ada")
    vic = driver.visitor("Vic")
    await vic.starts(name="Vic")
    await vic.leaves_address(wait=False)
    await vic.ends()
    assert (await vic.starts("Une autre question")).message.author_name == "Vic"


@pytest.mark.parametrize("how", ["hours end", "the last agent sets away", "the last agent is gone"])
async def test_waiting_chats_become_tickets_at_closing_time(driver: DomainDriver, how: str) -> None:
    ada = await driver.agent("Ada", capacity=1)
    vic, zoe = driver.visitor("Vic"), driver.visitor("Zoe")
    driver.later(hours=7, minutes=59)
    await vic.starts()
    await ada.claims(vic.ticket)
    await zoe.starts()
    await driver.run_worker()
    assert (await zoe.sees()).waiting
    if how == "hours end":
        driver.later(minutes=1)
    elif how == "the last agent sets away":
        await ada.chooses("away")
    else:
        ada.drops()
    await driver.run_worker()
    assert (await zoe.sees()).status == "open"
    row = await vic.sees()
    assert row.status == "live", "an agent's chat goes on, or its agent has five minutes to return"
    assert row.assignee_id == (None if how == "the last agent is gone" else ada.id)


async def test_an_offer_is_withdrawn_at_closing_time(driver: DomainDriver) -> None:
    await driver.agent("Ada")
    vic = driver.visitor("Vic")
    driver.later(hours=7, minutes=59, seconds=30)
    await vic.starts()
    await driver.offer_waiting_chats()
    driver.later(seconds=30)
    await driver.run_worker()
    assert await driver.ringing() == {}
    assert (await vic.sees()).status == "open"


async def test_the_form_is_not_offered_beside_an_answered_chat(driver: DomainDriver) -> None:
    ada, vic = await waiting(driver)
    driver.later(minutes=5)
    await driver.run_worker()
    await ada.claims(vic.ticket)
    assert (await vic.sees()).form_offered_at is None
    await ada.says(vic.ticket)
    driver.later(minutes=9)
    await driver.run_worker()
    assert (await vic.sees()).form_offered_at is None


async def test_waits_escalate_after_the_configured_times(driver: DomainDriver) -> None:
    _, vic = await waiting(driver)
    driver.timeouts = Timeouts(*(timedelta(seconds=1) for _ in driver.timeouts))
    context = driver.context._replace(now=driver.now + timedelta(seconds=1))
    await driver.run(long_waits.escalate_long_waits, context)
    assert (await vic.sees()).form_offered_at == context.now
    await driver.run(long_waits.escalate_long_waits, context._replace(now=context.now + timedelta(seconds=1)))
    assert (await vic.sees()).status == "open"
    assert await driver.run(offers.offer_waiting, context) == 0
