"""RFC 6455 frames: whole, split by the network, fragmented, and every error that closes a connection."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.websocket import frames
from chat.websocket.frames import MAX_MESSAGE, MAX_UNSENT, WebSocketProtocol, WriteBatch, encode_frame
from tests.websocket.socket_server import CLOSE, masked


class Transport(asyncio.Transport):
    """Records what was written."""

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


class UnbatchedWrites(WriteBatch):
    """Writes every frame at once."""

    def add(self, connection: WebSocketProtocol) -> None:
        connection.flush()


class RecordingProtocol(WebSocketProtocol):
    """Records the messages."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport, UnbatchedWrites())
        self.messages: list[bytes] = []
        self.ends = 0

    def on_text(self, message: bytearray) -> None:
        self.messages.append(bytes(message))

    def on_end(self) -> None:
        self.ends += 1


@pytest.fixture
async def transport() -> Transport:
    return Transport()


@pytest.fixture
def protocol(transport: Transport) -> RecordingProtocol:
    return RecordingProtocol(transport)


def close_codes(transport: Transport) -> list[int]:
    return [int.from_bytes(data[2:4], "big") for data in transport.written if data[0] == CLOSE]


@given(st.lists(st.binary(max_size=300), max_size=8), st.lists(st.integers(1, 40), min_size=1))
def test_messages_are_whole_however_the_network_splits_them(messages: list[bytes], cuts: list[int]) -> None:
    sent, protocol = b"".join(map(masked, messages)), RecordingProtocol(Transport())
    at = 0
    while at < len(sent):
        step = cuts[at % len(cuts)]
        protocol.data_received(sent[at : at + step])
        at += step
    assert protocol.messages == messages


@pytest.mark.parametrize("length", [0, 125, 126, 65_535])
def test_every_accepted_encoding_of_a_length_is_parsed(
    length: int, protocol: RecordingProtocol, transport: Transport
) -> None:
    protocol.data_received(masked(b"x" * length))
    assert (protocol.messages, close_codes(transport)) == ([b"x" * length], [])


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 70_000])
def test_frames_are_sent_with_the_shortest_length_encoding(length: int) -> None:
    sent = encode_frame(b"x" * length)
    head = 2 if length < 126 else 4 if length < 65_536 else 10
    assert (len(sent), sent[head:], sent[1] & 0x80) == (head + length, b"x" * length, 0)


def test_fragments_with_a_ping_between_them_make_one_message(protocol: RecordingProtocol, transport: Transport) -> None:
    protocol.data_received(masked(b"one ", 0x01) + masked(b"?", 0x89) + masked(b"two ", 0x00) + masked(b"three", 0x80))
    assert (protocol.messages, transport.written) == ([b"one two three"], [encode_frame(b"?", 0x8A)])
    protocol.data_received(masked(b"again"))
    assert protocol.messages[1:] == [b"again"]


@pytest.mark.parametrize("first", [0x82, 0x02])
async def test_binary_messages_are_refused_in_words(
    first: int, protocol: RecordingProtocol, transport: Transport
) -> None:
    protocol.data_received(masked(b"\x00", first) + masked(b"text"))
    assert transport.written == [encode_frame(b"\x03\xebbinary packets are not supported", CLOSE)]
    assert (transport.state, protocol.messages) == ("closed", [])


async def test_message_may_have_the_maximal_length_and_no_byte_more(
    protocol: RecordingProtocol, transport: Transport
) -> None:
    message = b"x" * MAX_MESSAGE
    protocol.data_received(masked(message) + masked(message[:9], 0x01) + masked(message[9:], 0x80))
    assert (protocol.messages == [message, message], close_codes(transport)) == (True, [])
    protocol.data_received(masked(message + b"x"))
    assert (len(protocol.messages), close_codes(transport)) == (2, [1009])


# The payload of a client's close frame, and the code of the answer.
CLOSE_PAYLOADS = {
    **{str(code): (code.to_bytes(2, "big"), code) for code in (1000, 1003, 1007, 1014, 3000, 4999)},
    **{str(code): (code.to_bytes(2, "big"), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535)},
    "a reason": ((1001).to_bytes(2, "big") + "à bientôt".encode(), 1001),
    "one byte": (b"\x03", 1002),
    "a reason that is no UTF-8": ((1000).to_bytes(2, "big") + b"\xff", 1002),
}


@pytest.mark.parametrize("name", CLOSE_PAYLOADS)
async def test_impossible_close_frames_are_answered_with_a_protocol_error(
    name: str, protocol: RecordingProtocol, transport: Transport
) -> None:
    payload, answer = CLOSE_PAYLOADS[name]
    protocol.data_received(masked(payload, CLOSE))
    assert (close_codes(transport), transport.state, protocol.ends) == ([answer], "closed", 1)


async def test_close_frame_without_a_code_is_answered_without_one(
    protocol: RecordingProtocol, transport: Transport
) -> None:
    protocol.data_received(masked(b"", CLOSE))
    assert (transport.written, transport.state) == ([encode_frame(b"", CLOSE)], "closed")


