"""The inbox: three lists, counted, searched, and paged without a gap while tickets change."""

from unicodedata import normalize

import pytest

from chat.domain.queries import inbox
from chat.domain.refusals import BadRequest
from chat.vocabulary import InboxView
from tests.domain.domain_driver import Agent, DomainDriver, Visitor


async def read_pages(driver: DomainDriver, agent: Agent, view: InboxView) -> list[list[str]]:
    results, after = [], None
    while True:
        rows, after = await driver.read(inbox.list_tickets, agent.id, view, None, after)
        results.append([row.public_id for row in rows])
        if after is None:
            return results


async def submit_forms(driver: DomainDriver, number: int) -> list[Visitor]:
    """Visitors who all submitted a form at the same moment."""
    driver.runs_twice = False
    results = [driver.visitor(f"Visitor {n}") for n in range(number)]
    for visitor in results:
        await visitor.fills_in()
    return results


async def test_lists_and_counts(driver: DomainDriver) -> None:
    ada, ben = await driver.agent("Ada"), await driver.agent("Ben")
    mine, waiting, form, solved = (driver.visitor(name) for name in ("Vic", "Zoe", "Max", "Lou"))
    for visitor in (mine, waiting, solved):
        await visitor.starts()
    await form.fills_in()
    await ada.claims(mine.ticket)
    await ben.claims(solved.ticket)
    await ben.ends(solved.ticket)
    await ada.claims(form.ticket)
    lists = await driver.read(inbox.inbox_snapshot, ada.id)
    assert lists.counts == {"mine": 2, "waiting": 1, "open": 1}
    assert {row.public_id for row in lists.mine} == {mine.ticket, form.ticket}
    assert [row.public_id for row in lists.waiting] == [waiting.ticket]
    assert [row.public_id for row in lists.open] == [form.ticket]
    assert (await driver.read(inbox.inbox_snapshot, ben.id)).counts == {"mine": 0, "waiting": 1, "open": 1}
    assert len((await driver.read(inbox.list_tickets, ada.id, "all")).rows) == 4


async def test_team_has_live_chats_of_others_and_ended_what_nobody_has_to_do(driver: DomainDriver) -> None:
    ada, ben = await driver.agent("Ada"), await driver.agent("Ben")
    mine, waiting, form, solved, bens, older = (
        driver.visitor(name) for name in ("Vic", "Zoe", "Max", "Lou", "Kim", "Al")
    )
    for visitor in (older, mine, waiting, solved, bens):
        await visitor.starts()
    await form.fills_in()
    await ada.claims(mine.ticket)
    for visitor in (solved, bens, form, older):
        await ben.claims(visitor.ticket)
    await ben.ends(solved.ticket)

    async def tickets_in(agent: Agent, view: InboxView) -> list[str]:
        return [row.public_id for row in (await driver.read(inbox.list_tickets, agent.id, view)).rows]

    assert await tickets_in(ada, "team") == [bens.ticket, older.ticket], "by number, the newest first"
    assert await tickets_in(ben, "team") == [mine.ticket]
    assert await tickets_in(ada, "ended") == [solved.ticket]
    driver.later(minutes=1)
    await ben.ends(older.ticket)
    assert await tickets_in(ada, "ended") == [older.ticket, solved.ticket], "what ended last first"
    assert await tickets_in(ada, "team") == [bens.ticket]


@pytest.mark.parametrize(("view", "ended"), [("team", False), ("ended", True)])
async def test_pages_of_team_and_ended_are_complete(driver: DomainDriver, view: InboxView, ended: bool) -> None:
    ada, ben = await driver.agent("Ada"), await driver.agent("Ben", capacity=99)
    driver.runs_twice = False
    visitors = [driver.visitor(f"Visitor {n}") for n in range(60)]
    for visitor in visitors:
        await visitor.starts()
        await ben.claims(visitor.ticket)
        if ended:
            await ben.ends(visitor.ticket)
    results = await read_pages(driver, ada, view)
    assert [len(page) for page in results] == [50, 10]
    assert [ticket for page in results for ticket in page] == [visitor.ticket for visitor in reversed(visitors)]


