"""The processes of the Procfile: serve, web and worker; each starts a node and waits for the signal to stop."""

import asyncio
import contextlib
import gc
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

from aiohttp import web

from chat.app import start_node
from chat.cli import control_socket
from chat.cli.operator_commands import OperatorContext, create_owner_link
from chat.cluster.embedded_valkey import EmbeddedValkey
from chat.settings import Settings
from chat.store.migrations import head_is, migrate
from chat.web.core.proxies import is_trusted, rate_limit_key
from chat.web.core.terse_handler import TerseHandler
from chat.websocket.admission import AdmissionControl, ConnectionLimits

# The longest header field, in bytes. A browser sends all cookies of the parent domain, which other programs set there.
MAX_HEADER = 16_384

# A client that reads nothing of what waits for it is disconnected after this time, by the kernel.
UNREAD_TIMEOUT_MS = 30_000

# How long a connection may stay open without a request.
KEEPALIVE_S = 75
RESERVED_DESCRIPTORS = 96

Say = Callable[[str], None]


async def serve(settings: Settings, say: Say) -> None:
    """One process with everything in it. The caller has locked DATA_DIR. Prints the URLs. Raises CannotListen."""
    stop = stop_signal()
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.to_thread(migrate, settings.database_url)
        redis_url: str = settings.redis_url or await _embedded(stack)
        listener, settings = listen(settings)
        node = await stack.enter_async_context(start_node(settings, redis_url))
        await stack.enter_async_context(control_socket.listening(node.operator))
        tune_gc()
        await stack.enter_async_context(start_listening(node.app, listener, limits_of(settings)))
        await _print_urls(node.operator, say)
        await stop.wait()


async def _embedded(stack: contextlib.AsyncExitStack) -> str:
    valkey = EmbeddedValkey()
    url = await valkey.start()
    stack.push_async_callback(valkey.stop)
    return url


async def _print_urls(operator: OperatorContext, say: Say) -> None:
    say(f"Shop     {operator.settings.public_url}/")
    say(f"Console  {operator.settings.public_url}/console")
    link = await create_owner_link(operator)
    if link:
        say(f"Owner    {link}  (once: sets the first password)")


async def web_node(settings: Settings, say: Say) -> None:
    """One node of several; the worker process runs the periodic actions on tickets. Raises CannotListen and
    NotMigrated."""
    assert settings.redis_url is not None
    stop, redis_url = stop_signal(), settings.redis_url
    await check_schema(settings)
    listener, settings = listen(settings)
    async with start_node(settings, redis_url, runs_ticket_jobs=False) as node:
        tune_gc()
        async with start_listening(node.app, listener, limits_of(settings)):
            say(f"Listening on {settings.public_url}")
            await stop.wait()


async def worker_node(settings: Settings, say: Say) -> None:
    """The periodic actions on tickets, for the nodes of `web`: a node that does not listen. Raises NotMigrated."""
    assert settings.redis_url is not None
    stop = stop_signal()
    await check_schema(settings)
    async with start_node(settings, settings.redis_url):
        say("Working")
        await stop.wait()


class NotMigrated(Exception):
    """The database is empty, or has the schema of another version."""


async def check_schema(settings: Settings) -> None:
    """Raise NotMigrated: one node of several must not change the schema under the others."""
    if not await asyncio.to_thread(head_is, settings.database_url):
        raise NotMigrated("the database has not this version's schema: run python -m chat migrate")


class CannotListen(Exception):
    """The port is taken, or HOST is not of this machine."""


def listen(settings: Settings) -> tuple[socket.socket, Settings]:
    """The bound socket, and the settings with the port that it took when PORT is 0. Raises CannotListen.

    The socket does not listen yet: the kernel refuses clients while the node starts, and they try again, instead of
    waiting in the backlog for seconds.
    """
    listener = socket.socket(family_of(settings.host), socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":  # connections inherit it
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_TIMEOUT_MS)
        if settings.host == "::" and socket.has_dualstack_ipv6():
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        why = error.strerror.partition(" (while")[0] if error.strerror else str(error)
        raise CannotListen(f"{settings.host}:{settings.port} can't be listened on: {why}") from error
    port = listener.getsockname()[1]
    return listener, replace(settings, port=port, public_url=public_url_for(settings.public_url, port))


def family_of(host: str) -> socket.AddressFamily:
    """IPv6 for a host with a colon: asyncio would take it for IPv4."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def public_url_for(public_url: str, port: int) -> str:
    """The default URL ends in :0 when PORT is 0: put the port there. Every other URL is as the owner set it."""
    return f"{public_url.removesuffix(':0')}:{port}" if public_url.endswith(":0") else public_url


@contextlib.asynccontextmanager
async def start_listening(
    app: web.Application, listener: socket.socket, limits: ConnectionLimits | None = None
) -> AsyncIterator[None]:
    """Serve the app. At the end, requests that are being answered have 5 s; clients of closed sockets reconnect."""
    runner = web.AppRunner(app, shutdown_timeout=5)
    await runner.setup()
    assert runner.server is not None
    handler = partial(
        TerseHandler,
        runner.server,
        loop=asyncio.get_running_loop(),
        access_log=None,  # type: ignore[arg-type]  # aiohttp's way to have none
        max_field_size=MAX_HEADER,
        keepalive_timeout=KEEPALIVE_S,
    )
    admission = AdmissionControl(handler, limits)
    try:
        listening = await asyncio.get_running_loop().create_server(admission, sock=listener, backlog=4096)
        try:
            yield
        finally:
            listening.close()
    finally:
        admission.close()
        await runner.cleanup()


def limits_of(settings: Settings) -> ConnectionLimits:
    """As many connections as file descriptors, except those that the database, Redis and the operator's commands need.
    Raises the process's own limit of them as far as it may."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def key_of(address: str) -> str | None:
        return None if is_trusted(address, settings.trusted_proxies) else rate_limit_key(address)

    total = sys.maxsize if hard == resource.RLIM_INFINITY else max(1, hard - RESERVED_DESCRIPTORS)
    return ConnectionLimits(total, settings.connections_per_address, key_of=key_of)


def tune_gc() -> None:
    """Freeze the objects made at start out of the garbage collector and raise its thresholds: that saves about 10 % of
    the CPU per message, and pauses of 100 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and Ctrl-C set from now on; a start that is under way ends before the stop begins."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop
