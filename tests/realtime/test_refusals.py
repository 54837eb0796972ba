"""Refusals: an invalid command is refused with the name of its field, does nothing, and the socket stays."""

from contextlib import AsyncExitStack

import aiohttp
import pytest
import socketio

from chat import protocol
from chat.websocket import socketio_server
from tests.realtime.conftest import ConnectAgent, ConnectVisitor
from tests.realtime.node import Node
from tests.realtime.raw_client import raw_connection
from tests.realtime.socket_clients import Agent, Payload, Visitor, new_id
from tests.realtime.test_messages import chat

ID = "t_whatever_it_is"
GOOD_ID = "0193-a-good-client-id"
# A valid payload of every command, whose fields the tests make invalid one by one.
GOOD: dict[str, dict[str, Payload]] = {
    "/visitor": {
        "hello": {},
        "start_chat": {"client_id": GOOD_ID, "text": "x"},
        "send_message": {"ticket": ID, "client_id": GOOD_ID, "text": "x"},
        "catch_up": {"ticket": ID, "after": 0},
        "typing": {"ticket": ID, "on": True},
        "mark_read": {"ticket": ID, "seq": 1},
        "set_page": {"url": "https://shop.example/"},
        "set_locale": {"locale": "fr"},
        "set_visible": {"on": True},
        "give_contact": {"ticket": ID, "email": "vic@example.com", "wait": True},
        "end_chat": {"ticket": ID},
    },
    "/agent": {
        "hello": {},
        "set_presence": {"state": "away"},
        "list": {"view": "mine"},
        "claim": {"ticket": ID},
        "decline": {"ticket": ID},
        "open_ticket": {"ticket": ID},
        "send_message": {"ticket": ID, "client_id": GOOD_ID, "text": "x"},
        "add_note": {"ticket": ID, "client_id": GOOD_ID, "text": "x"},
        "catch_up": {"ticket": ID, "after": 0, "notes_after": 0},
        "hand_over": {"ticket": ID, "to": {"agent": "a_somebody"}},
        "take_over": {"ticket": ID},
        "end_chat": {"ticket": ID},
        "set_status": {"ticket": ID, "status": "open"},
        "spam": {"ticket": ID},
        "hold": {"ticket": ID, "until": "2099-01-01T12:00:00Z", "reason": "x"},
        "explain": {"ticket": ID},
        "typing": {"ticket": ID, "on": True},
        "mark_read": {"ticket": ID, "seq": 1},
    },
}


def spoilt(good: Payload) -> list[tuple[Payload, str]]:
    """Every way to make a payload invalid by one field, and the field's name."""
    missing = [({name: value for name, value in good.items() if name != left}, left) for left in good]
    nonsense: tuple[object, ...] = (None, 4.5, [], {"x": 1})
    wrong = [(good | {name: value}, name) for name in good for value in nonsense]
    return [*missing, *wrong, (good | {"colour": "red"}, "colour")]


@pytest.mark.parametrize("namespace", GOOD)
def test_table_of_payloads_has_every_command(namespace: str) -> None:
    commands = protocol.VISITOR_COMMANDS if namespace == "/visitor" else protocol.AGENT_COMMANDS
    assert GOOD[namespace].keys() == commands.keys()


