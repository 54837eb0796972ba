"""The inbox: three lists, counted, paged without a gap while things move, and found by a word."""

import pytest

from chat.domain.queries import inbox
from chat.domain.refusals import BadRequest
from chat.vocabulary import InboxView
from tests.domain.domain_driver import Agent, Desk, Visitor


async def pages(desk: Desk, agent: Agent, view: InboxView) -> list[list[str]]:
    found, after = [], None
    while True:
        rows, after = await desk.read(inbox.list_tickets, agent.id, view, None, after)
        found.append([row.public_id for row in rows])
        if after is None:
            return found


async def crowd(desk: Desk, number: int) -> list[Visitor]:
    """Forms that all came at the same moment."""
    desk.runs_twice = False
    found = [desk.visitor(f"Visitor {n}") for n in range(number)]
    for visitor in found:
        await visitor.fills_in()
    return found


async def test_three_lists_and_their_counts(desk: Desk) -> None:
    ada, ben = await desk.agent("Ada"), await desk.agent("Ben")
    mine, waits, form, solved = (desk.visitor(name) for name in ("Vic", "Zoe", "Max", "Lou"))
    for visitor in (mine, waits, solved):
        await visitor.starts()
    await form.fills_in()
    await ada.claims(mine.ticket)
    await ben.claims(solved.ticket)
    await ben.ends(solved.ticket)
    await ada.claims(form.ticket)
    lists = await desk.read(inbox.inbox_snapshot, ada.id)
    assert lists.counts == {"mine": 2, "waiting": 1, "open": 1}
    assert {row.public_id for row in lists.mine} == {mine.ticket, form.ticket}
    assert [row.public_id for row in lists.waiting] == [waits.ticket]
    assert [row.public_id for row in lists.open] == [form.ticket]
    assert (await desk.read(inbox.inbox_snapshot, ben.id)).counts == {"mine": 0, "waiting": 1, "open": 1}
    assert len((await desk.read(inbox.list_tickets, ada.id, "all")).rows) == 4


@pytest.mark.parametrize("view", ["open", "all"])
async def test_paging_through_ties(desk: Desk, view: InboxView) -> None:
    ada, visitors = await desk.agent("Ada"), await crowd(desk, 60)
    found = await pages(desk, ada, view)
    assert [len(page) for page in found] == [50, 10]
    assert sorted(ticket for page in found for ticket in page) == sorted(visitor.ticket for visitor in visitors)


async def test_what_moves_between_pages_hides_nobody_else(desk: Desk) -> None:
    ada, visitors = await desk.agent("Ada"), await crowd(desk, 60)
    first, after = await desk.read(inbox.list_tickets, ada.id, "all")
    desk.later(minutes=1)
    last = next(one for one in visitors if one.ticket == first[-1].public_id)
    await last.says("I move to the top, and was the end of the page")
    second, after = await desk.read(inbox.list_tickets, ada.id, "all", None, after)
    assert after is None
    assert len(second) == 10
    assert not {row.public_id for row in first} & {row.public_id for row in second}


@pytest.mark.parametrize("after", ["", "nonsense", "1", "1.2.3.4.5", "1.x", "\0", "9" * 60, "1.99999999999999999999"])
async def test_a_cursor_that_is_none(desk: Desk, after: str) -> None:
    ada = await desk.agent("Ada")
    with pytest.raises(BadRequest) as refused:
        await desk.read(inbox.list_tickets, ada.id, "all", None, after)
    assert refused.value.field == "after"


async def test_search(desk: Desk) -> None:
    ada, vic, zoe = await desk.agent("Ada"), desk.visitor("Vic"), desk.visitor("Zoe")
    await vic.fills_in("100% of my_money \\ is 'gone'", name="Vic", email="vic@shop.test")
    await zoe.fills_in("100 of mymoney", name='Zoe "Z" O\'Hara', email="zoe@shop.test")
    number = (await zoe.sees()).id

    async def found(q: str) -> str:
        rows = (await desk.read(inbox.list_tickets, ada.id, "all", q)).rows
        return " ".join(sorted((row.name or "")[:3] for row in rows))

    assert await found("money") == "Vic Zoe"
    assert await found("100%") == "Vic"
    assert await found("my_money") == "Vic"
    assert await found("\\") == "Vic"
    assert await found("'gone'") == "Vic"
    assert await found("o'hara") == "Zoe"
    assert await found('"Z" mymoney') == "Zoe", "every word"
    assert await found("VIC@SHOP") == "Vic"
    assert await found(f"#{number}") == "Zoe"
    assert await found("%") == "Vic"
    assert await found("\0") == ""
    assert await found("'; DROP TABLE tickets; --") == ""
    assert await found("   ") == "Vic Zoe"
