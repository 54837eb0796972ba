"""The net under all these stories catches: a fact that is missing, old, or of a row whose rev stood still."""

import pytest
from sqlalchemy import update

from chat.domain.facts import MessagePosted, TicketChanged
from chat.store.tables import agents, tickets
from chat.store.transaction import Transaction
from tests.domain.domain_driver import Desk


def changes_in_silence(tx: Transaction) -> None:
    tx.sql.execute(update(tickets).values(unread=7, rev=tickets.c.rev + 1))


def frees_a_place_in_silence(tx: Transaction) -> None:
    tx.sql.execute(update(agents).values(capacity=7))


@pytest.mark.parametrize("verb", [changes_in_silence, frees_a_place_in_silence])
async def test_a_change_that_nobody_told(desk: Desk, verb: object) -> None:
    vic = desk.visitor("Vic")
    await desk.agent("Ada")
    await vic.starts()
    await desk.store.write(changes_in_silence if verb is changes_in_silence else frees_a_place_in_silence)
    with pytest.raises(AssertionError):
        await desk.compare()


async def test_facts_that_are_not_true(desk: Desk) -> None:
    vic = desk.visitor("Vic")
    await desk.agent("Ada")
    await vic.starts()
    row = await vic.sees()
    bad = (
        TicketChanged(row._replace(rev=row.rev - 1)),
        TicketChanged(row._replace(unread=9)),
        next(fact for fact in desk.facts if isinstance(fact, MessagePosted)),
    )
    for fact in bad:
        desk.facts.append(fact)
        with pytest.raises(AssertionError):
            await desk.compare()
        desk.facts.pop()
        desk.replica.applied = len(desk.facts)
