"""Strangers: what is somebody else's looks exactly like what does not exist, and stays untouched."""

from collections.abc import Awaitable, Callable

import pytest

from chat.domain.messages import catch_up
from chat.domain.messages.incoming import Post
from chat.domain.queries.tickets import ticket_of_visitor
from chat.domain.refusals import NotFound
from chat.domain.tickets import contact, lifecycle
from chat.domain.tickets.contact import Contact
from tests.domain.domain_driver import Desk, new_id, read_up_to

Deed = Callable[[Desk, int, str], Awaitable[object]]

DEEDS: dict[str, Deed] = {
    "send_message": lambda desk, who, ticket: desk.post(Post(ticket, new_id(), "mine?", desk.context, visitor_id=who)),
    "catch_up": lambda desk, who, ticket: desk.read(catch_up.visitor_catch_up, who, ticket, 0),
    "mark_read": lambda desk, who, ticket: desk.run(read_up_to, ticket, 1, desk.now, visitor_id=who),
    "give_contact": lambda desk, who, ticket: desk.run(
        contact.give_contact, who, ticket, Contact("zoe@example.test", None, False), desk.now
    ),
    "end_chat": lambda desk, who, ticket: desk.run(lifecycle.end_by_visitor, who, ticket, desk.now),
    "typing": lambda desk, who, ticket: desk.read(ticket_of_visitor, who, ticket),
}


@pytest.mark.parametrize("deed", DEEDS)
async def test_a_visitor_and_somebody_elses_ticket(desk: Desk, deed: str) -> None:
    vic, zoe = desk.visitor("Vic"), desk.visitor("Zoe")
    await desk.agent("Ada")
    await vic.starts()
    await zoe.starts()
    await DEEDS[deed](desk, vic.id, vic.ticket)
    before = await zoe.sees()
    said = []
    for ticket in (zoe.ticket, "t_unknown", "\0", ""):
        with pytest.raises(NotFound) as refused:
            await DEEDS[deed](desk, vic.id, ticket)
        said.append(str(refused.value))
    assert len(set(said)) == 1, "nobody can tell the one from the other"
    assert await zoe.sees() == before or (await zoe.sees()).rev == before.rev


async def test_an_address_that_somebody_types_opens_nothing(desk: Desk) -> None:
    vic, eve = desk.visitor("Vic"), desk.visitor("Eve")
    await vic.fills_in(email="vic@example.test")
    await eve.fills_in(email="vic@example.test")
    with pytest.raises(NotFound):
        await desk.read(catch_up.visitor_catch_up, eve.id, vic.ticket, 0)


async def test_an_agent_and_a_ticket_that_does_not_exist(desk: Desk) -> None:
    ada, ben = await desk.agent("Ada"), await desk.agent("Ben")
    acts: tuple[Callable[[str], Awaitable[object]], ...] = (
        ada.claims,
        ada.declines,
        ada.says,
        ada.notes,
        ada.ends,
        ada.spams,
        lambda ticket: ada.sets(ticket, "solved"),
        lambda ticket: ada.hands_over(ticket, ben),
        ada.takes_over,
        lambda ticket: ada.reads(ticket, 1),
        lambda ticket: desk.read(catch_up.agent_catch_up, ticket, 0, 0),
    )
    for act in acts:
        for ticket in ("t_unknown", "\0"):
            with pytest.raises(NotFound):
                await act(ticket)
