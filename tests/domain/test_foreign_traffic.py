"""Other people's tickets look exactly like tickets that do not exist, and stay unchanged."""

from collections.abc import Awaitable, Callable

import pytest

from chat.domain.messages import catch_up
from chat.domain.messages.incoming import Post
from chat.domain.queries.tickets import ticket_of_visitor
from chat.domain.refusals import NotFound
from chat.domain.tickets import contact, lifecycle
from chat.domain.tickets.contact import Contact
from tests.domain.domain_driver import DomainDriver, new_id, read_up_to

Command = Callable[[DomainDriver, int, str], Awaitable[object]]

COMMANDS: dict[str, Command] = {
    "send_message": lambda driver, visitor_id, ticket: driver.post(
        Post(ticket, new_id(), "mine?", driver.context, visitor_id=visitor_id)
    ),
    "catch_up": lambda driver, visitor_id, ticket: driver.read(catch_up.visitor_catch_up, visitor_id, ticket, 0),
    "mark_read": lambda driver, visitor_id, ticket: driver.run(
        read_up_to, ticket, 1, driver.now, visitor_id=visitor_id
    ),
    "give_contact": lambda driver, visitor_id, ticket: driver.run(
        contact.give_contact, visitor_id, ticket, Contact("zoe@example.test", None, False), driver.now
    ),
    "end_chat": lambda driver, visitor_id, ticket: driver.run(lifecycle.end_by_visitor, visitor_id, ticket, driver.now),
    "typing": lambda driver, visitor_id, ticket: driver.read(ticket_of_visitor, visitor_id, ticket),
}


@pytest.mark.parametrize("command", COMMANDS)
async def test_visitor_gets_not_found_for_another_visitors_ticket(driver: DomainDriver, command: str) -> None:
    vic, zoe = driver.visitor("Vic"), driver.visitor("Zoe")
    await driver.agent("Ada")
    await vic.starts()
    await zoe.starts()
    await COMMANDS[command](driver, vic.id, vic.ticket)
    before = await zoe.sees()
    refusals = []
    for ticket in (zoe.ticket, "t_unknown", "\0", ""):
        with pytest.raises(NotFound) as refused:
            await COMMANDS[command](driver, vic.id, ticket)
        refusals.append(str(refused.value))
    assert len(set(refusals)) == 1, "the refusals are indistinguishable"
    assert await zoe.sees() == before or (await zoe.sees()).rev == before.rev


async def test_typed_email_address_gives_no_access_to_its_tickets(driver: DomainDriver) -> None:
    vic, eve = driver.visitor("Vic"), driver.visitor("Eve")
    await vic.fills_in(email="vic@example.test")
    await eve.fills_in(email="vic@example.test")
    with pytest.raises(NotFound):
        await driver.read(catch_up.visitor_catch_up, eve.id, vic.ticket, 0)


async def test_agent_gets_not_found_for_unknown_ticket(driver: DomainDriver) -> None:
    ada, ben = await driver.agent("Ada"), await driver.agent("Ben")
    commands: tuple[Callable[[str], Awaitable[object]], ...] = (
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
        lambda ticket: driver.read(catch_up.agent_catch_up, ticket, 0, 0),
    )
    for command in commands:
        for ticket in ("t_unknown", "\0"):
            with pytest.raises(NotFound):
                await command(ticket)
