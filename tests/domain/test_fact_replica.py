"""The fact replica notices a missing fact, an old fact, and a changed row whose rev is unchanged."""

import pytest
from sqlalchemy import update

from chat.domain.facts import MessagePosted, TicketChanged
from chat.store.tables import agents, tickets
from chat.store.transaction import Transaction
from tests.domain.domain_driver import DomainDriver


def change_ticket_without_fact(tx: Transaction) -> None:
    tx.sql.execute(update(tickets).values(unread=7, rev=tickets.c.rev + 1))


def change_agent_without_fact(tx: Transaction) -> None:
    tx.sql.execute(update(agents).values(capacity=7))


@pytest.mark.parametrize("action", [change_ticket_without_fact, change_agent_without_fact])
async def test_change_without_fact_is_noticed(driver: DomainDriver, action: object) -> None:
    vic = driver.visitor("Vic")
    await driver.agent("Ada")
    await vic.starts()
    await driver.store.write(
        change_ticket_without_fact if action is change_ticket_without_fact else change_agent_without_fact
    )
    with pytest.raises(AssertionError):
        await driver.compare()


async def test_wrong_facts_are_noticed(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    await driver.agent("Ada")
    await vic.starts()
    row = await vic.sees()
    wrong_facts = (
        TicketChanged(row._replace(rev=row.rev - 1)),
        TicketChanged(row._replace(unread=9)),
        next(fact for fact in driver.facts if isinstance(fact, MessagePosted)),
    )
    for fact in wrong_facts:
        driver.facts.append(fact)
        with pytest.raises(AssertionError):
            await driver.compare()
        driver.facts.pop()
        driver.replica.applied = len(driver.facts)
