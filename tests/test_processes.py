"""What the processes set on the connections that they accept."""

import asyncio
import socket
from pathlib import Path

import pytest
from aiohttp import web

from chat import processes
from chat.settings import Settings


async def test_client_that_reads_nothing_is_disconnected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "UNREAD_TIMEOUT_MS", 300)
    ended = asyncio.Event()

    async def get_page(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 1_000_000)
        finally:
            ended.set()

    app = web.Application()
    app.router.add_get("/", get_page)
    listener, settings = processes.listen(Settings(port=0, data_dir=tmp_path))
    async with processes.start_listening(app, listener):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.setblocking(False)
            await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", settings.port))
            await asyncio.get_running_loop().sock_sendall(client, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await asyncio.wait_for(ended.wait(), 20)
