"""Idle chats: after ten minutes the agent's slot is free, after sixty the chat pauses; a message reopens it."""

from datetime import timedelta

import pytest

from chat.domain.routing import idle_chats
from tests.domain.domain_driver import Agent, Desk, Visitor


async def claimed_chat(desk: Desk) -> tuple[Agent, Visitor]:
    ada, vic = await desk.agent("Ada", capacity=1), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    return ada, vic


async def pass_time(desk: Desk, **passed: float) -> None:
    desk.later(**passed)
    await desk.run(idle_chats.close_idle_chats, desk.context)


async def test_a_visitor_silent_after_an_answer_frees_the_slot_and_then_pauses(desk: Desk) -> None:
    ada, vic = await claimed_chat(desk)
    await ada.says(vic.ticket)
    await pass_time(desk, minutes=9, seconds=59)
    assert (await ada.row()).chats == 1
    await pass_time(desk, seconds=1)
    assert ((await ada.row()).chats, (await vic.sees()).status) == (0, "live")
    await pass_time(desk, minutes=49, seconds=59)
    assert (await vic.sees()).status == "live"
    await pass_time(desk, seconds=1)
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.promise_due_at) == ("pending", ada.id, None)
    assert (await desk.events(vic.ticket))[-1] == "paused"


async def test_a_visitor_who_waits_for_an_answer_is_not_idle(desk: Desk) -> None:
    ada, vic = await claimed_chat(desk)
    await ada.says(vic.ticket)
    await vic.says("Et ensuite ?")
    await pass_time(desk, hours=3)
    assert ((await ada.row()).chats, (await vic.sees()).status) == (1, "live")


@pytest.mark.parametrize(("answered", "then"), [(True, "pending"), (False, "open")])
async def test_a_gone_visitor_frees_the_slot_and_then_pauses(desk: Desk, answered: bool, then: str) -> None:
    ada, vic = await claimed_chat(desk)
    if answered:
        await ada.says(vic.ticket)
    await vic.is_now("gone")
    await pass_time(desk, minutes=10)
    assert (await ada.row()).chats == 0
    await pass_time(desk, minutes=50)
    row = await vic.sees()
    assert row.status == then
    assert (row.promise_due_at is not None) == (then == "open"), "what we owe has a promise"


async def test_a_returning_visitor_uses_the_slot_again_unless_idle(desk: Desk) -> None:
    ada, vic = await claimed_chat(desk)
    await vic.is_now("gone")
    await pass_time(desk, minutes=8)
    await ada.says(vic.ticket)
    await pass_time(desk, minutes=2)
    assert (await ada.row()).chats == 0
    await vic.is_now("here")
    assert (await ada.row()).chats == 1, "our answer is two minutes old"
    await pass_time(desk, minutes=8)
    assert (await ada.row()).chats == 0, "and now ten"
    await vic.is_now("gone")
    await vic.is_now("hidden")
    assert (await ada.row()).chats == 0, "still silent"
    await vic.says("Me revoilà")
    assert (await ada.row()).chats == 1


async def test_a_returning_visitor_takes_the_slot_unless_idle_for_the_configured_time(desk: Desk) -> None:
    desk.timeouts = desk.timeouts._replace(idle_after=timedelta(minutes=2))
    ada, vic = await claimed_chat(desk)
    await ada.says(vic.ticket)
    await vic.is_now("gone")
    await pass_time(desk, minutes=3)
    await vic.is_now("here")
    assert (await ada.row()).chats == 0, "silent for three minutes of two"
    await ada.says(vic.ticket)
    await vic.is_now("gone")
    desk.later(minutes=1)
    await vic.is_now("here")
    assert (await ada.row()).chats == 1


async def test_a_message_reopens_a_paused_chat_with_the_same_agent(desk: Desk) -> None:
    ada, vic = await claimed_chat(desk)
    await ada.says(vic.ticket)
    await pass_time(desk, minutes=60)
    await desk.agent("Ben")
    await vic.says("Me revoilà")
    row = await vic.sees()
    assert (row.status, row.assignee_id, (await ada.row()).chats) == ("live", ada.id, 1)


async def test_paused_chats_are_excluded_from_wait_estimates(desk: Desk) -> None:
    _, vic = await claimed_chat(desk)
    await vic.is_now("gone")
    await pass_time(desk, minutes=60)
    assert (await vic.sees()).status == "open"
    zoe = desk.visitor("Zoe")
    await zoe.starts()
    assert (await zoe.sees()).position == 1


async def test_a_freed_slot_is_offered_another_chat(desk: Desk) -> None:
    ada, vic = await claimed_chat(desk)
    zoe = desk.visitor("Zoe")
    await zoe.starts()
    await ada.says(vic.ticket)
    await desk.run_worker()
    assert await desk.ringing() == {}
    await pass_time(desk, minutes=4)
    await zoe.says("Toujours là")
    await pass_time(desk, minutes=6)
    await desk.offer_waiting_chats()
    assert await desk.ringing() == {zoe.ticket: ada.id}
