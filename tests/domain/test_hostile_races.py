"""Simultaneous commands of two nodes, and transfers to the assignee: one outcome, no damage."""

import asyncio

import pytest

from chat.domain.intake.start import NewChat, NewForm, Submitted, start_chat, submit_form
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.people.departments import add_department
from chat.domain.refusals import BadRequest, Conflict
from tests.domain.domain_driver import DomainDriver, new_id


async def test_ticket_is_not_offered_to_its_assignee(driver: DomainDriver) -> None:
    ada, sam = await driver.agent("Ada"), await driver.agent("Sam", role="supervisor")
    vic = driver.visitor("Vic")
    started = await vic.starts()
    ticket = started.ticket.public_id
    await ada.claims(ticket)
    with pytest.raises(BadRequest):
        await sam.hands_over(ticket, ada)
    assert await driver.ringing() == {}


async def test_ticket_is_not_offered_to_its_assignees_department(driver: DomainDriver) -> None:
    department_id = await driver.run(add_department, "Payments")
    ada, sam = await driver.agent("Ada", departments=("Payments",)), await driver.agent("Sam", role="supervisor")
    started = await driver.visitor("Vic").starts()
    await ada.claims(started.ticket.public_id)
    with pytest.raises(Conflict):
        await sam.hands_over(started.ticket.public_id, department_id)
    assert await driver.ringing() == {}


async def test_same_form_submitted_on_two_nodes_at_once_creates_one_ticket(
    nodes: tuple[DomainDriver, DomainDriver],
) -> None:
    for _ in range(8):
        form = NewForm(new_id(), {"text": "Where is it?", "email": "vic@example.test"})
        people = [node.visitor(name).identity for node, name in zip(nodes, ("Vic", "Zoe"), strict=True)]
        submissions = (
            node.store.write(submit_form, identity, form, node.now)
            for node, identity in zip(nodes, people, strict=True)
        )
        outcomes = await asyncio.gather(*submissions, return_exceptions=True)
        assert {type(one) for one in outcomes} == {Submitted, Conflict}


async def test_reopening_and_starting_a_chat_at_once_leaves_one_live_ticket(
    nodes: tuple[DomainDriver, DomainDriver],
) -> None:
    one, other = nodes
    ada = await one.agent("Ada")
    people = [one.visitor(f"Vic {number}") for number in range(6)]
    for vic in people:
        ticket = (await vic.starts()).ticket.public_id
        await ada.says(ticket)
        await ada.ends(ticket)
    for vic in people:
        post = Post(vic.ticket, new_id(), "Again", one.context, visitor_id=vic.id)
        posted, started = await asyncio.gather(
            one.store.post(post_batch, post),
            other.store.write(start_chat, vic.identity, NewChat(new_id(), "Anew"), other.context),
        )
        statuses = [(await one.ticket(public_id)).status for public_id in {vic.ticket, started.ticket.public_id}]
        assert (posted.text, started.message.text, statuses.count("live")) == ("Again", "Anew", 1)
