"""The gate: python-socketio as we run it, strict about packets, origins and those who connect and say nothing."""

import asyncio
from collections.abc import Callable

import socketio
from aiohttp import WSCloseCode
from socketio import packet

from chat.realtime.engine import Engine, quiet_logger
from chat.realtime.packets import StrictPacket
from chat.realtime.rooms import Rooms

LARGEST = 65_536
PATIENCE_S = 10.0


class TryLater(Exception):
    """Raised while somebody connects and nobody can say yet whether they may."""


class Gate(socketio.AsyncServer):
    """Handlers of one connection run in order. A connection of which no command was carried out within
    PATIENCE_S is cut: it would stay for ever otherwise."""

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        logger = quiet_logger()
        self.rooms = Rooms()
        super().__init__(
            client_manager=self.rooms,
            async_mode="aiohttp",
            async_handlers=False,
            serializer=StrictPacket,
            namespaces=[],
            cors_allowed_origins=is_own,
            cors_credentials=True,
            http_compression=False,
            ping_interval=25,
            ping_timeout=20,
            max_http_buffer_size=LARGEST,
            logger=logger,
            engineio_logger=logger,
        )
        self._deadlines: dict[str, asyncio.TimerHandle] = {}

    @property
    def engine(self) -> Engine:
        assert isinstance(self.eio, Engine)
        return self.eio

    def settled(self, sid: str, namespace: str) -> None:
        """This connection has shown what it came for."""
        deadline = self._deadlines.pop(self.rooms.eio_sid_from_sid(sid, namespace) or "", None)
        if deadline is not None:
            deadline.cancel()

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, object]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        loop = asyncio.get_running_loop()
        self._deadlines[eio_sid] = loop.call_later(PATIENCE_S, self.engine.cut, eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        deadline = self._deadlines.pop(eio_sid, None)
        if deadline is not None:
            deadline.cancel()
        self.engine.release(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        if isinstance(data, bytes) or eio_sid not in self.environ:
            return
        try:
            # Text that happens to be JSON comes decoded; no packet of ours begins like that.
            await super()._handle_eio_message(eio_sid, data if isinstance(data, str) and data else "x")
        except ValueError:
            self.engine.cut(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: object) -> None:
        """The library refuses an unknown namespace with a bare string, which clients can't read."""
        namespace = namespace or "/"
        if namespace not in self.namespace_handlers:
            await self._refuse(eio_sid, namespace, "no such namespace")
        elif self.rooms.sid_from_eio_sid(eio_sid, namespace) is None:
            try:
                await super()._handle_connect(eio_sid, namespace, data)
            except TryLater:
                self._send_away(eio_sid, namespace)
            if eio_sid not in self.environ:
                # It hung up while it was let in; for the library it was nobody yet, who needs no goodbye.
                await self._handle_disconnect(eio_sid, namespace)

    def _send_away(self, eio_sid: str, namespace: str) -> None:
        """Clients who are refused give up for good; those who lose the line come back by themselves."""
        sid = self.rooms.sid_from_eio_sid(eio_sid, namespace)
        if sid is not None:
            self.rooms.basic_disconnect(sid, namespace)
        self.engine.cut(eio_sid, WSCloseCode.TRY_AGAIN_LATER)

    async def _refuse(self, eio_sid: str, namespace: str, message: str) -> None:
        told = {"message": message, "code": "not_found", "data": {"code": "not_found"}}
        await self._send_packet(eio_sid, StrictPacket(packet.CONNECT_ERROR, told, namespace))
