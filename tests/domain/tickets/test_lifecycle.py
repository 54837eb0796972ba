"""Endings: by the visitor, by the agent, by hand; each asked twice, done once."""

from typing import get_args

import pytest

from chat.domain.people import agents
from chat.domain.queries.inbox import list_tickets
from chat.domain.refusals import Conflict, NotAllowed
from chat.domain.rules.status import MOVES
from chat.vocabulary import PAUSED_STATUSES, Status
from tests.domain.domain_driver import DomainDriver

STATUSES: tuple[Status, ...] = get_args(Status)


@pytest.mark.parametrize(
    ("answered", "reachable", "then"),
    [(True, True, "solved"), (True, False, "solved"), (False, True, "open"), (False, False, "closed")],
)
async def test_a_visitor_ends_it(driver: DomainDriver, answered: bool, reachable: bool, then: str) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    if answered:
        await ada.says(vic.ticket)
    if reachable:
        await vic.leaves_address(wait=True)
    row = await vic.ends()
    assert (row.status, (await ada.row()).chats, await driver.ringing()) == (then, 0, {})
    assert (row.promise_due_at is not None) == (then == "open")
    assert (row.solved_at is not None) == (then == "solved")
    told = len(driver.facts)
    assert await vic.ends() == row
    assert len(driver.facts) == told, "twice is once"


async def test_an_agent_ends_it(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    with pytest.raises(Conflict):
        await ben.ends(vic.ticket)
    row = await ada.ends(vic.ticket)
    assert (row.status, row.assignee_id, row.unread, row.solved_at) == ("solved", ada.id, 0, driver.now)
    assert (await driver.events(vic.ticket))[-1] == "ended"
    told = len(driver.facts)
    assert await ada.ends(vic.ticket) == row
    assert len(driver.facts) == told


@pytest.mark.parametrize("old", STATUSES)
async def test_moving_by_hand_follows_the_table(driver: DomainDriver, old: Status) -> None:
    ada, vic = await driver.agent("Ada", capacity=9), driver.visitor("Vic")
    for new in STATUSES:
        await vic.starts()
        await ada.claims(vic.ticket)
        if old != "live":
            await ada.sets(vic.ticket, old)
        if new == old:
            told = len(driver.facts)
            assert (await ada.sets(vic.ticket, new)).status == old
            assert len(driver.facts) == told
        elif new in MOVES[old].get("agent", ()):
            row = await ada.sets(vic.ticket, new)
            assert row.status == new
            assert (row.promise_due_at is not None) == bool({"open", "on_hold"} & {old, new})
            assert (await driver.events(vic.ticket))[-1] == ("held" if new == "on_hold" else "status")
        else:
            with pytest.raises(NotAllowed):
                await ada.sets(vic.ticket, new)
        if (await vic.sees()).status == "live":
            await ada.ends(vic.ticket)


async def test_only_its_owner_or_a_supervisor_moves_it(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    sam = await driver.agent("Sam", role="supervisor")
    await vic.fills_in()
    await ada.claims(vic.ticket)
    for act in (ben.sets(vic.ticket, "solved"), ben.spams(vic.ticket)):
        with pytest.raises(Conflict):
            await act
    assert (await sam.sets(vic.ticket, "on_hold")).status == "on_hold"


@pytest.mark.parametrize("old", ["live", "open", "solved"])
@pytest.mark.parametrize("paused", PAUSED_STATUSES)
async def test_whoever_pauses_a_ticket_that_nobody_has_becomes_its_owner(
    driver: DomainDriver, old: Status, paused: Status
) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    if old == "live":
        await vic.starts()
    else:
        await vic.fills_in()
        await ada.sets(vic.ticket, old)
    row = await ada.sets(vic.ticket, paused)
    assert (row.status, row.assignee_id) == (paused, ada.id)
    mine = await driver.read(list_tickets, ada.id, "mine")
    assert [one.public_id for one in mine.rows] == [vic.ticket]
    told = len(driver.facts)
    assert await ada.sets(vic.ticket, paused) == row
    assert len(driver.facts) == told


async def test_spam_is_closed_without_a_word(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    head = (await vic.sees()).last_seq
    row = await ada.spams(vic.ticket)
    assert (row.status, row.last_seq, await driver.ringing()) == ("closed", head, {})
    told = len(driver.facts)
    assert await ada.spams(vic.ticket) == row
    assert len(driver.facts) == told


async def test_a_closed_ticket_of_a_removed_agent_is_refused_with_the_owner(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.spams(vic.ticket)
    await driver.run(agents.remove_agent, "ada@example.test", driver.now)
    for act in (ben.sets(vic.ticket, "open"), ben.spams(vic.ticket)):
        with pytest.raises(Conflict) as refused:
            await act
        assert refused.value.by is not None
        assert (refused.value.by.id, refused.value.by.name, refused.value.reason) == (ada.public_id, "Ada", "taken")
