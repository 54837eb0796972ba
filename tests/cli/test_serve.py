"""The server as a process: the URLs that it prints, the lock of its data, and how it stops."""

import signal

import aiohttp

from tests.cli.cli_client import Browser, Operator, Server, children, is_running, open_browser
from tests.cluster.servers import until

OWNER = {"name": "Olive", "email": "olive@example.com", "password": "a rather long password"}


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


async def test_shop_console_and_setup_urls_are_served(server: Server, browser: Browser) -> None:
    for label in ("Shop", "Console", "Owner"):
        assert await browser.status(await server.printed_url(label)) == 200
    assert [await browser.status(path) for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
    assert await browser.get_json("/readyz") == {"ok": True, "database": "ok", "redis": "ok"}


async def test_many_cookies_of_the_parent_domain_do_no_harm(server: Server) -> None:
    async with aiohttp.ClientSession() as client:
        for path in ("/widget.js?site=demo", "/widget/frame?site=demo&lang=en", "/healthz", "/console"):
            for size, status in ((15_000, 200), (17_000, 400)):
                async with client.get(f"{server.url}{path}", headers={"Cookie": f"analytics={'v' * size}"}) as response:
                    assert (path, size, response.status) == (path, size, status)


async def test_owner_link_is_printed_until_an_owner_exists(operator: Operator) -> None:
    async with operator.serving() as server:
        first = await server.printed_url("Owner")
        await server.signal_and_wait(signal.SIGTERM)
    async with operator.serving() as server, open_browser(server) as browser:
        second = await server.printed_url("Owner")
        assert await browser.submit_form("/api/setup", token=token_of(first), **OWNER) == 404
        assert await browser.submit_form("/api/setup", token=token_of(second), **OWNER) == 303
        assert (await browser.get_json("/api/session"))["agent"]["role"] == "admin"
        await server.signal_and_wait(signal.SIGTERM)
    async with operator.serving() as server:
        await server.signal_and_wait(signal.SIGTERM)
        assert server.printed("Shop")
        assert server.printed("Owner") is None


async def test_sigterm_stops_server_and_valkey_despite_open_socket(server: Server) -> None:
    (valkey,) = children(server.process.pid)
    socket = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as client, client.ws_connect(socket) as idle:
        assert (await idle.receive()).type is aiohttp.WSMsgType.TEXT
        assert is_running(valkey)
        server.process.send_signal(signal.SIGTERM)
        assert (await idle.receive()).data == aiohttp.WSCloseCode.SERVICE_RESTART
        assert await server.wait_for_exit() == 0
    await until(lambda: not is_running(valkey))


async def test_server_restarts_with_its_data_after_sigkill(operator: Operator) -> None:
    async with operator.serving() as server, open_browser(server) as browser:
        setup = token_of(await server.printed_url("Owner"))
        assert await browser.submit_form("/api/setup", token=setup, **OWNER) == 303
        (valkey,) = children(server.process.pid)
        await server.signal_and_wait(signal.SIGKILL)
    await until(lambda: not is_running(valkey))
    async with operator.serving() as server, open_browser(server) as browser:
        assert await browser.sign_in(OWNER["email"], OWNER["password"]) == 200


async def test_second_server_is_refused_with_pid_of_the_first(operator: Operator, server: Server) -> None:
    for command in ("serve", "migrate"):
        result = await operator.run(command)
        assert result.code == 1
        assert result.err == f"Error: {operator.data_dir} is in use by process {server.process.pid}\n"


async def test_used_port_is_reported(operator: Operator, server: Server) -> None:
    port = server.url.rpartition(":")[2]
    result = await operator.run("serve", PORT=port, DATA_DIR=f"{operator.data_dir}-2")
    assert (result.code, result.err) == (1, f"Error: 127.0.0.1:{port} can't be listened on: Address already in use\n")


async def test_migrate_twice_changes_nothing(operator: Operator) -> None:
    assert [(await operator.run("migrate")).code for _ in range(2)] == [0, 0]
    assert (operator.data_dir / "guichet.db").stat().st_mode & 0o077 == 0


async def test_web_and_worker_name_every_missing_variable(operator: Operator) -> None:
    for command in ("web", "worker"):
        result = await operator.run(command)
        assert result.code == 1
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
            assert f"{name} is missing" in result.err
    result = await operator.run("web", DATABASE_URL="sqlite:///guichet.db")
    assert "DATABASE_URL must be PostgreSQL" in result.err


async def test_all_bad_variables_are_reported_together(operator: Operator) -> None:
    result = await operator.run("serve", PORT="eighty", PUBLIC_URL="chat.example.com", SECRET_KEY="short")
    assert result.code == 1
    assert [name in result.err for name in ("PORT", "PUBLIC_URL", "SECRET_KEY")] == [True] * 3
