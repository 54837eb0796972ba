"""Broken, repeated and closed connections leave no socket behind and log no errors."""

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator

import aiohttp
import pytest
from structlog.testing import capture_logs

from chat.realtime.connections import VisitorSocket
from tests.realtime.node import Node
from tests.websocket.polling_client import PollingClient

Complaints = Callable[[], list[str]]

HELLO = '40/visitor,{"site":"demo"}'


@pytest.fixture
def complaints(caplog: pytest.LogCaptureFixture) -> Iterator[Complaints]:
    """The warnings and errors in the log."""
    with capture_logs() as told:
        yield lambda: [
            *(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING),
            *(str(line) for line in told if line["log_level"] in ("warning", "error")),
        ]


async def nobody_stays() -> None:
    """Until this process has no VisitorSocket object."""
    async with asyncio.timeout(10):
        while [one for one in gc.get_objects() if isinstance(one, VisitorSocket)]:
            await asyncio.sleep(0.05)
            gc.collect()


async def test_packet_after_close_is_a_bad_request(node: Node, complaints: Complaints) -> None:
    async with aiohttp.ClientSession() as session:
        poll = PollingClient(session, node.url)
        await poll.open()
        assert await poll.post(HELLO, "1") == 200
        assert [await poll.post("3") for _ in range(2)] == [400, 400]
    assert not complaints()


async def test_connection_closed_during_its_connect_leaves_no_socket(node: Node, complaints: Complaints) -> None:
    async with aiohttp.ClientSession() as session:
        polls = [PollingClient(session, node.url) for _ in range(40)]
        for poll in polls:
            await poll.open()
        hello = '42/visitor,1["hello",{}]'
        await asyncio.gather(*(poll.post(*words) for poll in polls for words in ((HELLO, hello), ("1",))))
    assert not complaints()
    await nobody_stays()


async def test_all_packets_of_one_poll_are_answered(node: Node) -> None:
    async with aiohttp.ClientSession() as session:
        poll = PollingClient(session, node.url)
        await poll.open()
        assert await poll.post(HELLO) == 200
        assert await poll.post(*(f'42/visitor,{number}["set_locale",{{"locale":"fr"}}]' for number in range(40))) == 200
        heard = ""
        while '43/visitor,39[{"ok":true}]' not in heard:
            heard += await asyncio.wait_for(poll.poll(), 5)
    assert all(f'43/visitor,{number}[{{"ok":true}}]' in heard for number in range(40))


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://chat.example.evil", "é", "a\tb"])
async def test_connections_from_other_origins_are_rejected(node: Node, origin: str, complaints: Complaints) -> None:
    async with aiohttp.ClientSession() as session:
        address = f"{node.url}/socket.io/?EIO=4&transport=polling"
        async with session.get(address, headers={"Origin": origin}) as answer:
            assert answer.status == 400
    assert not [line for line in complaints() if "accepted origin" not in line]
