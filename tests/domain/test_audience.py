"""The audience: visitors receive no agents' events, and no events of other visitors' tickets."""

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import cast

import msgspec
import pytest

from chat import domain, event_publisher
from chat.domain.audience import agents_of_ticket, all_agents, both_sides, these_agents
from chat.domain.facts import Fact, InboxCardChanged, MessagePosted, PlainMessagePosted
from chat.domain.people import agents, sessions, sites
from chat.domain.promises.actions import tell_due_promises
from chat.event_publisher import EventPublisher
from chat.events.base import EventContext, EventDraft
from chat.links import TicketLinks
from chat.protocol import Emission, Shape, TicketLeft
from chat.realtime.broadcaster import decode_emission, encode_emission
from chat.store.transaction import RecordedFact
from tests.domain.domain_driver import DomainDriver

FOR_VISITORS: set[str] = {"message", "ticket", "read", "service"}


def leaks(emissions: list[Emission], visitor_id: int) -> list[Emission]:
    """Emissions that must not reach visitors: agents' events, and events of other visitors' tickets."""
    own_room = {f"v:{visitor_id}"}
    reached = [one for one in emissions if one.visitors]
    return [
        one
        for one in reached
        if one.event not in FOR_VISITORS
        or not own_room >= set(one.visitors)
        or any(key in payload_of(one) for key in SECRETS)
    ]


def payload_of(emission: Emission) -> dict[str, object]:
    """The payload as it goes over the wire."""
    found: dict[str, object] = msgspec.json.decode(emission.payload)
    return found


def emission(
    event: str, payload: bytes = b"{}", *, visitors: tuple[str, ...] = (), agents: tuple[str, ...] = ()
) -> Emission:
    return Emission(event, Shape(), payload, visitors, agents)


# Fields that only agents' payloads have.
SECRETS = ("note_seq", "preview", "unread", "email", "capacity", "card", "page")


def test_leak_check_finds_leaks() -> None:
    leaking = [
        emission("note", b'{"note_seq": 1}', visitors=("v:1",)),
        emission("card", b'{"ticket": "t"}', visitors=("v:1",)),
        emission("message", b'{"ticket": "t"}', visitors=("v:2",)),
        emission("message", b'{"ticket": "t"}', visitors=("v:1", "v:2")),
        emission("ticket", b'{"unread": 3}', visitors=("v:1",)),
    ]
    assert leaks(leaking, 1) == leaking
    allowed = [
        emission("message", visitors=("v:1",), agents=("t:1",)),
        emission("note", b'{"note_seq": 1}', agents=("t:1",)),
    ]
    assert leaks(allowed, 1) == []


def test_note_event_for_visitors_is_rejected_when_decoded_from_the_bus() -> None:
    leak = emission("note", b'{"note_seq": 1}', visitors=("v:1",))
    with pytest.raises(ValueError, match="no event note"):
        decode_emission(encode_emission(leak))


def test_rooms_of_each_audience() -> None:
    assert both_sides(7, 8, 9) == (("v:8",), ("t:7", "a:9"))
    assert both_sides(7, 8, None) == (("v:8",), ("t:7",))
    assert agents_of_ticket(7, 9) == ((), ("t:7", "a:9"))
    assert agents_of_ticket(7, None) == ((), ("t:7",))
    assert these_agents(9, None) == ((), ("a:9",))
    assert all_agents() == ((), ("agents",))


def test_event_of_agents_is_not_published_to_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Leaked(Fact):
        ticket: str

    def leak(fact: Leaked, _: EventContext) -> list[EventDraft]:
        return [EventDraft("gone", TicketLeft(ticket=fact.ticket), both_sides(7, 8, 9))]

    monkeypatch.setitem(cast(dict[type[Fact], object], event_publisher.EVENTS), Leaked, leak)
    recorder = EmissionRecorder()
    with pytest.raises(ValueError, match="no event gone goes to visitors"):
        recorder.publisher().deliver([RecordedFact(Leaked("t_1"), None)])
    assert recorder.emitted == []


@dataclass
class EmissionRecorder:
    """Collects what is emitted on this node and sent to others."""

    emitted: list[Emission] = field(default_factory=list)
    sent: list[Emission] = field(default_factory=list)

    def publisher(self) -> EventPublisher:
        links = TicketLinks(b"secret", "http://localhost:8000")
        return EventPublisher(EventContext(links, lambda agent_id: True), self.emitted.append, self.sent.append)


