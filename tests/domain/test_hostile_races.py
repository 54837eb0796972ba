"""What comes at the same instant from two sides, or is given to the one who has it: one outcome, and nobody is hurt."""

import asyncio

import pytest

from chat.domain.intake.start import NewChat, NewForm, Submitted, start_chat, submit_form
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.people.departments import add_department
from chat.domain.refusals import BadRequest, Conflict
from tests.domain.domain_driver import Desk, new_id


async def test_sam_can_not_ring_ada_for_what_she_has(desk: Desk) -> None:
    ada, sam = await desk.agent("Ada"), await desk.agent("Sam", role="supervisor")
    vic = desk.visitor("Vic")
    started = await vic.starts()
    ticket = started.ticket.public_id
    await ada.claims(ticket)
    with pytest.raises(BadRequest):
        await sam.hands_over(ticket, ada)
    assert await desk.ringing() == {}


async def test_a_department_is_not_rung_for_what_one_of_it_has(desk: Desk) -> None:
    part = await desk.run(add_department, "Payments")
    ada, sam = await desk.agent("Ada", departments=("Payments",)), await desk.agent("Sam", role="supervisor")
    started = await desk.visitor("Vic").starts()
    await ada.claims(started.ticket.public_id)
    with pytest.raises(Conflict):
        await sam.hands_over(started.ticket.public_id, part)
    assert await desk.ringing() == {}


async def test_one_form_from_two_sides_at_once_is_one_ticket(nodes: tuple[Desk, Desk]) -> None:
    for _ in range(8):
        form = NewForm(new_id(), {"text": "Where is it?", "email": "vic@example.test"})
        people = [node.visitor(name).identity for node, name in zip(nodes, ("Vic", "Zoe"), strict=True)]
        asked = (node.store.write(submit_form, who, form, node.now) for node, who in zip(nodes, people, strict=True))
        sent = await asyncio.gather(*asked, return_exceptions=True)
        assert {type(one) for one in sent} == {Submitted, Conflict}


async def test_a_reopened_chat_and_a_new_one_at_once_make_one_live(nodes: tuple[Desk, Desk]) -> None:
    one, other = nodes
    ada = await one.agent("Ada")
    people = [one.visitor(f"Vic {number}") for number in range(6)]
    for vic in people:
        ticket = (await vic.starts()).ticket.public_id
        await ada.says(ticket)
        await ada.ends(ticket)
    for vic in people:
        again = Post(vic.ticket, new_id(), "Again", one.context, visitor_id=vic.id)
        said, begun = await asyncio.gather(
            one.store.post(post_batch, again),
            other.store.write(start_chat, vic.identity, NewChat(new_id(), "Anew"), other.context),
        )
        statuses = [(await one.ticket(public_id)).status for public_id in {vic.ticket, begun.ticket.public_id}]
        assert (said.text, begun.message.text, statuses.count("live")) == ("Again", "Anew", 1)
