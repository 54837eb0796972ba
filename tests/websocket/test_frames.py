"""Frames as RFC 6455 has them: whole, in pieces, in fragments, and everything that ends a connection."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.websocket import frames
from chat.websocket.frames import MAX_MESSAGE, MAX_UNSENT, WebSocketProtocol, WriteBatch, frame
from tests.websocket.socket_server import CLOSE, masked


class Transport(asyncio.Transport):
    """Remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.state, self.reading = "open", True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def pause_reading(self) -> None:
        self.reading = False

    def close(self) -> None:
        self.state = "closed"

    def abort(self) -> None:
        self.state = "aborted"

    def is_closing(self) -> bool:
        return self.state != "open"


class AtOnce(WriteBatch):
    """Every push is a turn."""

    def add(self, line: WebSocketProtocol) -> None:
        line.flush()


class Listener(WebSocketProtocol):
    """Remembers what was heard."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, AtOnce())
        self.heard: list[bytes] = []
        self.ends = 0

    def on_text(self, message: bytearray) -> None:
        self.heard.append(bytes(message))

    def on_end(self) -> None:
        self.ends += 1


@pytest.fixture
async def transport() -> Transport:
    return Transport()


@pytest.fixture
def listener(transport: Transport) -> Listener:
    return Listener(transport)


def goodbyes(transport: Transport) -> list[int]:
    return [int.from_bytes(data[2:4], "big") for data in transport.written if data[0] == CLOSE]


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 40), min_size=1))
def test_messages_come_whole_however_the_network_cuts_them(messages: list[bytes], cuts: list[int]) -> None:
    sent, listener = b"".join(map(masked, messages)), Listener(Transport())
    at = 0
    while at < len(sent):
        step = cuts[at % len(cuts)]
        listener.data_received(sent[at : at + step])
        at += step
    assert listener.heard == messages


@pytest.mark.parametrize("length", [0, 125, 126, 65_535])
def test_every_way_to_write_a_length_that_is_taken(length: int, listener: Listener, transport: Transport) -> None:
    listener.data_received(masked(b"x" * length))
    assert (listener.heard, goodbyes(transport)) == ([b"x" * length], [])


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 70_000])
def test_what_is_sent_has_the_shortest_length(length: int) -> None:
    sent = frame(b"x" * length)
    head = 2 if length < 126 else 4 if length < 65_536 else 10
    assert (len(sent), sent[head:], sent[1] & 0x80) == (head + length, b"x" * length, 0)


def test_fragments_make_one_message_with_pings_between(listener: Listener, transport: Transport) -> None:
    listener.data_received(masked(b"one ", 0x01) + masked(b"?", 0x89) + masked(b"two ", 0x00) + masked(b"three", 0x80))
    assert (listener.heard, transport.written) == ([b"one two three"], [frame(b"?", 0x8A)])
    listener.data_received(masked(b"again"))
    assert listener.heard[1:] == [b"again"]


def test_binary_messages_are_passed_over(listener: Listener, transport: Transport) -> None:
    listener.data_received(masked(b"\x00", 0x82) + masked(b"\x00", 0x02) + masked(b"\x01", 0x80) + masked(b"text"))
    assert (listener.heard, transport.written) == ([b"text"], [])


BROKEN = {
    "not masked": (frame(b"x"), 1002),
    "a reserved bit": (masked(b"x", 0xC1), 1002),
    "an unknown kind": (masked(b"x", 0x83), 1002),
    "an unknown control": (masked(b"x", 0x8B), 1002),
    "a ping in fragments": (masked(b"x", 0x09), 1002),
    "a ping that is too long": (masked(b"x" * 126, 0x89), 1002),
    "a continuation of nothing": (masked(b"x", 0x80), 1002),
    "a text within fragments": (masked(b"x", 0x01) + masked(b"x"), 1002),
    "fragments within fragments": (masked(b"x", 0x01) + masked(b"x", 0x01), 1002),
    "too long at once": (masked(b"x" * (MAX_MESSAGE + 1))[:20], 1009),
    "too long together": (masked(b"x" * 60_000, 0x01) + masked(b"x" * 60_000, 0x80), 1009),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_ends_a_connection(name: str, listener: Listener, transport: Transport) -> None:
    data, code = BROKEN[name]
    listener.data_received(data)
    assert (goodbyes(transport), transport.state, listener.ends) == ([code], "closed", 1)
    listener.data_received(masked(b"more"))
    assert b"more" not in listener.heard


async def test_a_goodbye_is_answered_once_and_nothing_follows_it(listener: Listener, transport: Transport) -> None:
    listener.data_received(masked((1000).to_bytes(2, "big") + b"bye", CLOSE) + masked(b"late"))
    assert (goodbyes(transport), transport.state, listener.heard, listener.ends) == ([1000], "closed", [], 1)
    listener.push(frame(b"late"))
    listener.connection_lost(None)
    assert (len(transport.written), listener.ends) == (1, 1)


async def test_a_client_that_says_goodbye_and_does_not_read_is_not_waited_for(
    listener: Listener, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "CLOSING_S", 0)
    listener.data_received(masked((1000).to_bytes(2, "big"), CLOSE))
    await asyncio.sleep(0.01)
    assert transport.state == "aborted"


async def test_our_goodbye_waits_for_its_answer(listener: Listener, transport: Transport) -> None:
    listener.close_with(1012)
    assert (goodbyes(transport), transport.state, listener.ends) == ([1012], "open", 1)
    listener.data_received(masked(b"late") + masked((1012).to_bytes(2, "big"), CLOSE))
    assert (transport.state, listener.heard) == ("closed", [])


async def test_who_is_turned_away_is_not_even_waited_for(
    listener: Listener, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "CLOSING_S", 0)
    for _ in range(2):
        listener.reject(1008)
    assert (goodbyes(transport), transport.reading, listener.ends) == ([1008], False, 1)
    listener.data_received(masked(b"read already") + masked((1008).to_bytes(2, "big"), CLOSE))
    assert (transport.state, listener.heard) == ("open", [])
    await asyncio.sleep(0.01)
    assert transport.state == "aborted"


def test_who_does_not_read_is_cut(listener: Listener, transport: Transport) -> None:
    assert transport.high == MAX_UNSENT
    listener.pause_writing()
    assert (transport.state, listener.ends) == ("aborted", 1)


def test_one_answer_may_be_larger_than_what_may_wait(listener: Listener, transport: Transport) -> None:
    listener.push(frame(b"x" * 3_000_000))
    assert transport.high is not None
    assert transport.high > MAX_UNSENT + 3_000_000


async def test_what_is_pushed_in_one_turn_leaves_in_one_write(transport: Transport) -> None:
    line = WebSocketProtocol(transport, WriteBatch())
    for text in (b"one", b"two", b"three"):
        line.push(frame(text))
    assert transport.written == []
    await asyncio.sleep(0)
    assert transport.written == [frame(b"one") + frame(b"two") + frame(b"three")]
    line.push(frame(b"last words"))
    line.close_with(1012)
    await asyncio.sleep(0)
    assert transport.written[1:] == [frame(b"last words") + frame((1012).to_bytes(2, "big"), CLOSE)]


class Broken(Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        raise RuntimeError("the handle is closed")


async def test_a_line_that_breaks_costs_the_others_nothing(transport: Transport) -> None:
    turn, broken = WriteBatch(), Broken()
    for one in (broken, transport):
        WebSocketProtocol(one, turn).push(frame(b"hello"))
    await asyncio.sleep(0)
    assert (broken.state, transport.written) == ("aborted", [frame(b"hello")])
