"""Idle chats: after ten minutes the agent's slot is free, after sixty the chat pauses; a message reopens it."""

from datetime import timedelta

import pytest

from chat.domain.routing import idle_chats
from tests.domain.domain_driver import Agent, DomainDriver, Visitor


async def claimed_chat(driver: DomainDriver) -> tuple[Agent, Visitor]:
    ada, vic = await driver.agent("Ada", capacity=1), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    return ada, vic


async def pass_time(driver: DomainDriver, **passed: float) -> None:
    driver.later(**passed)
    await driver.run(idle_chats.close_idle_chats, driver.context)


async def test_a_visitor_silent_after_an_answer_frees_the_slot_and_then_pauses(driver: DomainDriver) -> None:
    ada, vic = await claimed_chat(driver)
    await ada.says(vic.ticket)
    await pass_time(driver, minutes=9, seconds=59)
    assert (await ada.row()).chats == 1
    await pass_time(driver, seconds=1)
    assert ((await ada.row()).chats, (await vic.sees()).status) == (0, "live")
    await pass_time(driver, minutes=49, seconds=59)
    assert (await vic.sees()).status == "live"
    await pass_time(driver, seconds=1)
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.promise_due_at) == ("pending", ada.id, None)
    assert (await driver.events(vic.ticket))[-1] == "paused"


async def test_a_visitor_who_waits_for_an_answer_is_not_idle(driver: DomainDriver) -> None:
    ada, vic = await claimed_chat(driver)
    await ada.says(vic.ticket)
    await vic.says("Et ensuite ?")
    await pass_time(driver, hours=3)
    assert ((await ada.row()).chats, (await vic.sees()).status) == (1, "live")


@pytest.mark.parametrize(("answered", "then"), [(True, "pending"), (False, "open")])
async def test_a_gone_visitor_frees_the_slot_and_then_pauses(driver: DomainDriver, answered: bool, then: str) -> None:
    ada, vic = await claimed_chat(driver)
    if answered:
        await ada.says(vic.ticket)
    await vic.is_now("gone")
    await pass_time(driver, minutes=10)
    assert (await ada.row()).chats == 0
    await pass_time(driver, minutes=50)
    row = await vic.sees()
    assert row.status == then
    assert (row.promise_due_at is not None) == (then == "open"), "what we owe has a promise"


async def test_a_returning_visitor_uses_the_slot_again_unless_idle(driver: DomainDriver) -> None:
    ada, vic = await claimed_chat(driver)
    await vic.is_now("gone")
    await pass_time(driver, minutes=8)
    await ada.says(vic.ticket)
    await pass_time(driver, minutes=2)
    assert (await ada.row()).chats == 0
    await vic.is_now("here")
    assert (await ada.row()).chats == 1, "our answer is two minutes old"
    await pass_time(driver, minutes=8)
    assert (await ada.row()).chats == 0, "and now ten"
    await vic.is_now("gone")
    await vic.is_now("hidden")
    assert (await ada.row()).chats == 0, "still silent"
    await vic.says("Me revoilà")
    assert (await ada.row()).chats == 1


async def test_a_returning_visitor_takes_the_slot_unless_idle_for_the_configured_time(driver: DomainDriver) -> None:
    driver.timeouts = driver.timeouts._replace(idle_after=timedelta(minutes=2))
    ada, vic = await claimed_chat(driver)
    await ada.says(vic.ticket)
    await vic.is_now("gone")
    await pass_time(driver, minutes=3)
    await vic.is_now("here")
    assert (await ada.row()).chats == 0, "silent for three minutes of two"
    await ada.says(vic.ticket)
    await vic.is_now("gone")
    driver.later(minutes=1)
    await vic.is_now("here")
    assert (await ada.row()).chats == 1


async def test_a_message_reopens_a_paused_chat_with_the_same_agent(driver: DomainDriver) -> None:
    ada, vic = await claimed_chat(driver)
    await ada.says(vic.ticket)
    await pass_time(driver, minutes=60)
    await driver.agent("Ben")
    await vic.says("Me revoilà")
    row = await vic.sees()
    assert (row.status, row.assignee_id, (await ada.row()).chats) == ("live", ada.id, 1)


async def test_paused_chats_are_excluded_from_wait_estimates(driver: DomainDriver) -> None:
    _, vic = await claimed_chat(driver)
    await vic.is_now("gone")
    await pass_time(driver, minutes=60)
    assert (await vic.sees()).status == "open"
    zoe = driver.visitor("Zoe")
    await zoe.starts()
    assert (await zoe.sees()).position == 1


async def test_a_freed_slot_is_offered_another_chat(driver: DomainDriver) -> None:
    ada, vic = await claimed_chat(driver)
    zoe = driver.visitor("Zoe")
    await zoe.starts()
    await ada.says(vic.ticket)
    await driver.run_worker()
    assert await driver.ringing() == {}
    await pass_time(driver, minutes=4)
    await zoe.says("Toujours là")
    await pass_time(driver, minutes=6)
    await driver.offer_waiting_chats()
    assert await driver.ringing() == {zoe.ticket: ada.id}
