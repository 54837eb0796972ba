"""Messages: stored once, numbered without gaps, refused by reason, caught up by cursor."""

import asyncio
import unicodedata
from collections.abc import Sequence
from datetime import timedelta

import pytest

from chat.domain.facts import PlainMessagePosted, ReadMarkMoved
from chat.domain.messages import catch_up, read_marks
from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from chat.domain.messages.read_marks import ReadMark
from chat.domain.refusals import BadRequest, Conflict, Empty, NotFound, TicketEnded, TooLong
from chat.store.rows import MessageRow
from chat.store.transaction import Transaction
from tests.domain.domain_driver import DomainDriver, new_id


async def test_a_repeated_client_id_gets_the_first_answer_and_another_text_a_conflict(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    mine, hers = new_id(), new_id()
    first, answer = await vic.says("Allô ?", mine), await ada.says(vic.ticket, "Oui", hers)
    facts_before = len(driver.facts)
    assert await vic.says("  Allô ?\n", mine) == first
    assert await ada.says(vic.ticket, "Oui", hers) == answer
    with pytest.raises(Conflict):
        await vic.says("Autre chose", mine)
    with pytest.raises(Conflict):
        await ada.says(vic.ticket, "Non", hers)
    assert len(driver.facts) == facts_before, "nothing changed, so no fact is recorded"
    assert (await ada.says(vic.ticket, "Le même", mine)).seq == answer.seq + 1, "an id is its author's own"


async def test_a_repeat_after_the_ticket_closed_gets_the_first_answer(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    mine, hers = new_id(), new_id()
    first, answer = await vic.says("Merci", mine), await ada.says(vic.ticket, "De rien", hers)
    await ada.spams(vic.ticket)
    with pytest.raises(TicketEnded):
        await vic.says("Encore")
    with pytest.raises(TicketEnded):
        await ada.says(vic.ticket, "Encore")
    assert await vic.says("Merci", mine) == first
    assert await ada.says(vic.ticket, "De rien", hers) == answer


async def test_concurrent_posts_are_numbered_without_gaps(driver: DomainDriver) -> None:
    ada, vic, zoe = await driver.agent("Ada"), driver.visitor("Vic"), driver.visitor("Zoe")
    for visitor in (vic, zoe):
        await visitor.starts()
        await ada.claims(visitor.ticket)
    one_id = new_id()
    posts = [
        Post(someone.ticket, new_id(), f"{n}", driver.context, **author)
        for n in range(60)
        for someone in (vic, zoe)
        for author in ({"visitor_id": someone.id}, {"agent_id": ada.id})
    ]
    posts += [Post(vic.ticket, one_id, "once", driver.context, visitor_id=vic.id)] * 5
    posts += [Post(zoe.ticket, new_id(), "not mine", driver.context, visitor_id=vic.id), posts[0]]
    before = {vic.ticket: (await vic.sees()).last_seq, zoe.ticket: (await zoe.sees()).last_seq}
    results = await asyncio.gather(*(driver.store.post(post_batch, post) for post in posts), return_exceptions=True)
    assert isinstance(results[-2], NotFound), "a refusal is the result of its own caller only"
    assert len({row.seq for row in results[-7:-2] if not isinstance(row, BaseException)}) == 1
    assert results[-1] == results[0]
    assert (await vic.sees()).last_seq == before[vic.ticket] + 121
    assert (await zoe.sees()).last_seq == before[zoe.ticket] + 120
    thread = [row.seq for row in await driver.thread(vic.ticket)]
    assert thread == list(range(1, len(thread) + 1))
    assert [row.text for row in await driver.thread(vic.ticket)].count("once") == 1


async def test_concurrent_posts_on_two_nodes_are_numbered_without_gaps(
    nodes: tuple[DomainDriver, DomainDriver],
) -> None:
    one, _ = nodes
    ada, vic = await one.agent("Ada"), one.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    head = (await vic.sees()).last_seq
    same = [Post(vic.ticket, new_id(), f"{n}", one.context, visitor_id=vic.id) for n in range(40)]
    twice = [node.store.post(post_batch, post) for post in same for node in nodes]
    results = await asyncio.gather(*twice)
    assert results[::2] == results[1::2], "each was sent through both nodes and is stored once"
    assert sorted(row.seq for row in results[::2]) == list(range(head + 1, head + 41))


async def test_batches_on_two_nodes_with_the_same_tickets_do_not_deadlock(
    nodes: tuple[DomainDriver, DomainDriver],
) -> None:
    one, other = nodes
    visitors = [one.visitor(name) for name in "ABCDEFGH"]
    ada = await one.agent("Ada", capacity=8)
    for visitor in visitors:
        await visitor.starts()
        await ada.claims(visitor.ticket)
    forth = [Post(vic.ticket, new_id(), "forth", one.context, visitor_id=vic.id) for vic in visitors * 10]
    back = [Post(vic.ticket, new_id(), "back", one.context, agent_id=ada.id) for vic in visitors[::-1] * 10]
    await asyncio.gather(
        *(one.store.post(post_batch, post) for post in forth),
        *(other.store.post(post_batch, post) for post in back),
    )
    assert [(await vic.sees()).last_seq for vic in visitors] == [22] * 8


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", Empty),
        (" \t\n\u00a0\u2003", Empty),
        ("a" * 4001, TooLong),
        ("a\0b", BadRequest),
        ("\0", BadRequest),
    ],
)
async def test_invalid_texts_are_refused_by_their_reason(
    driver: DomainDriver, text: str, refusal: type[Exception]
) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    with pytest.raises(refusal):
        await vic.starts(text)
    await vic.starts("Bonjour")
    for saying in (vic.says(text), ada.says(vic.ticket, text), ada.notes(vic.ticket, text)):
        with pytest.raises(refusal):
            await saying
    assert len(await driver.thread(vic.ticket)) == 1


