"""Reopening: a visitor's words bring a ticket back, live with the same agent first, or open with a promise."""

from datetime import timedelta

import pytest

from chat.domain.refusals import TicketEnded
from chat.vocabulary import Status
from tests.domain.domain_driver import Agent, DomainDriver, Visitor


async def ended(driver: DomainDriver) -> tuple[Agent, Visitor]:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.says(vic.ticket)
    await ada.ends(vic.ticket)
    driver.later(days=1)
    return ada, vic


async def test_the_same_agent_first(driver: DomainDriver) -> None:
    ada, vic = await ended(driver)
    await driver.agent("Ben")
    await vic.says("Encore une question")
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.solved_at) == ("live", ada.id, None)
    assert (await driver.events(vic.ticket))[-1] == "reopened"
    assert (await ada.row()).chats == 1


async def test_without_that_agent_it_waits_for_another(driver: DomainDriver) -> None:
    ada, vic = await ended(driver)
    await driver.agent("Ben")
    ada.drops()
    await vic.says("Encore une question")
    row = await vic.sees()
    assert (row.waiting, row.position, row.queued_at) == (True, 1, driver.now)


async def test_in_form_mode_it_is_open_with_a_new_promise(driver: DomainDriver) -> None:
    ada, vic = await ended(driver)
    await ada.chooses("away")
    await vic.says("Encore une question")
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.promise_kept_at, row.solved_at) == ("open", ada.id, None, None)
    assert row.promise_due_at is not None and row.promise_due_at > driver.now


async def test_after_seven_days_a_new_chat_begins(driver: DomainDriver) -> None:
    _, vic = await ended(driver)
    driver.later(days=6)
    with pytest.raises(TicketEnded):
        await vic.says("Trop tard")
    old = vic.ticket
    driver.now += timedelta(days=1)
    await vic.starts("Une autre question")
    assert vic.ticket != old


@pytest.mark.parametrize(
    ("status", "mode", "then"),
    [
        ("pending", "chat", "live"),
        ("pending", "form", "open"),
        ("on_hold", "chat", "on_hold"),
        ("on_hold", "form", "on_hold"),
        ("open", "chat", "live"),
        ("open", "form", "open"),
    ],
)
async def test_words_on_a_ticket_that_is_not_live(
    driver: DomainDriver, status: Status, mode: str, then: Status
) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.sets(vic.ticket, status)
    if mode == "form":
        await ada.chooses("away")
    await vic.says()
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.unread) == (then, ada.id, 2)


async def test_a_form_stays_open_until_somebody_has_it(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.fills_in()
    await vic.says("J'ajoute une ligne")
    assert (await vic.sees()).status == "open"
    await ada.claims(vic.ticket)
    await vic.says("Et une autre")
    assert (await vic.sees()).status == "live"


async def test_one_live_ticket_a_visitor(driver: DomainDriver) -> None:
    ada, vic = await ended(driver)
    first = vic.ticket
    await vic.starts("Une autre question")
    second = vic.ticket
    assert second != first
    await ada.claims(second)
    await vic.says("À propos de la première", ticket=first)
    assert ((await driver.ticket(first)).status, (await driver.ticket(second)).status) == ("open", "live")