PROTOCOL_ERRORS = {
    "not masked": (encode_frame(b"x"), 1002),
    "a reserved bit": (masked(b"x", 0xC1), 1002),
    "an unknown opcode": (masked(b"x", 0x83), 1002),
    "an unknown control opcode": (masked(b"x", 0x8B), 1002),
    "a fragmented ping": (masked(b"x", 0x09), 1002),
    "a ping that is too long": (masked(b"x" * 126, 0x89), 1002),
    "a continuation of nothing": (masked(b"x", 0x80), 1002),
    "a text within fragments": (masked(b"x", 0x01) + masked(b"x"), 1002),
    "fragments within fragments": (masked(b"x", 0x01) + masked(b"x", 0x01), 1002),
    "a frame that is too long": (masked(b"x" * (MAX_MESSAGE + 1))[:20], 1009),
    "fragments that are too long together": (masked(b"x" * 60_000, 0x01) + masked(b"x" * 60_000, 0x80), 1009),
}


@pytest.mark.parametrize("name", PROTOCOL_ERRORS)
async def test_protocol_errors_close_the_connection(
    name: str, protocol: RecordingProtocol, transport: Transport
) -> None:
    data, code = PROTOCOL_ERRORS[name]
    protocol.data_received(data)
    assert (close_codes(transport), transport.state, protocol.ends) == ([code], "closed", 1)
    protocol.data_received(masked(b"more"))
    assert b"more" not in protocol.messages


async def test_a_close_frame_is_answered_once_and_nothing_is_sent_after_it(
    protocol: RecordingProtocol, transport: Transport
) -> None:
    protocol.data_received(masked((1000).to_bytes(2, "big") + b"bye", CLOSE) + masked(b"late"))
    assert (close_codes(transport), transport.state, protocol.messages, protocol.ends) == ([1000], "closed", [], 1)
    protocol.push(encode_frame(b"late"))
    protocol.connection_lost(None)
    assert (len(transport.written), protocol.ends) == (1, 1)


async def test_a_closing_client_that_does_not_read_is_aborted(
    protocol: RecordingProtocol, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "CLOSE_TIMEOUT_S", 0)
    protocol.data_received(masked((1000).to_bytes(2, "big"), CLOSE))
    await asyncio.sleep(0.01)
    assert transport.state == "aborted"


async def test_our_close_frame_waits_for_the_clients(protocol: RecordingProtocol, transport: Transport) -> None:
    protocol.close_with(1012)
    assert (close_codes(transport), transport.state, protocol.ends) == ([1012], "open", 1)
    protocol.data_received(masked(b"late") + masked((1012).to_bytes(2, "big"), CLOSE))
    assert (transport.state, protocol.messages) == ("closed", [])


async def test_a_rejected_client_is_not_read_and_aborted_after_the_close_timeout(
    protocol: RecordingProtocol, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "CLOSE_TIMEOUT_S", 0)
    for _ in range(2):
        protocol.reject(1008)
    assert (close_codes(transport), transport.reading, protocol.ends) == ([1008], False, 1)
    protocol.data_received(masked(b"read already") + masked((1008).to_bytes(2, "big"), CLOSE))
    assert (transport.state, protocol.messages) == ("open", [])
    await asyncio.sleep(0.01)
    assert transport.state == "aborted"


def test_a_client_that_does_not_read_is_aborted(protocol: RecordingProtocol, transport: Transport) -> None:
    assert transport.high == MAX_UNSENT
    protocol.pause_writing()
    assert (transport.state, protocol.ends) == ("aborted", 1)


def test_a_single_write_may_exceed_the_limit_of_unsent_bytes(protocol: RecordingProtocol, transport: Transport) -> None:
    protocol.push(encode_frame(b"x" * 3_000_000))
    assert transport.high is not None
    assert transport.high > MAX_UNSENT + 3_000_000


async def test_frames_of_one_loop_turn_are_sent_in_one_write(transport: Transport) -> None:
    connection = WebSocketProtocol(transport, WriteBatch())
    for text in (b"one", b"two", b"three"):
        connection.push(encode_frame(text))
    assert transport.written == []
    await asyncio.sleep(0)
    assert transport.written == [encode_frame(b"one") + encode_frame(b"two") + encode_frame(b"three")]
    connection.push(encode_frame(b"last message"))
    connection.close_with(1012)
    await asyncio.sleep(0)
    assert transport.written[1:] == [encode_frame(b"last message") + encode_frame((1012).to_bytes(2, "big"), CLOSE)]


class BrokenTransport(Transport):
    def write(self, data: bytes | bytearray | memoryview) -> None:
        raise RuntimeError("the handle is closed")


async def test_a_failing_write_aborts_only_its_own_connection(transport: Transport) -> None:
    batch, broken = WriteBatch(), BrokenTransport()
    for each in (broken, transport):
        WebSocketProtocol(each, batch).push(encode_frame(b"hello"))
    await asyncio.sleep(0)
    assert (broken.state, transport.written) == ("aborted", [encode_frame(b"hello")])
