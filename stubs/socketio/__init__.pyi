from collections.abc import Awaitable, Callable

from aiohttp import web
from engineio import AsyncServer as EngineServer
from socketio import exceptions as exceptions
from socketio import packet as packet

class AsyncManager:
    rooms: dict[str, dict[str | None, dict[str, str]]]
    callbacks: dict[str, object]
    pending_connect: dict[str, list[str]]
    pending_disconnect: dict[str, list[str]]
    server: AsyncServer
    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None: ...
    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None: ...
    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None: ...
    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None: ...
    def basic_disconnect(self, sid: str, namespace: str, **kwargs: object) -> None: ...

class AsyncNamespace:
    namespace: str
    server: AsyncServer
    def __init__(self, namespace: str | None = None) -> None: ...
    async def trigger_event(self, event: str, *args: object) -> object: ...

class Reason:
    TRANSPORT_CLOSE: str

class AsyncServer:
    eio: EngineServer
    manager: AsyncManager
    packet_class: type[packet.Packet]
    namespace_handlers: dict[str, AsyncNamespace]
    environ: dict[str, dict[str, object]]
    reason: type[Reason]
    def __init__(
        self,
        client_manager: AsyncManager | None = None,
        logger: object = False,
        json: object = None,
        async_handlers: bool = True,
        namespaces: list[str] | None = None,
        **kwargs: object,
    ) -> None: ...
    def attach(self, app: web.Application, socketio_path: str = "socket.io") -> None: ...
    def register_namespace(self, namespace_handler: AsyncNamespace) -> None: ...
    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None: ...
    async def shutdown(self) -> None: ...
    def _engineio_server_class(self) -> type[EngineServer]: ...
    async def _send_packet(self, eio_sid: str, pkt: packet.Packet) -> None: ...
    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: object) -> None: ...
    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None: ...
    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, object]) -> None: ...
    async def _handle_eio_message(self, eio_sid: str, data: object) -> None: ...
    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None: ...

class EngineClient:
    async def disconnect(self, abort: bool = False) -> None: ...

class AsyncClient:
    eio: EngineClient
    connected: bool
    sid: str | None
    namespaces: dict[str, str]
    def __init__(self, reconnection: bool = True, logger: object = False, **kwargs: object) -> None: ...
    def on(
        self,
        event: str,
        handler: Callable[..., object] | None = None,
        namespace: str | None = None,
    ) -> Callable[..., object]: ...
    async def connect(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        auth: object = None,
        transports: list[str] | None = None,
        namespaces: list[str] | None = None,
        socketio_path: str = "socket.io",
        wait: bool = True,
        wait_timeout: float = 1,
        retry: bool = False,
    ) -> None: ...
    async def emit(
        self,
        event: str,
        data: object = None,
        namespace: str | None = None,
        callback: Callable[..., object] | None = None,
    ) -> None: ...
    async def call(
        self, event: str, data: object = None, namespace: str | None = None, timeout: float = 60
    ) -> object: ...
    def transport(self) -> str: ...
    async def disconnect(self) -> None: ...
    async def wait(self) -> None: ...
    def start_background_task(self, target: Callable[..., Awaitable[object]], *args: object) -> object: ...