async def record_every_fact(driver: DomainDriver) -> None:
    """Run actions that record every kind of fact."""
    ada, ben, vic = await driver.agent("Ada"), await driver.agent("Ben"), driver.visitor("Vic")
    await driver.run(sites.set_site, "demo", sites.SiteEdit("Demo", ["localhost"]), driver.now)
    await vic.starts(email="vic@example.test")
    await driver.run_worker()
    await ada.claims(vic.ticket)
    await ada.notes(vic.ticket, "She is a VIP.")
    await ada.says(vic.ticket)
    await vic.reads(2)
    await vic.says("Encore une chose")
    await vic.is_now("hidden")
    await ada.hands_over(vic.ticket, ben)
    await ben.claims(vic.ticket)
    await ben.ends(vic.ticket)
    await vic.fills_in()
    driver.later(days=9)
    await driver.run(tell_due_promises, driver.context)
    await driver.run(sessions.close_session, "0" * 64)
    await driver.run(agents.remove_agent, "ada@example.test", driver.now)


def facts_of_the_product() -> set[type[Fact]]:
    """The facts of every module of the domain."""
    modules = [importlib.import_module(one.name) for one in pkgutil.walk_packages(domain.__path__, "chat.domain.")]
    members = [one for module in modules for one in vars(module).values() if isinstance(one, type)]
    return {one for one in members if issubclass(one, Fact) and one is not Fact}


def test_each_fact_has_its_events() -> None:
    assert set(event_publisher.EVENTS) == facts_of_the_product()


async def test_no_fact_leaks_to_visitors(driver: DomainDriver) -> None:
    await record_every_fact(driver)
    ticket = next(fact.ticket for fact in driver.facts if isinstance(fact, MessagePosted))
    recorded = [*driver.facts, InboxCardChanged(ticket)]
    assert {type(fact) for fact in recorded} == {PlainMessagePosted, *facts_of_the_product()}, "every fact is recorded"
    recorder = EmissionRecorder()
    recorder.publisher().deliver([RecordedFact(fact, None) for fact in recorded])
    visitor = ticket.visitor_id
    assert leaks(recorder.emitted, visitor) == []
    events = {one.event for one in recorder.emitted if one.visitors}
    assert events == {"message", "ticket", "read"}
    events = {one.event for one in recorder.emitted if one.agents}
    assert events == {
        "message", "note", "ticket", "card", "gone", "read", "offer", "offer_ended", "presence", "visitor", "alert"
    }  # fmt: skip
    remote = [decode_emission(encode_emission(one)) for one in recorder.sent]
    assert [one._replace(skip=None) for one in recorder.emitted] == remote, "other nodes get the same"


async def test_sender_gets_message_by_ack_and_event_by_emission(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    recorder = EmissionRecorder()
    recorder.publisher().deliver([RecordedFact(fact, "sid") for fact in driver.facts])
    skipped = [one for one in recorder.emitted if one.skip == "sid"]
    assert {payload_of(one)["text"] for one in skipped} == {"Bonjour"}
    joined = [one for one in recorder.emitted if one.event == "message" and payload_of(one)["kind"] == "event"]
    assert [one.skip for one in joined] == [None], "no ack has it: its author receives the event too"


async def test_fast_path_message_has_same_audience_as_slow_path_message(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await ada.says(vic.ticket, "Answered.")
    await vic.says("Carried on.")
    slow = [fact for fact in driver.facts if isinstance(fact, MessagePosted)][-1]
    quick = [fact for fact in driver.facts if isinstance(fact, PlainMessagePosted)][-1]
    assert (slow.message.text, quick.message.text) == ("Answered.", "Carried on.")
    emissions = []
    for fact in (slow, quick):
        recorder = EmissionRecorder()
        recorder.publisher().deliver([RecordedFact(fact, "sid")])
        emissions.append([(one.visitors, one.agents, one.skip) for one in recorder.emitted if one.event == "message"])
    assert emissions[0] == emissions[1] and len(emissions[0]) == 1


async def test_only_visitors_receive_their_ticket_page_link(driver: DomainDriver) -> None:
    vic = driver.visitor("Vic")
    await vic.fills_in()
    recorder = EmissionRecorder()
    recorder.publisher().deliver([RecordedFact(fact, None) for fact in driver.facts])
    shown = {bool(one.visitors): payload_of(one).get("link") for one in recorder.emitted if one.event == "ticket"}
    assert shown[False] is None
    assert str(shown[True]).startswith(f"http://localhost:8000/t/{vic.ticket}.")
