"""Answers of agents: they keep promises, and claim tickets without an owner by the rule of all claims."""

import pytest

from chat import presenters
from chat.domain.refusals import Conflict
from tests.domain.domain_driver import DomainDriver, Visitor


async def test_an_answer_makes_an_open_ticket_pending_and_keeps_its_promise(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.fills_in()
    before = await vic.sees()
    assert (
        before.promise_due_at is not None and before.promise_kept_at is None and before.unanswered_since == driver.now
    )
    driver.later(hours=1)
    await ada.says(vic.ticket, "Il arrive demain.")
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.promise_kept_at) == ("pending", ada.id, driver.now)
    assert (row.unanswered_since, row.unread) == (None, 0)


async def test_only_the_owner_answers_and_an_answer_claims_an_unowned_chat(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    await ada.says(vic.ticket, "Nobody's ticket is claimed by an answer.")
    assert (await vic.sees()).assignee_id == ada.id
    texts = [row.event["name"] if row.event else row.text for row in await driver.thread(vic.ticket)]
    assert texts == ["Bonjour", "joined", "Nobody's ticket is claimed by an answer."]
    with pytest.raises(Conflict) as refused:
        await ben.says(vic.ticket, "Me too")
    assert refused.value.by is not None and refused.value.by.name == "Ada"


async def test_an_answer_to_a_waiting_chat_needs_a_free_slot_like_a_claim(driver: DomainDriver) -> None:
    ada, vic, zoe = await driver.agent("Ada", capacity=1), driver.visitor("Vic"), driver.visitor("Zoe")
    for visitor in (vic, zoe):
        await visitor.starts()
    await ada.claims(vic.ticket)
    before = await zoe.sees()
    with pytest.raises(Conflict) as refused:
        await ada.says(zoe.ticket, "Me too")
    assert (refused.value.reason, refused.value.by) == ("capacity", None)
    assert await zoe.sees() == before
    await ada.claims(zoe.ticket, over=True)
    assert (await ada.says(zoe.ticket, "Me too")).seq == before.last_seq + 2


async def test_an_answer_accepts_the_offer_of_its_chat(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada", capacity=1), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    assert await driver.ringing() == {vic.ticket: ada.id}
    await ada.says(vic.ticket, "The offer used the slot already.")
    assert await driver.ringing() == {}
    assert ((await vic.sees()).assignee_id, (await ada.row()).chats) == (ada.id, 1)


async def test_an_answer_claims_an_open_ticket_without_a_slot(driver: DomainDriver) -> None:
    ada, vic, zoe = await driver.agent("Ada", capacity=1), driver.visitor("Vic"), driver.visitor("Zoe")
    await vic.starts()
    await ada.claims(vic.ticket)
    await zoe.fills_in()
    await ada.says(zoe.ticket, "Il arrive demain.")
    row = await zoe.sees()
    assert (row.status, row.assignee_id, (await ada.row()).chats) == ("pending", ada.id, 1)
    assert await driver.events(zoe.ticket) == [], "nobody joins a ticket that is no chat"


async def test_card_names_the_author_of_the_last_message_whoever_has_the_ticket(driver: DomainDriver) -> None:
    ada, sam = await driver.agent("Ada"), await driver.agent("Sam", role="supervisor")
    vic = driver.visitor("Vic")
    await vic.starts()
    assert await last_by(vic) is None
    await ada.says(vic.ticket, "Hello Vic.")
    await sam.takes_over(vic.ticket)
    assert await last_by(vic) == ada.public_id
    await sam.says(vic.ticket, "I take it from here.")
    assert await last_by(vic) == sam.public_id
    await sam.hands_over(vic.ticket, ada)
    await ada.claims(vic.ticket)
    assert await last_by(vic) == sam.public_id
    await ada.says(vic.ticket, "Me again.")
    assert await last_by(vic) == ada.public_id
    await vic.says("Thanks")
    assert await last_by(vic) is None


async def last_by(vic: Visitor) -> str | None:
    return presenters.card(await vic.sees()).last_by
