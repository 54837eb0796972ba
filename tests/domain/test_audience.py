"""Who hears: nothing of the team's own ever reaches a visitor, and nobody hears of somebody else's ticket."""

from dataclasses import dataclass, field
from typing import get_args

import msgspec
import pytest

from chat.domain.audience import EventKind, EventSubject, audience
from chat.domain.facts import Fact, InboxCardChanged, MessagePosted, PlainMessagePosted
from chat.domain.people import agents, sessions, sites
from chat.event_publisher import EventPublisher
from chat.links import TicketLinks
from chat.protocol import Emission, Shape
from chat.realtime.broadcaster import decode, encode
from chat.store.transaction import RecordedFact
from tests.domain.domain_driver import Desk

FOR_VISITORS: set[str] = {"message", "ticket", "read", "service"}


def leaks(emissions: list[Emission], visitor_id: int) -> list[Emission]:
    """What reaches visitors' sockets and must not: the team's own events, and other visitors' tickets."""
    own = {f"v:{visitor_id}"}
    reached = [one for one in emissions if one.visitors]
    return [
        one
        for one in reached
        if one.event not in FOR_VISITORS or not own >= set(one.visitors) or any(key in said(one) for key in SECRETS)
    ]


def said(emission: Emission) -> dict[str, object]:
    """What goes over the wire."""
    found: dict[str, object] = msgspec.json.decode(emission.payload)
    return found


def saying(
    event: str, payload: bytes = b"{}", *, visitors: tuple[str, ...] = (), agents: tuple[str, ...] = ()
) -> Emission:
    return Emission(event, Shape(), payload, visitors, agents)


# Words that only agents' shapes have.
SECRETS = ("note_seq", "preview", "unread", "email", "capacity", "card", "page")


def test_the_net_catches_what_leaks() -> None:
    bad = [
        saying("note", b'{"note_seq": 1}', visitors=("v:1",)),
        saying("card", b'{"ticket": "t"}', visitors=("v:1",)),
        saying("message", b'{"ticket": "t"}', visitors=("v:2",)),
        saying("message", b'{"ticket": "t"}', visitors=("v:1", "v:2")),
        saying("ticket", b'{"unread": 3}', visitors=("v:1",)),
    ]
    assert leaks(bad, 1) == bad
    good = [saying("message", visitors=("v:1",), agents=("t:1",)), saying("note", b'{"note_seq": 1}', agents=("t:1",))]
    assert leaks(good, 1) == []


def test_another_node_tells_visitors_nothing_of_the_team() -> None:
    leak = saying("note", b'{"note_seq": 1}', visitors=("v:1",))
    with pytest.raises(ValueError, match="no event note"):
        decode(encode(leak))


@pytest.mark.parametrize("heard", get_args(EventKind))
def test_the_table(heard: EventKind) -> None:
    visitors, agents_ = audience(heard, EventSubject(7, 8, (9,)))
    if heard == "service":
        assert visitors == ("site",)
    else:
        assert visitors == (("v:8",) if heard in FOR_VISITORS else ())
    assert agents_


@dataclass
class Street:
    """Hears all that is emitted and sent."""

    emitted: list[Emission] = field(default_factory=list)
    sent: list[Emission] = field(default_factory=list)

    def publisher(self) -> EventPublisher:
        links = TicketLinks(b"secret", "http://localhost:8000")
        return EventPublisher(links, self.emitted.append, self.sent.append, lambda agent_id: True)


async def a_day(desk: Desk) -> None:
    """A story in which every fact happens."""
    ada, ben, vic = await desk.agent("Ada"), await desk.agent("Ben"), desk.visitor("Vic")
    await desk.run(sites.set_site, "demo", sites.SiteEdit("Demo", ["localhost"]), desk.now)
    await vic.starts(email="vic@example.test")
    await desk.run_worker()
    await ada.claims(vic.ticket)
    await ada.notes(vic.ticket, "She is a VIP.")
    await ada.says(vic.ticket)
    await vic.reads(2)
    await vic.says("Encore une chose")
    await vic.is_now("hidden")
    await ada.hands_over(vic.ticket, ben)
    await ben.claims(vic.ticket)
    await ben.ends(vic.ticket)
    await desk.run(sessions.close_session, "0" * 64)
    await desk.run(agents.remove_agent, "ada@example.test", desk.now)


async def test_a_whole_day_leaks_nothing(desk: Desk) -> None:
    await a_day(desk)
    ticket = next(fact.ticket for fact in desk.facts if isinstance(fact, MessagePosted))
    happened = [*desk.facts, InboxCardChanged(ticket)]
    assert {type(fact) for fact in happened} == set(get_args(Fact)), "every fact has happened"
    street = Street()
    street.publisher().deliver([RecordedFact(fact, None) for fact in happened])
    visitor = ticket.visitor_id
    assert leaks(street.emitted, visitor) == []
    heard = {one.event for one in street.emitted if one.visitors}
    assert heard == {"message", "ticket", "read"}
    heard = {one.event for one in street.emitted if one.agents}
    assert heard == {
        "message", "note", "ticket", "card", "gone", "read", "offer", "offer_ended", "presence", "visitor"
    }  # fmt: skip
    told = [decode(encode(one)) for one in street.sent]
    assert [one._replace(skip=None) for one in street.emitted] == told, "other nodes hear the same"


async def test_a_sender_has_words_from_the_ack_but_what_happened_from_the_event(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    street = Street()
    street.publisher().deliver([RecordedFact(fact, "sid") for fact in desk.facts])
    spared = [one for one in street.emitted if one.skip == "sid"]
    assert {said(one)["text"] for one in spared} == {"Bonjour"}
    joined = [one for one in street.emitted if one.event == "message" and said(one)["kind"] == "event"]
    assert [one.skip for one in joined] == [None], "in no ack: both namespaces hear it, its author too"


async def test_words_in_a_dialogue_are_told_to_whom_all_words_are_told(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.says(vic.ticket, "Answered.")
    await vic.says("Carried on.")
    slow = [fact for fact in desk.facts if isinstance(fact, MessagePosted)][-1]
    quick = [fact for fact in desk.facts if isinstance(fact, PlainMessagePosted)][-1]
    assert (slow.message.text, quick.message.text) == ("Answered.", "Carried on.")
    told = []
    for fact in (slow, quick):
        street = Street()
        street.publisher().deliver([RecordedFact(fact, "sid")])
        told.append([(one.visitors, one.agents, one.skip) for one in street.emitted if one.event == "message"])
    assert told[0] == told[1] and len(told[0]) == 1


async def test_only_a_visitor_is_told_the_address_of_their_tickets_page(desk: Desk) -> None:
    vic = desk.visitor("Vic")
    await vic.fills_in()
    street = Street()
    street.publisher().deliver([RecordedFact(fact, None) for fact in desk.facts])
    shown = {bool(one.visitors): said(one).get("link") for one in street.emitted if one.event == "ticket"}
    assert shown[False] is None
    assert str(shown[True]).startswith(f"http://localhost:8000/t/{vic.ticket}.")
