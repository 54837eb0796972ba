"""The server as a process: where it says it is, who holds its data, and how it ends."""

import signal

import aiohttp

from tests.cli.cli_client import Browser, Operator, Server, browsing, children, runs
from tests.cluster.servers import until

OWNER = {"name": "Olive", "email": "olive@example.com", "password": "a rather long password"}


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


async def test_shop_console_and_setup_answer(server: Server, browser: Browser) -> None:
    for label in ("Shop", "Console", "Owner"):
        assert await browser.status(await server.address(label)) == 200
    assert [await browser.status(path) for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
    assert await browser.gets("/readyz") == {"ok": True, "database": "ok", "redis": "ok"}


async def test_the_owners_link_is_printed_until_there_is_an_owner(operator: Operator) -> None:
    async with operator.serving() as server:
        first = await server.address("Owner")
        await server.ends(signal.SIGTERM)
    async with operator.serving() as server, browsing(server) as browser:
        second = await server.address("Owner")
        assert await browser.fills_in("/api/setup", token=token_of(first), **OWNER) == 404
        assert await browser.fills_in("/api/setup", token=token_of(second), **OWNER) == 303
        assert (await browser.gets("/api/session"))["agent"]["role"] == "admin"
        await server.ends(signal.SIGTERM)
    async with operator.serving() as server:
        await server.ends(signal.SIGTERM)
        assert server.said("Shop")
        assert server.said("Owner") is None


async def test_sigterm_ends_it_though_a_client_stays_and_valkey_goes_too(server: Server) -> None:
    (valkey,) = children(server.process.pid)
    socket = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as client, client.ws_connect(socket) as idle:
        assert (await idle.receive()).type is aiohttp.WSMsgType.TEXT
        assert runs(valkey)
        server.process.send_signal(signal.SIGTERM)
        assert (await idle.receive()).data == aiohttp.WSCloseCode.SERVICE_RESTART
        assert await server.end() == 0
    await until(lambda: not runs(valkey))


async def test_killed_it_starts_again_and_knows_everybody(operator: Operator) -> None:
    async with operator.serving() as server, browsing(server) as browser:
        setup = token_of(await server.address("Owner"))
        assert await browser.fills_in("/api/setup", token=setup, **OWNER) == 303
        (valkey,) = children(server.process.pid)
        await server.ends(signal.SIGKILL)
    await until(lambda: not runs(valkey))
    async with operator.serving() as server, browsing(server) as browser:
        assert await browser.signs_in(OWNER["email"], OWNER["password"]) == 200


async def test_a_second_server_is_told_who_holds_the_data(operator: Operator, server: Server) -> None:
    for command in ("serve", "migrate"):
        said = await operator.types(command)
        assert said.code == 1
        assert said.err == f"Error: {operator.data_dir} is in use by process {server.process.pid}\n"


async def test_a_port_that_is_taken_is_named(operator: Operator, server: Server) -> None:
    port = server.url.rpartition(":")[2]
    said = await operator.types("serve", PORT=port, DATA_DIR=f"{operator.data_dir}-2")
    assert (said.code, said.err) == (1, f"Error: 127.0.0.1:{port} can't be listened on: Address already in use\n")


async def test_migrating_twice_is_migrating_once(operator: Operator) -> None:
    assert [(await operator.types("migrate")).code for _ in range(2)] == [0, 0]
    assert (operator.data_dir / "guichet.db").stat().st_mode & 0o077 == 0


async def test_a_node_of_many_names_all_that_it_misses(operator: Operator) -> None:
    for command in ("web", "worker"):
        said = await operator.types(command)
        assert said.code == 1
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
            assert f"{name} is missing" in said.err
    said = await operator.types("web", DATABASE_URL="sqlite:///guichet.db")
    assert "DATABASE_URL must be PostgreSQL" in said.err


async def test_every_bad_value_is_named_at_once(operator: Operator) -> None:
    said = await operator.types("serve", PORT="eighty", PUBLIC_URL="chat.example.com", SECRET_KEY="short")
    assert said.code == 1
    assert [name in said.err for name in ("PORT", "PUBLIC_URL", "SECRET_KEY")] == [True] * 3
