"""The form: one transaction, every invalid field named, one ticket however often it is sent, with a promise."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, select

from chat.domain.intake import start
from chat.domain.intake.start import NewForm
from chat.domain.people import sites
from chat.domain.queries import node_sync
from chat.domain.refusals import BadRequest, Conflict, NotFound
from chat.store.tables import tickets
from tests.domain.domain_driver import DomainDriver, new_id


async def test_a_form_is_an_open_ticket_with_its_promise(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    driver.now = datetime(2026, 11, 28, 9, tzinfo=UTC)  # Saturday 10:00 in Paris
    ticket, repeated = await vic.fills_in("Où est mon colis ?", name="Vic", category="payments")
    assert not repeated
    assert (ticket.status, ticket.channel, ticket.category, ticket.position) == ("open", "form", "payments", None)
    assert ticket.promise_due_at is not None and ticket.promise_due_at.isoformat() == "2026-12-02T09:00:00+01:00"
    (first,) = await driver.thread(vic.ticket)
    assert (first.text, first.author_name) == ("Où est mon colis ?", "Vic")


async def test_a_form_sent_twice_is_one_ticket(driver: DomainDriver) -> None:
    vic, zoe = driver.visitor("Vic"), driver.visitor("Zoe")
    client_id = new_id()
    first = await vic.fills_in("Bonjour", client_id=client_id)
    driver.later(hours=1)
    again = await vic.fills_in(" Bonjour ", client_id=client_id)
    assert again.repeated and again.ticket == first.ticket
    for other in ({"text": "Bonsoir"}, {"email": "zoe@example.test", "text": "Bonjour"}):
        with pytest.raises(Conflict):
            await vic.fills_in(client_id=client_id, **other)
    with pytest.raises(Conflict):
        await zoe.fills_in("Bonjour", client_id=client_id)
    assert (await vic.fills_in("Bonjour")).ticket.id != first.ticket.id


async def test_a_form_sent_twice_at_once_on_two_nodes_is_one_ticket(nodes: tuple[DomainDriver, DomainDriver]) -> None:
    one, _ = nodes
    vic = one.visitor("Vic")
    form = NewForm(new_id(), {"text": "Bonjour", "email": "vic@example.test"})
    sent = await asyncio.gather(
        *(node.store.write(start.submit_form, vic.identity, form, one.now) for node in nodes * 4)
    )
    assert len({found.ticket.id for found in sent}) == 1
    assert [found.repeated for found in sent].count(False) == 1


async def test_every_bad_field_is_named(driver: DomainDriver) -> None:
    async def errors(client_id: str = "", **values: str) -> dict[str, str]:
        form = NewForm(client_id or new_id(), {"text": "Bonjour", "email": "vic@example.test", **values})
        return await driver.read(start.form_errors, form)

    assert await errors() == {}
    assert await errors(name="", category="") == {}
    assert await errors(client_id="short", text=" ", email="", name="x" * 101, category="nope") == {
        "client_id": "bad_request",
        "text": "empty",
        "email": "empty",
        "name": "too_long",
        "category": "bad_request",
    }
    assert await errors(text="x" * 4001, name="\0") == {"text": "too_long", "name": "bad_request"}
    assert await errors(text="\0", category="\0") == {"text": "bad_request", "category": "bad_request"}
    for bad in ("vic", "vic@", "@example.test", "a b@c.fr", "a@b", "a@b..c", "a@b.c, d@e.f", "a@b.c\0", "a@b.c\nBcc:x"):
        assert await errors(email=bad) == {"email": "bad_request"}, bad
    for good in ("vic@example.test", " v.i+c@sub.exämple.test ", "é@example.test"):
        assert await errors(email=good) == {}, good


async def test_an_invalid_form_stores_nothing(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    with pytest.raises(BadRequest):
        await vic.fills_in(category="nope")
    with pytest.raises(NotFound):
        await driver.ticket("t_")
    assert driver.facts == []


async def test_a_form_does_not_change_a_live_chat(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    chat = vic.ticket
    await ada.claims(chat)
    await vic.fills_in()
    assert vic.ticket != chat
    assert (await driver.ticket(chat)).status == "live"
    await vic.says("Ici encore", ticket=chat)
    assert await driver.read(node_sync.next_visitors_marked_present, 0) == [vic.id]
    await vic.is_now("gone")
    assert (await driver.ticket(chat)).visitor_state == "gone", "the chat knows, though the form is newer"
    assert await driver.read(node_sync.next_visitors_marked_present, 0) == []


async def test_a_token_of_another_site_is_refused(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    await vic.fills_in()
    await driver.store.write(sites.set_site, "shop", sites.SiteEdit("Shop", ["https://shop.test"]), driver.now)
    site = await driver.read(sites.site_by_key, "shop")
    assert site is not None
    vic.identity = replace(vic.identity, site_id=site.id)
    with pytest.raises(BadRequest):
        await vic.fills_in()


@pytest.mark.parametrize(
    ("category", "kind"),
    [("dispute", "dispute"), ("suggestion", "suggestion"), ("payments", "question"), ("", "question")],
)
async def test_a_categorys_kind_becomes_its_tickets_kind(driver: DomainDriver, category: str, kind: str) -> None:
    await driver.visitor("Vic").fills_in(category=category)
    assert await driver.read(ticket_kinds) == [kind]


def ticket_kinds(sql: Connection) -> list[str]:
    return list(sql.execute(select(tickets.c.kind)).scalars())
