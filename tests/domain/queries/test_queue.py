"""Queue positions, and the wait that is estimated once enough chats have been measured."""

import pytest

from chat.domain.people import departments
from chat.domain.queries import queue
from chat.domain.queries.tickets import moved_tickets, tickets_by_ids
from chat.domain.rules.hours.availability import QueuePosition
from tests.domain.domain_driver import DomainDriver


async def test_positions_follow_the_queue(driver: DomainDriver) -> None:
    ada = await driver.agent("Ada")
    visitors = [driver.visitor(name) for name in ("Vic", "Zoe", "Max")]
    for visitor in visitors:
        await visitor.starts()
    assert [(await one.sees()).position for one in visitors] == [1, 2, 3], "equal times: by ticket number"
    await ada.claims(visitors[0].ticket)
    assert [(await one.sees()).position for one in visitors] == [None, 1, 2]
    await visitors[1].ends()
    assert [(await one.sees()).position for one in visitors] == [None, None, 1]


async def test_wait_estimate_needs_five_measured_chats(driver: DomainDriver) -> None:
    ada = await driver.agent("Ada", capacity=99)
    waits = [60, 30, 90, 60]
    for number, wait in enumerate(waits):
        visitor = driver.visitor(f"Visitor {number}")
        await visitor.starts()
        driver.later(seconds=wait)
        await ada.claims(visitor.ticket)
    vic, zoe = driver.visitor("Vic"), driver.visitor("Zoe")
    await vic.starts()
    await zoe.starts()
    assert (await zoe.sees()).wait_s is None
    driver.later(seconds=70)
    await ada.claims(vic.ticket)
    row = await zoe.sees()
    assert (row.position, row.wait_s) == (1, 60), "the median of 30, 60, 60, 70, 90"
    max_visitor = driver.visitor("Max")
    await max_visitor.starts()
    row = await max_visitor.sees()
    assert (row.position, row.wait_s) == (2, 120)


async def test_reclaimed_chat_keeps_its_first_measured_wait(driver: DomainDriver) -> None:
    ada, ben = await driver.agent("Ada"), await driver.agent("Ben")
    vic = driver.visitor("Vic")
    await vic.starts()
    driver.later(seconds=30)
    await ada.claims(vic.ticket)
    assigned_at_first = (await vic.sees()).assigned_at
    driver.later(hours=1)
    ada.drops()
    await driver.run_worker()
    await ben.claims(vic.ticket)
    assert (await vic.sees()).assigned_at == assigned_at_first


async def test_positions_behind_the_front_of_the_queue_are_counted_too(
    driver: DomainDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE_DEPTH", 2)
    await driver.agent("Ada")
    visitors = [driver.visitor(f"Visitor {number}") for number in range(4)]
    for visitor in visitors:
        await visitor.starts()
    keys = [(await one.sees()).id for one in visitors]
    for chosen in (keys, keys[:2], keys[2:]):
        rows = await driver.read(tickets_by_ids, chosen)
        assert [row.position for row in rows] == [keys.index(key) + 1 for key in chosen]


async def test_only_waiting_tickets_at_another_position_than_shown_are_announced(driver: DomainDriver) -> None:
    await driver.run(departments.add_department, "Paiements", ["payments"])
    ada = await driver.agent("Ada", departments=["Paiements"])
    claimed, vic, zoe, max_visitor, lou = [driver.visitor(name) for name in ("Eve", "Vic", "Zoe", "Max", "Lou")]
    for visitor in (claimed, vic, zoe, max_visitor):
        await visitor.starts()
    await lou.starts(category="payments")
    await ada.claims(claimed.ticket)
    keys = {(await one.sees()).id: one for one in (claimed, vic, zoe, max_visitor, lou)}
    shown = dict(
        zip(keys, (None, QueuePosition(2, None), QueuePosition(2, None), None, QueuePosition(1, None)), strict=True)
    )
    rows = await driver.read(moved_tickets, shown)
    assert [(keys[row.id], row.position) for row in rows] == [(vic, 1), (max_visitor, 3)]
    assert await driver.read(moved_tickets, {}) == []
