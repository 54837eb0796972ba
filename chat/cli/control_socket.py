"""How the command line reaches a running server: a private unix socket, named in DATA_DIR."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from chat.cli import operator_commands
from chat.cli.operator_commands import Answer, Arguments, Failed, OperatorContext

NAME = "control"


@asynccontextmanager
async def listening(desk: OperatorContext) -> AsyncIterator[None]:
    """Answers the command line while the block runs. The socket lies in a private folder of a short path, since a
    unix socket's may not have 108 bytes; whoever may read DATA_DIR may speak."""
    folder = Path(tempfile.mkdtemp(prefix="guichet-"))
    named = desk.settings.data_dir / NAME
    app = web.Application()
    app.router.add_post("/{command}", _answering(desk))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.UnixSite(runner, str(folder / NAME)).start()
    named.write_text(str(folder / NAME))
    try:
        yield
    finally:
        named.unlink(missing_ok=True)
        await runner.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _answering(desk: OperatorContext) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        asked: Arguments = await request.json()
        try:
            return web.json_response({"done": await operator_commands.run(desk, request.match_info["command"], asked)})
        except Failed as failed:
            return web.json_response({"failed": str(failed)})

    return answer


async def ask(data_dir: Path, command: str, asked: Arguments) -> Answer:
    """Let the server that holds DATA_DIR do a command. Raises Failed, and OSError when none answers."""
    connector = aiohttp.UnixConnector((data_dir / NAME).read_text())
    address = f"http://guichet/{command}"
    async with aiohttp.ClientSession(connector=connector) as client, client.post(address, json=asked) as answered:
        if answered.status != web.HTTPOk.status_code:
            raise Failed("the running server could not do this; it says why on standard error")
        said = await answered.json()
    if "failed" in said:
        raise Failed(said["failed"])
    done: Answer = said["done"]
    return done
