"""Messages: said once, numbered without gaps, refused by name, caught up by cursor."""

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
from tests.domain.domain_driver import Desk, new_id


async def test_the_same_id_gets_the_same_answer_and_other_words_a_conflict(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    mine, hers = new_id(), new_id()
    first, answer = await vic.says("Allô ?", mine), await ada.says(vic.ticket, "Oui", hers)
    told = len(desk.facts)
    assert await vic.says("  Allô ?\n", mine) == first
    assert await ada.says(vic.ticket, "Oui", hers) == answer
    with pytest.raises(Conflict):
        await vic.says("Autre chose", mine)
    with pytest.raises(Conflict):
        await ada.says(vic.ticket, "Non", hers)
    assert len(desk.facts) == told, "nothing was done, so there is nothing to tell"
    assert (await ada.says(vic.ticket, "Le même", mine)).seq == answer.seq + 1, "an id is its author's own"


async def test_a_repeat_after_the_end_gets_the_first_answer(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
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


async def test_many_at_once_are_numbered_without_gaps(desk: Desk) -> None:
    ada, vic, zoe = await desk.agent("Ada"), desk.visitor("Vic"), desk.visitor("Zoe")
    for visitor in (vic, zoe):
        await visitor.starts()
        await ada.claims(visitor.ticket)
    one_id = new_id()
    posts = [
        Post(someone.ticket, new_id(), f"{n}", desk.context, **who)
        for n in range(60)
        for someone in (vic, zoe)
        for who in ({"visitor_id": someone.id}, {"agent_id": ada.id})
    ]
    posts += [Post(vic.ticket, one_id, "once", desk.context, visitor_id=vic.id)] * 5
    posts += [Post(zoe.ticket, new_id(), "not mine", desk.context, visitor_id=vic.id), posts[0]]
    before = {vic.ticket: (await vic.sees()).last_seq, zoe.ticket: (await zoe.sees()).last_seq}
    said = await asyncio.gather(*(desk.store.post(post_batch, post) for post in posts), return_exceptions=True)
    assert isinstance(said[-2], NotFound), "one failing caller harms nobody but itself"
    assert len({row.seq for row in said[-7:-2] if not isinstance(row, BaseException)}) == 1
    assert said[-1] == said[0]
    assert (await vic.sees()).last_seq == before[vic.ticket] + 121
    assert (await zoe.sees()).last_seq == before[zoe.ticket] + 120
    thread = [row.seq for row in await desk.thread(vic.ticket)]
    assert thread == list(range(1, len(thread) + 1))
    assert [row.text for row in await desk.thread(vic.ticket)].count("once") == 1


async def test_two_nodes_number_one_thread(nodes: tuple[Desk, Desk]) -> None:
    one, _ = nodes
    ada, vic = await one.agent("Ada"), one.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    head = (await vic.sees()).last_seq
    same = [Post(vic.ticket, new_id(), f"{n}", one.context, visitor_id=vic.id) for n in range(40)]
    twice = [node.store.post(post_batch, post) for post in same for node in nodes]
    said = await asyncio.gather(*twice)
    assert said[::2] == said[1::2], "each was sent through both nodes and stands once"
    assert sorted(row.seq for row in said[::2]) == list(range(head + 1, head + 41))


async def test_batches_of_two_nodes_that_share_tickets_do_not_block_each_other(nodes: tuple[Desk, Desk]) -> None:
    one, other = nodes
    cast = [one.visitor(name) for name in "ABCDEFGH"]
    ada = await one.agent("Ada", capacity=8)
    for visitor in cast:
        await visitor.starts()
        await ada.claims(visitor.ticket)
    forth = [Post(who.ticket, new_id(), "forth", one.context, visitor_id=who.id) for who in cast * 10]
    back = [Post(who.ticket, new_id(), "back", one.context, agent_id=ada.id) for who in cast[::-1] * 10]
    await asyncio.gather(
        *(one.store.post(post_batch, post) for post in forth),
        *(other.store.post(post_batch, post) for post in back),
    )
    assert [(await who.sees()).last_seq for who in cast] == [22] * 8


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
async def test_words_that_can_not_stand_are_refused_by_name(desk: Desk, text: str, refusal: type[Exception]) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    with pytest.raises(refusal):
        await vic.starts(text)
    await vic.starts("Bonjour")
    for saying in (vic.says(text), ada.says(vic.ticket, text), ada.notes(vic.ticket, text)):
        with pytest.raises(refusal):
            await saying
    assert len(await desk.thread(vic.ticket)) == 1


async def test_length_counts_code_points_after_nfc_and_trimming(desk: Desk) -> None:
    vic = desk.visitor("Vic")
    await desk.agent("Ada")
    await vic.starts("\n  " + "🦋" * 4000 + "  ")
    decomposed = unicodedata.normalize("NFD", "é" * 4000)
    assert len(decomposed) == 8000
    assert (await vic.says(decomposed)).text == "é" * 4000
    with pytest.raises(TooLong):
        await vic.says("🦋" * 4001)


async def test_hostile_words_come_back_as_they_were(desk: Desk) -> None:
    vic = desk.visitor("Vic")
    await desk.agent("Ada")
    text = "<img src=x onerror=alert(1)>'; DROP TABLE tickets;-- \u202e \ud7ff 🏳️‍🌈 %s {0} \\"
    await vic.starts(text)
    assert (await desk.thread(vic.ticket))[0].text == text


async def test_an_answer_makes_an_open_ticket_pending_and_keeps_its_promise(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.fills_in()
    before = await vic.sees()
    assert before.promise_due_at is not None and before.promise_kept_at is None and before.unanswered_since == desk.now
    desk.later(hours=1)
    await ada.says(vic.ticket, "Il arrive demain.")
    row = await vic.sees()
    assert (row.status, row.assignee_id, row.promise_kept_at) == ("pending", ada.id, desk.now)
    assert (row.unanswered_since, row.unread) == (None, 0)


async def test_somebody_elses_ticket_is_answered_by_its_owner_only(desk: Desk) -> None:
    ada, ben, vic = await desk.agent("Ada"), await desk.agent("Ben"), desk.visitor("Vic")
    await vic.starts()
    await ada.says(vic.ticket, "Nobody's ticket is claimed by an answer.")
    assert (await vic.sees()).assignee_id == ada.id
    lines = [row.event["name"] if row.event else row.text for row in await desk.thread(vic.ticket)]
    assert lines == ["Bonjour", "joined", "Nobody's ticket is claimed by an answer."]
    with pytest.raises(Conflict) as told:
        await ben.says(vic.ticket, "Me too")
    assert told.value.by is not None and told.value.by.name == "Ada"


async def test_an_answer_to_a_waiting_chat_needs_a_free_slot_like_a_claim(desk: Desk) -> None:
    ada, vic, zoe = await desk.agent("Ada", capacity=1), desk.visitor("Vic"), desk.visitor("Zoe")
    for visitor in (vic, zoe):
        await visitor.starts()
    await ada.claims(vic.ticket)
    before = await zoe.sees()
    with pytest.raises(Conflict) as refused:
        await ada.says(zoe.ticket, "Me too")
    assert (refused.value.reason, refused.value.by) == ("capacity", None)
    assert await zoe.sees() == before
    await ada.claims(zoe.ticket, over=True)
    assert (await ada.says(zoe.ticket, "Me too")).seq == before.last_seq + 2


async def test_an_answer_accepts_the_offer_of_its_chat(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada", capacity=1), desk.visitor("Vic")
    await vic.starts()
    await desk.offer_waiting_chats()
    assert await desk.ringing() == {vic.ticket: ada.id}
    await ada.says(vic.ticket, "The offer used the slot already.")
    assert await desk.ringing() == {}
    assert ((await vic.sees()).assignee_id, (await ada.row()).chats) == (ada.id, 1)


async def test_an_answer_claims_an_open_ticket_without_a_slot(desk: Desk) -> None:
    ada, vic, zoe = await desk.agent("Ada", capacity=1), desk.visitor("Vic"), desk.visitor("Zoe")
    await vic.starts()
    await ada.claims(vic.ticket)
    await zoe.fills_in()
    await ada.says(zoe.ticket, "Il arrive demain.")
    row = await zoe.sees()
    assert (row.status, row.assignee_id, (await ada.row()).chats) == ("pending", ada.id, 1)
    assert await desk.events(zoe.ticket) == [], "nobody joins a ticket that is no chat"


async def test_a_solved_ticket_takes_words_for_seven_days(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.ends(vic.ticket)
    solved = desk.now
    desk.now = solved + timedelta(days=7)
    with pytest.raises(TicketEnded):
        await vic.says("Too late")
    with pytest.raises(TicketEnded):
        await ada.says(vic.ticket, "Too late")
    desk.now = solved + timedelta(days=7) - timedelta(seconds=1)
    await ada.says(vic.ticket, "One thing more: it stays solved.")
    assert (await vic.sees()).status == "solved"
    await vic.says("In time")
    assert (await vic.sees()).status == "live"


async def test_read_marks_only_grow_and_never_pass_the_thread(desk: Desk) -> None:
    ada, ben, vic = await desk.agent("Ada"), await desk.agent("Ben"), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    for _ in range(3):
        await vic.says()
    head = (await vic.sees()).last_seq
    assert (await vic.sees()).unread == 4
    await ada.reads(vic.ticket, head - 1)
    assert (await vic.sees()).unread == 1
    told = len(desk.facts)
    await ada.reads(vic.ticket, 1)
    await ada.reads(vic.ticket, head - 1)
    await ben.reads(vic.ticket, head)
    assert len(desk.facts) == told, "back, the same again, and another agent's look: nothing"
    await ada.reads(vic.ticket, 2_000_000_000)
    await vic.reads(2_000_000_000)
    row = await vic.sees()
    assert (row.agent_read_seq, row.visitor_read_seq, row.unread) == (head, head, 0)
    assert isinstance(desk.facts[-1], ReadMarkMoved)


async def test_many_marks_are_one_call_and_each_is_its_own_senders(desk: Desk) -> None:
    ada, vic, zoe = await desk.agent("Ada"), desk.visitor("Vic"), desk.visitor("Zoe")
    for visitor in (vic, zoe):
        await visitor.starts()
        await ada.claims(visitor.ticket)
        await ada.says(visitor.ticket)
        await ada.says(visitor.ticket)
    await zoe.says()
    keys = [(await who.sees()).id for who in (vic, zoe)]
    told = len(desk.facts)
    marks = [
        ReadMark(keys[1], 5, desk.now, "ada's console", agent_id=ada.id),
        ReadMark(keys[0], 3, desk.now, "vic's tab", visitor_id=vic.id),
        ReadMark(keys[1], 5, desk.now, "vic's tab", visitor_id=vic.id),
        ReadMark(keys[0], 4, desk.now, "vic's other tab", visitor_id=vic.id),
        ReadMark(keys[0], 4, desk.now, "vic's tab", visitor_id=vic.id),
        ReadMark(2**40, 1, desk.now, "ada's console", agent_id=ada.id),
    ]
    refused = await desk.run(read_marks.apply_read_marks, marks)
    assert [type(one) for one in refused] == [type(None), type(None), NotFound, type(None), type(None), NotFound]
    moved = [(fact.ticket.id, fact.by, fact.seq) for fact in desk.facts[told:] if isinstance(fact, ReadMarkMoved)]
    expected = [(keys[0], "visitor", 3), (keys[0], "visitor", 4), (keys[1], "agent", 5)]
    assert moved == expected, "in the order of keys, and of those who asked"
    assert [(await who.sees()).unread for who in (vic, zoe)] == [0, 0]


async def test_a_batch_that_broke_costs_the_next_words_nothing(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    before = (await vic.says("Allô ?")).seq

    def breaks(store: Sequence[Transaction], posts: Sequence[Post]) -> list[MessageRow | Exception]:
        post_batch(store, posts)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await desk.store.post(breaks, Post(vic.ticket, new_id(), "Perdu", desk.context, visitor_id=vic.id))
    assert (await vic.says("Encore ?")).seq == before + 1


async def test_catching_up_by_cursor(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    posts = [Post(vic.ticket, new_id(), f"{n}", desk.context, visitor_id=vic.id) for n in range(2, 251)]
    await asyncio.gather(*(desk.store.post(post_batch, post) for post in posts))
    await ada.notes(vic.ticket)
    seen: list[int] = []
    while len(seen) < 250:
        found = await desk.read(catch_up.visitor_catch_up, vic.id, vic.ticket, seen[-1] if seen else 0)
        assert not found.restart and len(found.messages) <= 200 and found.notes == []
        seen += [row.seq for row in found.messages]
    assert seen == list(range(1, 251))
    assert (await desk.read(catch_up.visitor_catch_up, vic.id, vic.ticket, 250)).messages == []
    beyond = await desk.read(catch_up.visitor_catch_up, vic.id, vic.ticket, 251)
    assert beyond.restart and [row.seq for row in beyond.messages] == list(range(51, 251))


async def test_an_agent_catches_up_with_notes_too(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    for n in range(3):
        await ada.notes(vic.ticket, f"note {n}")
    found = await desk.read(catch_up.agent_catch_up, vic.ticket, 1, 1)
    assert not found.restart and found.messages == [] and [row.note_seq for row in found.notes] == [2, 3]
    beyond = await desk.read(catch_up.agent_catch_up, vic.ticket, 1, 4)
    assert beyond.restart and len(beyond.messages) == 1 and len(beyond.notes) == 3


async def test_the_first_word_after_an_answer_is_news_for_the_inbox(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    await ada.says(vic.ticket)
    desk.later(minutes=1)
    await vic.says("And now?")
    assert (await vic.sees()).unanswered_since == desk.now
    assert isinstance(desk.facts[-1], PlainMessagePosted), "the inbox looks by itself at tickets that are talked in"
    since = desk.now
    desk.later(minutes=1)
    await vic.says("Hello?")
    assert (await vic.sees()).unanswered_since == since, "the wait is counted from the first unanswered word"