@pytest.mark.parametrize("view", ["open", "all"])
async def test_pages_are_complete_with_equal_sort_values(driver: DomainDriver, view: InboxView) -> None:
    ada, visitors = await driver.agent("Ada"), await submit_forms(driver, 60)
    results = await read_pages(driver, ada, view)
    assert [len(page) for page in results] == [50, 10]
    assert sorted(ticket for page in results for ticket in page) == sorted(visitor.ticket for visitor in visitors)


async def test_ticket_that_moves_between_pages_hides_no_other(driver: DomainDriver) -> None:
    ada, visitors = await driver.agent("Ada"), await submit_forms(driver, 60)
    first, after = await driver.read(inbox.list_tickets, ada.id, "all")
    driver.later(minutes=1)
    last = next(one for one in visitors if one.ticket == first[-1].public_id)
    await last.says("This moves the last ticket of the page to the top")
    second, after = await driver.read(inbox.list_tickets, ada.id, "all", None, after)
    assert after is None
    assert len(second) == 10
    assert not {row.public_id for row in first} & {row.public_id for row in second}


@pytest.mark.parametrize("after", ["", "nonsense", "1", "1.2.3.4.5", "1.x", "\0", "9" * 60, "1.99999999999999999999"])
async def test_invalid_cursor_is_refused(driver: DomainDriver, after: str) -> None:
    ada = await driver.agent("Ada")
    with pytest.raises(BadRequest) as refused:
        await driver.read(inbox.list_tickets, ada.id, "all", None, after)
    assert refused.value.field == "after"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Mon école", ("école", "École", "ÉCOLE", normalize("NFD", "école"))),
        ("Где мой ЗАКАЗ", ("заказ", "ЗАКАЗ", "Заказ")),
        ("ΟΔΟΣ Ερμού", ("οδος", "οδοσ", "ΟΔΟΣ", "ΕΡΜΟΎ")),
        ("Straße ÖL", ("STRAße", "öl", "ÖL", "STRASSE", "strasse")),
        ("STRASSE", ("straße", "Strasse", "STRAẞE")),
        ("Ընկեր", ("ընկեր", "ԸՆԿԵՐ")),
        ("注文 Colis", ("注文", "COLIS")),
    ],
)
async def test_search_finds_capitals_of_any_alphabet(driver: DomainDriver, text: str, words: tuple[str, ...]) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.fills_in(text, name=text[:20], email="vic@shop.test")
    for word in words:
        assert len((await driver.read(inbox.list_tickets, ada.id, "all", word)).rows) == 1, word
    assert (await driver.read(inbox.list_tickets, ada.id, "all", "écoles")).rows == []


async def test_search_finds_every_word_in_name_email_number_or_message(driver: DomainDriver) -> None:
    ada, vic, zoe = await driver.agent("Ada"), driver.visitor("Vic"), driver.visitor("Zoe")
    await vic.fills_in("100% of my_money \\ is 'gone'", name="Vic", email="vic@shop.test")
    await zoe.fills_in("100 of mymoney", name='Zoe "Z" O\'Hara', email="zoe@shop.test")
    number = (await zoe.sees()).id

    async def results(q: str) -> str:
        rows = (await driver.read(inbox.list_tickets, ada.id, "all", q)).rows
        return " ".join(sorted((row.name or "")[:3] for row in rows))

    assert await results("money") == "Vic Zoe"
    assert await results("100%") == "Vic"
    assert await results("my_money") == "Vic"
    assert await results("\\") == "Vic"
    assert await results("'gone'") == "Vic"
    assert await results("o'hara") == "Zoe"
    assert await results('"Z" mymoney') == "Zoe", "every word"
    assert await results("VIC@SHOP") == "Vic"
    assert await results(f"#{number}") == "Zoe"
    assert await results("%") == "Vic"
    assert await results("\0") == ""
    assert await results("'; DROP TABLE tickets; --") == ""
    assert await results("   ") == "Vic Zoe"