async def test_length_counts_code_points_after_nfc_and_trimming(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    await driver.agent("Ada")
    await vic.starts("\n  " + "🦋" * 4000 + "  ")
    decomposed = unicodedata.normalize("NFD", "é" * 4000)
    assert len(decomposed) == 8000
    assert (await vic.says(decomposed)).text == "é" * 4000
    with pytest.raises(TooLong):
        await vic.says("🦋" * 4001)


async def test_hostile_text_is_stored_unchanged(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    await driver.agent("Ada")
    text = "<img src=x onerror=alert(1)>'; DROP TABLE tickets;-- \u202e \ud7ff 🏳️‍🌈 %s {0} \\"
    await vic.starts(text)
    assert (await driver.thread(vic.ticket))[0].text == text


async def test_a_solved_ticket_accepts_messages_for_seven_days(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.ends(vic.ticket)
    solved = driver.now
    driver.now = solved + timedelta(days=7)
    with pytest.raises(TicketEnded):
        await vic.says("Too late")
    with pytest.raises(TicketEnded):
        await ada.says(vic.ticket, "Too late")
    driver.now = solved + timedelta(days=7) - timedelta(seconds=1)
    await ada.says(vic.ticket, "One thing more: it stays solved.")
    assert (await vic.sees()).status == "solved"
    await vic.says("In time")
    assert (await vic.sees()).status == "live"


async def test_read_marks_only_grow_up_to_the_last_message(driver: DomainDriver) -> None:
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    for _ in range(3):
        await vic.says()
    head = (await vic.sees()).last_seq
    assert (await vic.sees()).unread == 4
    await ada.reads(vic.ticket, head - 1)
    assert (await vic.sees()).unread == 1
    facts_before = len(driver.facts)
    await ada.reads(vic.ticket, 1)
    await ada.reads(vic.ticket, head - 1)
    await ben.reads(vic.ticket, head)
    assert len(driver.facts) == facts_before, "an earlier mark, the same mark and another agent's mark change nothing"
    await ada.reads(vic.ticket, 2_000_000_000)
    await vic.reads(2_000_000_000)
    row = await vic.sees()
    assert (row.agent_read_seq, row.visitor_read_seq, row.unread) == (head, head, 0)
    assert isinstance(driver.facts[-1], ReadMarkMoved)


async def test_one_transaction_applies_many_read_marks_and_refuses_each_by_itself(driver: DomainDriver) -> None:
    ada, vic, zoe = await driver.agent("Ada"), driver.visitor("Vic"), driver.visitor("Zoe")
    for visitor in (vic, zoe):
        await visitor.starts()
        await ada.claims(visitor.ticket)
        await ada.says(visitor.ticket)
        await ada.says(visitor.ticket)
    await zoe.says()
    keys = [(await visitor.sees()).id for visitor in (vic, zoe)]
    facts_before = len(driver.facts)
    marks = [
        ReadMark(keys[1], 5, driver.now, agent_id=ada.id),
        ReadMark(keys[0], 3, driver.now, visitor_id=vic.id),
        ReadMark(keys[1], 5, driver.now, visitor_id=vic.id),
        ReadMark(keys[0], 4, driver.now, visitor_id=vic.id),
        ReadMark(keys[0], 4, driver.now, visitor_id=vic.id),
        ReadMark(2**40, 1, driver.now, agent_id=ada.id),
    ]
    posted = (driver.store.post(read_marks.apply_read_marks, mark) for mark in marks)
    refused = await asyncio.gather(*posted, return_exceptions=True)
    await driver.compare()
    assert [type(one) for one in refused] == [type(None), type(None), NotFound, type(None), type(None), NotFound]
    moved = [
        (fact.ticket.id, fact.by, fact.seq) for fact in driver.facts[facts_before:] if isinstance(fact, ReadMarkMoved)
    ]
    assert moved == [(keys[1], "agent", 5), (keys[0], "visitor", 3), (keys[0], "visitor", 4)], "in the calls' order"
    assert [(await visitor.sees()).unread for visitor in (vic, zoe)] == [0, 0]


async def test_posts_work_after_a_batch_that_raised(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    before = (await vic.says("Allô ?")).seq

    def post_and_raise(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        post_batch(store, posts)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await driver.store.post(post_and_raise, Post(vic.ticket, new_id(), "Perdu", driver.context, visitor_id=vic.id))
    assert (await vic.says("Encore ?")).seq == before + 1


async def test_a_visitor_catches_up_by_cursor(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    posts = [Post(vic.ticket, new_id(), f"{n}", driver.context, visitor_id=vic.id) for n in range(2, 251)]
    await asyncio.gather(*(driver.store.post(post_batch, post) for post in posts))
    await ada.notes(vic.ticket)
    seen: list[int] = []
    while len(seen) < 250:
        found = await driver.read(catch_up.visitor_catch_up, vic.id, vic.ticket, seen[-1] if seen else 0)
        assert not found.restart and len(found.messages) <= 200 and found.notes == []
        seen += [row.seq for row in found.messages]
    assert seen == list(range(1, 251))
    assert (await driver.read(catch_up.visitor_catch_up, vic.id, vic.ticket, 250)).messages == []
    beyond = await driver.read(catch_up.visitor_catch_up, vic.id, vic.ticket, 251)
    assert beyond.restart and [row.seq for row in beyond.messages] == list(range(51, 251))


async def test_an_agent_catches_up_with_notes_too(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    for n in range(3):
        await ada.notes(vic.ticket, f"note {n}")
    found = await driver.read(catch_up.agent_catch_up, vic.ticket, 1, 1)
    assert not found.restart and found.messages == [] and [row.note_seq for row in found.notes] == [2, 3]
    beyond = await driver.read(catch_up.agent_catch_up, vic.ticket, 1, 4)
    assert beyond.restart and len(beyond.messages) == 1 and len(beyond.notes) == 3


async def test_unanswered_since_is_the_first_message_after_an_answer(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.says(vic.ticket)
    driver.later(minutes=1)
    await vic.says("And now?")
    assert (await vic.sees()).unanswered_since == driver.now
    assert isinstance(driver.facts[-1], PlainMessagePosted), "a plain message: the inbox refreshes its card by itself"
    since = driver.now
    driver.later(minutes=1)
    await vic.says("Hello?")
    assert (await vic.sees()).unanswered_since == since, "the wait is counted from the first unanswered message"
