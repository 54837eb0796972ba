"""Closed, or nobody available: one rule for new visitors and for chats that wait."""

from datetime import timedelta

import pytest

from chat.domain.people.departments import add_department
from chat.domain.queries.tickets import ticket_by_public_id
from chat.domain.refusals import ChatUnavailable
from chat.domain.routing import long_waits
from chat.domain.rules.hours import availability
from chat.domain.service_status import current_service, mode_for
from tests.domain.domain_driver import MONDAY, Agent, DomainDriver

SATURDAY = MONDAY + timedelta(days=5)
CLOSING = MONDAY + timedelta(hours=8)


async def stay(driver: DomainDriver, ada: Agent) -> None:
    """Ada remains available."""


async def go_away(driver: DomainDriver, ada: Agent) -> None:
    await ada.chooses("away")


async def disconnect(driver: DomainDriver, ada: Agent) -> None:
    ada.drops()


async def only_other_department_left(driver: DomainDriver, ada: Agent) -> None:
    """Ada, who is in the chat's department, leaves; Ben, who is not, is available."""
    await driver.agent("Ben")
    ada.drops()


async def use_last_slot(driver: DomainDriver, ada: Agent) -> None:
    zoe = driver.visitor("Zoe")
    await zoe.starts()
    await ada.claims(zoe.ticket)


CASES = {
    "available": (MONDAY, stay, True),
    "limited": (SATURDAY, stay, True),
    "no free slot": (MONDAY, use_last_slot, True),
    "away": (MONDAY, go_away, False),
    "disconnected": (MONDAY, disconnect, False),
    "other department": (MONDAY, only_other_department_left, False),
    "closed": (CLOSING, stay, False),
}


async def decisions(driver: DomainDriver, ticket: str) -> set[bool]:
    """What each part of the product concludes: True for "chats can be answered"."""
    row = await driver.read(ticket_by_public_id, ticket)
    service = await driver.read(current_service, driver.context, "payments")
    mode = await driver.read(mode_for, driver.context, row.department_id)
    is_due = await driver.read(long_waits.has_long_waits, driver.context)
    await driver.run(long_waits.escalate_long_waits, driver.context)
    is_live = (await driver.read(ticket_by_public_id, ticket)).status == "live"
    return {service.mode == "chat", mode == "chat", not is_due, is_live}


async def waiting_chat(driver: DomainDriver) -> tuple[Agent, str]:
    """Vic waits for the department of Ada, who has one slot."""
    await driver.run(add_department, "Payments", ["payments"])
    ada, vic = await driver.agent("Ada", capacity=1, departments=["Payments"]), driver.visitor("Vic")
    await vic.starts(category="payments")
    return ada, vic.ticket


@pytest.mark.parametrize("case", CASES)
async def test_form_for_new_visitors_exactly_when_waiting_chats_become_tickets(driver: DomainDriver, case: str) -> None:
    now, change, staffed = CASES[case]
    driver.now = now - timedelta(minutes=1)
    ada, ticket = await waiting_chat(driver)
    await change(driver, ada)
    driver.now = now
    assert await decisions(driver, ticket) == {staffed}


@pytest.mark.parametrize("staffed", [True, False])
async def test_all_decisions_follow_the_one_rule(
    driver: DomainDriver, staffed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.now = CLOSING - timedelta(minutes=1)
    _, ticket = await waiting_chat(driver)
    driver.now = CLOSING if staffed else driver.now
    monkeypatch.setattr(availability, "is_staffed", lambda state, available_agents: staffed)
    assert await decisions(driver, ticket) == {staffed}, "against the truth: the rule alone decides"


async def test_typical_answer_is_the_median_of_recent_first_answers_while_there_is_chat(driver: DomainDriver) -> None:
    ada = await driver.agent("Ada", capacity=99)

    async def answer_after(**wait: float) -> None:
        visitor = driver.visitor(f"{driver.now} {wait}")
        await visitor.starts()
        driver.later(**wait)
        await ada.claims(visitor.ticket)
        await ada.says(visitor.ticket, "Bonjour")
        driver.later(seconds=1)
        await ada.says(visitor.ticket, "The second answer changes nothing")

    async def reply_s() -> int | None:
        return (await driver.read(current_service, driver.context)).reply_s

    for seconds in (30, 40, 100, 600):
        await answer_after(seconds=seconds)
    await driver.visitor("Max").fills_in()
    assert await reply_s() is None, "four chats and a form are too few"
    await answer_after(seconds=90.5)
    assert await reply_s() == 91
    driver.later(days=7)
    assert await reply_s() == 91
    await ada.chooses("away")
    assert await reply_s() is None, "the form promises a date"
    await ada.chooses("available")
    driver.later(days=7)
    assert await reply_s() is None, "older than two weeks"


async def wait_together(driver: DomainDriver, chats: int, address_hash: str | None, category: str = "payments") -> None:
    """So many visitors of one address start chats."""
    for number in range(chats):
        await driver.visitor(f"{address_hash} {number}", address_hash).starts(category=category)


async def test_one_address_does_not_turn_the_chat_into_the_form(driver: DomainDriver) -> None:
    ada, vics = await waiting_chat(driver)
    for chats, address, mode in ((12, "one address", "chat"), (4, "another", "chat"), (1, "a third", "form")):
        await wait_together(driver, chats, address)
        assert (await driver.read(current_service, driver.context)).mode == mode
        assert (await driver.read(current_service, driver.context, "payments")).mode == mode
    with pytest.raises(ChatUnavailable):
        await driver.visitor("Zoe", "a fourth").starts(category="payments")
    await ada.claims(vics)
    assert (await driver.read(current_service, driver.context, "payments")).mode == "chat"


async def test_chats_without_an_address_count_in_full(driver: DomainDriver) -> None:
    await driver.agent("Ada")
    await wait_together(driver, 10, None, "account")
    assert (await driver.read(current_service, driver.context)).mode == "chat"
    await wait_together(driver, 1, "one address", "account")
    assert (await driver.read(current_service, driver.context)).mode == "form"