@pytest.mark.parametrize("namespace", GOOD)
async def test_invalid_command_is_refused_with_the_name_of_its_field(
    namespace: str, node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    for command, good in GOOD[namespace].items():
        # One socket a command, so that rate limits play no part.
        person: Visitor | Agent = (
            await visitor(node) if namespace == "/visitor" else await agent(node, f"agent-{command}")
        )
        for payload, field in spoilt(good):
            error = await person.refusal_of(command, **payload)
            assert (error["code"], error.get("field")) == ("bad_request", field), (command, payload, error)
        assert (await person.call(command, **good)).get("error", {}).get("code") != "bad_request"


@pytest.mark.parametrize(
    ("command", "fields", "code", "field"),
    [
        ("start_chat", {"client_id": "short", "text": "x"}, "bad_request", "client_id"),
        ("start_chat", {"client_id": GOOD_ID + "é", "text": "x"}, "bad_request", "client_id"),
        ("start_chat", {"client_id": GOOD_ID, "text": " \n "}, "empty", "text"),
        ("start_chat", {"client_id": GOOD_ID, "text": "x" * 4_001}, "too_long", "text"),
        ("start_chat", {"client_id": GOOD_ID, "text": "x" * 20_000}, "too_long", "text"),
        ("start_chat", {"client_id": GOOD_ID, "text": "a\0b"}, "bad_request", "text"),
        ("start_chat", {"client_id": GOOD_ID, "text": "x", "name": "a\0b"}, "bad_request", "name"),
        ("start_chat", {"client_id": GOOD_ID, "text": "x", "category": "gold"}, "bad_request", "category"),
        ("start_chat", {"client_id": GOOD_ID, "text": "x", "email": "nowhere"}, "bad_request", "email"),
        ("send_message", {"ticket": ID, "client_id": GOOD_ID, "text": "x", "files": ["a"]}, "bad_request", "files"),
        ("mark_read", {"ticket": ID, "seq": -1}, "bad_request", "seq"),
        ("mark_read", {"ticket": ID, "seq": 2**40}, "bad_request", "seq"),
        ("set_locale", {"locale": "fr\n"}, "bad_request", "locale"),
        ("catch_up", {"ticket": "", "after": 0}, "bad_request", "ticket"),
        ("nonsense", {}, "bad_request", "event"),
    ],
)
async def test_invalid_values_are_refused(
    command: str, fields: Payload, code: str, field: str, node: Node, visitor: ConnectVisitor, agent: ConnectAgent
) -> None:
    await agent(node, "Ada")
    vic = await visitor(node)
    error = await vic.refusal_of(command, **fields)
    assert (error["code"], error.get("field")) == (code, field)
    assert (await vic.run("hello"))["ticket"] is None


UNHEARD_OF = (
    '["set_visible",{"on":NaN}]',
    '["set_visible",{"on":1e400}]',
    '["set_locale",{"locale":"\\ud800"}]',
    '["set_visible",{"on":true}',
    '["set_visible",{"on":true},{"on":true}]',
    '["set_visible"]',
    '["set_visible","on"]',
    '["connect",{"site":"demo"}]',
    '["disconnect"]',
    '["trigger_event",{}]',
    "[42,{}]",
    "[]",
    "{}",
    "null",
    '"set_visible"',
)


async def test_malformed_events_are_refused(node: Node) -> None:
    async with raw_connection(node) as raw:
        await raw.connect_namespace()
        for event in UNHEARD_OF:
            await raw.send(f"42/visitor,7{event}")
            ack = await raw.receive("43/visitor,7")
            assert isinstance(ack, list)
            assert (ack[0]["ok"], ack[0]["error"]["code"]) == (False, "bad_request"), event
        await raw.send('42/visitor,8["hello",{}]')
        assert isinstance(await raw.receive("43/visitor,8"), list)


async def test_binary_is_refused_and_ends_the_connection(node: Node) -> None:
    async with raw_connection(node) as raw:
        await raw.connect_namespace()
        await raw.send('451-/visitor,7["set_visible",{"on":{"_placeholder":true,"num":0}}]')
        ack = await raw.receive("43/visitor,7")
        assert isinstance(ack, list)
        assert ack[0]["error"]["code"] == "bad_request"
        with pytest.raises(EOFError, match="1003"):
            await raw.receive("43")
    async with raw_connection(node) as raw:
        await raw.connect_namespace()
        await raw.socket.send_bytes(b"\x00\x01")
        with pytest.raises(EOFError, match="1003"):
            await raw.receive("43")


async def test_malformed_packet_ends_the_connection(node: Node) -> None:
    for frame in ("", "9", "x", "4", "4x", "4null", "49/visitor", "4[[[[", "42/visitor," + "9" * 200):
        async with raw_connection(node) as raw:
            await raw.connect_namespace()
            await raw.send(frame)
            with pytest.raises(EOFError):
                await raw.receive("43")


async def test_a_frame_above_64_kb_ends_the_connection(node: Node) -> None:
    async with raw_connection(node) as raw:
        await raw.connect_namespace()
        await raw.send('42/visitor,7["hello",{"x":"' + "x" * 70_000 + '"}]')
        with pytest.raises(EOFError):
            await raw.receive("43")


# -- connecting ----------------------------------------------------------------------------------------------


UNWELCOME = (
    ("/visitor", '{"site":"nowhere"}', "not_found"),
    ("/visitor", "{}", "bad_request"),
    ("/visitor", "", "bad_request"),
    ("/visitor", '{"site":"demo","colour":"red"}', "bad_request"),
    ("/visitor", '{"site":NaN}', "bad_request"),
    ("/agent", "", "not_allowed"),
    ("/agent", '{"site":"demo"}', "not_allowed"),
    ("/admin", "", "not_found"),
    ("/", "", "not_found"),
)


async def test_a_connect_is_refused_with_an_object(node: Node) -> None:
    for namespace, auth, code in UNWELCOME:
        shown = "" if namespace == "/" else f"{namespace},"
        async with raw_connection(node) as raw:
            await raw.send(f"40{shown}{auth}")
            refusal = await raw.receive(f"44{shown}")
            assert isinstance(refusal, dict)
            assert (refusal["code"], refusal["data"]["code"]) == (code, code), (namespace, auth)
            assert isinstance(refusal["message"], str)


async def test_start_before_hello_is_refused(node: Node, people: AsyncExitStack, agent: ConnectAgent) -> None:
    await agent(node, "Ada")
    vic = Visitor()
    people.push_async_callback(vic.disconnect)
    await vic.connect(node.url, {"site": "demo"})
    chat_of = {"client_id": new_id(), "text": "Bonjour"}
    assert (await vic.refusal_of("start_chat", **chat_of))["code"] == "bad_request"
    assert "token" in await vic.run("hello")
    await vic.run("start_chat", **chat_of)


async def test_connect_while_store_is_unavailable_can_be_retried(node: Node) -> None:
    async with raw_connection(node) as raw:
        await node.store.close()
        await raw.send('40/visitor,{"site":"demo"}')
        # The connection is closed without a refusal, after which official clients would give up.
        with pytest.raises(EOFError):
            await raw.receive("4")
        assert raw.socket.close_code == 1013


async def test_unknown_session_cookie_is_refused(node: Node) -> None:
    ada = Agent()
    with pytest.raises(socketio.exceptions.ConnectionError):
        await ada.connect_and_hello(node, "guichet=made-up-by-somebody")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://chat.example.evil.example"])
async def test_other_origin_is_refused(origin: str, node: Node, visitor: ConnectVisitor) -> None:
    address = f"{node.url}/socket.io/?EIO=4&transport="
    async with aiohttp.ClientSession(headers={"Origin": origin}) as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(address + "websocket")
        async with session.get(address + "polling") as answer:
            assert answer.status == 400
            assert "Access-Control-Allow-Origin" not in answer.headers
    async with raw_connection(node, Origin="http://chat.example") as raw:
        await raw.connect_namespace()


async def test_jsonp_and_compression_are_not_supported(node: Node) -> None:
    address = f"{node.url}/socket.io/?EIO=4&transport="
    async with aiohttp.ClientSession() as session:
        async with session.get(address + "polling&j=0") as answer:
            assert answer.status == 400
        async with session.ws_connect(address + "websocket", compress=15) as socket:
            assert socket.compress == 0


async def test_long_polling_works_too(node: Node, visitor: ConnectVisitor, agent: ConnectAgent) -> None:
    ada, vic = await agent(node, "Ada"), Visitor()
    await vic.client.connect(
        node.url, auth={"site": "demo"}, transports=["polling"], namespaces=["/visitor"], wait_timeout=5
    )
    await vic.run("hello")
    ticket = await chat(ada, vic)
    await ada.send(ticket, "Bonjour")
    await vic.receive("message", lambda message: message["text"] == "Bonjour")
    assert vic.client.transport() == "polling"
    await vic.disconnect()


async def test_client_that_sends_no_command_is_disconnected(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socketio_server, "FIRST_COMMAND_TIMEOUT_S", 0.3)
    async with raw_connection(node) as silent, raw_connection(node) as greeting, raw_connection(node) as talking:
        await greeting.connect_namespace()
        await talking.connect_namespace()
        await talking.send('42/visitor,1["hello",{}]')
        await talking.receive("43/visitor,1")
        for raw in (silent, greeting):
            with pytest.raises(EOFError):
                await raw.receive("43")
        await talking.send('42/visitor,2["hello",{}]')
        await talking.receive("43/visitor,2")
