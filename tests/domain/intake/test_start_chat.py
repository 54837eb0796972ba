"""Starting a chat: one visitor and one ticket, also from two tabs or on two nodes."""

import asyncio

import pytest
from sqlalchemy import select, update

from chat.domain.facts import MessagePosted, TicketChanged
from chat.domain.intake import start
from chat.domain.intake.start import NewChat, StartedChat
from chat.domain.people.departments import add_department
from chat.domain.queries import visitors
from chat.domain.refusals import BadRequest, ChatUnavailable, Conflict
from chat.store.tables import categories, departments
from chat.store.transaction import Transaction
from tests.domain.domain_driver import DomainDriver, new_id
from tests.domain.intake.test_form import ticket_kinds


async def test_a_visitor_is_stored_with_the_first_message(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    with pytest.raises(ChatUnavailable):
        await vic.starts()
    assert await driver.read(visitors.visitor_by_token, vic.identity.token_hash) is None
    await driver.agent("Ada")
    started = await vic.starts("Bonjour", name="  Vic  ", email="vic@example.test")
    assert started.ticket.status == "live" and started.ticket.assignee_id is None
    assert (started.ticket.name, started.ticket.email) == ("Vic", "vic@example.test")
    assert (started.message.seq, started.message.author_name) == (1, "Vic")
    assert [type(fact) for fact in driver.facts[-2:]] == [MessagePosted, TicketChanged]


async def test_two_tabs_make_one_ticket(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    await driver.agent("Ada")
    client_id = new_id()
    first = await vic.starts("Bonjour", client_id)
    assert await vic.starts("Bonjour", client_id) == first
    with pytest.raises(Conflict):
        await vic.starts("Bonsoir", client_id)
    second = await vic.starts("Il y a quelqu'un ?")
    assert (second.ticket.id, second.message.seq) == (first.ticket.id, 2)


async def test_concurrent_first_messages_make_one_visitor_and_one_ticket(
    nodes: tuple[DomainDriver, DomainDriver],
) -> None:
    one, other = nodes
    await one.agent("Ada")
    for name in ("Vic", "Zoe", "Max", "Lou"):
        visitor, same = one.visitor(name), NewChat(new_id(), "twice")
        chats = [NewChat(new_id(), f"{n}") for n in range(6)] + [same, same]
        started: list[StartedChat] = await asyncio.gather(
            *(
                node.store.write(start.start_chat, visitor.identity, chat, node.context)
                for chat, node in zip(chats, [one, other] * 4, strict=True)
            )
        )
        assert len({found.ticket.id for found in started}) == 1
        assert sorted({found.message.seq for found in started}) == list(range(1, 8))
        thread = await one.thread(started[0].ticket.public_id)
        assert [row.seq for row in thread] == list(range(1, 8))


async def test_a_repeated_client_id_gets_the_closed_ticket_again(driver: DomainDriver) -> None:
    vic, ada = driver.visitor("Vic"), await driver.agent("Ada")
    client_id = new_id()
    first = await vic.starts("Bonjour", client_id)
    await ada.spams(vic.ticket)
    again = await vic.starts("Bonjour", client_id)
    assert (again.ticket.id, again.ticket.status, again.message) == (first.ticket.id, "closed", first.message)
    assert (await vic.starts("Autre chose")).ticket.id != first.ticket.id


@pytest.mark.parametrize(
    "more",
    [
        {"category": "unheard of"},
        {"category": "\0"},
        {"email": "nobody"},
        {"email": "a@b.c\0"},
        {"name": "V\0c"},
    ],
)
async def test_an_invalid_field_is_named(driver: DomainDriver, more: dict[str, str]) -> None:
    vic = driver.visitor("Vic")
    await driver.agent("Ada")
    with pytest.raises(BadRequest) as refused:
        await vic.starts(**more)
    assert refused.value.field == next(iter(more))


async def test_a_chat_needs_an_available_agent_of_the_categorys_department(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    await driver.run(add_department, "Paiements")
    await driver.store.write(payments_go_there)
    await driver.agent("Ada")
    with pytest.raises(ChatUnavailable):
        await vic.starts(category="payments")
    await driver.agent("Ben", departments=["Paiements"])
    started = await vic.starts(category="payments")
    assert started.ticket.department_id is not None


def payments_go_there(tx: Transaction) -> None:
    """Let the one department answer the category payments."""
    only = select(departments.c.id).scalar_subquery()
    tx.sql.execute(update(categories).where(categories.c.name == "payments").values(department_id=only))


@pytest.mark.parametrize("reason", ["closed", "nobody here", "away", "Redis is away"])
async def test_a_chat_is_refused_when(driver: DomainDriver, reason: str) -> None:
    vic, ada = driver.visitor("Vic"), await driver.agent("Ada")
    match reason:
        case "closed":
            driver.later(hours=9)
        case "nobody here":
            ada.drops()
        case "away":
            await ada.chooses("away")
        case _:
            driver.redis = False
    with pytest.raises(ChatUnavailable):
        await vic.starts()


async def test_a_live_chat_accepts_messages_when_new_chats_are_refused(driver: DomainDriver) -> None:
    vic, ada = driver.visitor("Vic"), await driver.agent("Ada")
    first = await vic.starts()
    await ada.claims(vic.ticket)
    driver.redis = False
    driver.later(hours=9)
    assert (await vic.starts("Encore un mot")).ticket.id == first.ticket.id
    assert (await vic.says()).seq == 4
    assert (await ada.says(vic.ticket)).seq == 5
    assert (await vic.sees()).status == "live", "a chat that has an agent goes on until one of the two ends it"


@pytest.mark.parametrize(
    ("category", "kind"),
    [("dispute", "dispute"), ("suggestion", "suggestion"), ("payments", "question"), ("", "question")],
)
async def test_a_categorys_kind_becomes_its_tickets_kind(driver: DomainDriver, category: str, kind: str) -> None:
    await driver.agent("Ada")
    await driver.visitor("Vic").starts(category=category)
    assert await driver.read(ticket_kinds) == [kind]
