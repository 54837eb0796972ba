"""The library internals that chat/websocket depends on. A new version that changes one fails here."""

import importlib
import inspect
from typing import Any

from aiohttp import web

# Typed as Any, because these internals are not part of the libraries' types.
handler: Any = importlib.import_module("aiohttp.web_protocol").RequestHandler
engine: Any = importlib.import_module("engineio").AsyncServer
polling: Any = importlib.import_module("engineio.async_socket").AsyncSocket
server: Any = importlib.import_module("socketio").AsyncServer
manager: Any = importlib.import_module("socketio").AsyncManager
source = inspect.getsource


def test_aiohttp_releases_a_socket_on_connection_lost() -> None:
    slots = {name for kind in handler.__mro__ for name in getattr(kind, "__slots__", ())}
    assert {"_message_tail", "transport"} <= slots
    lost = source(handler.connection_lost)
    assert "self._manager.connection_lost(self, exc)" in lost
    assert "self._parser = None" in lost
    assert "if self.transport is not None" in source(handler.force_close)
    assert "await prepare_meth(request)" in source(handler.finish_response)
    assert "await resp.write_eof()" in source(handler.finish_response)
    assert not web.StreamResponse().keep_alive


def test_engineio_uses_only_what_a_websocket_connection_has() -> None:
    assert "await socket.send(pkt)" in source(engine.send_packet)
    assert "if s.closed:" in source(engine._get_socket)
    created = engine(async_mode="aiohttp", monitor_clients=False)
    assert created.start_service_task is False
    assert list(inspect.signature(created._trigger_event).parameters) == ["event", "args", "kwargs"]
    assert "self.server.ping_timeout" in source(polling.check_ping_timeout)


def test_engineio_leaves_a_polling_socket_that_was_taken_over_alone() -> None:
    assert "if not self.closed and not self.closing:" in source(polling.close)
    assert "if not self.closing and not self.closed:" in source(polling._send_ping)
    assert "self.queue.get()" in source(polling.poll)
    assert "environ.get('HTTP_UPGRADE'" in source(polling.handle_get_request)
    assert "environ.get('QUERY_STRING'" in source(engine.handle_request)


def test_socketio_calls_the_methods_that_socket_server_overrides() -> None:
    init = source(server.__mro__[1].__init__)
    for name in ("_handle_eio_connect", "_handle_eio_message", "_handle_eio_disconnect"):
        assert f"self.{name}" in init
        assert inspect.iscoroutinefunction(getattr(server, name))
    assert "self.environ[eio_sid]" in source(server._handle_connect)
    assert "self.rooms[namespace][None]._invm[eio_sid]" in source(manager.sid_from_eio_sid)
    for name in ("basic_enter_room", "basic_leave_room", "basic_disconnect", "eio_sid_from_sid"):
        assert callable(getattr(manager, name))
