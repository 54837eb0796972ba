"""The control socket: the command line sends commands to a running server over a private unix socket."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar, get_type_hints

import aiohttp
import msgspec
from aiohttp import web

from chat.cli.operator_commands import COMMANDS, CommandFailed, OperatorCommand, OperatorContext, execute

Answer = TypeVar("Answer")

# The file in DATA_DIR with the socket's path, and the socket's own name.
NAME = "control"


@asynccontextmanager
async def listening(context: OperatorContext) -> AsyncIterator[None]:
    """Run the commands that arrive while the block runs.

    The socket lies in a private temporary folder, because the path of a unix socket has at most 107 bytes and that of
    DATA_DIR may be longer. Whoever may read DATA_DIR may send commands.
    """
    folder = Path(tempfile.mkdtemp(prefix="guichet-"))
    path_file = context.settings.data_dir / NAME
    app = web.Application()
    app.router.add_post("/", partial(_respond, context))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.UnixSite(runner, str(folder / NAME)).start()
    path_file.write_text(str(folder / NAME))
    try:
        yield
    finally:
        path_file.unlink(missing_ok=True)
        await runner.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def _respond(context: OperatorContext, request: web.Request) -> web.Response:
    """200 with the answer as JSON, or 422 with the message for the operator, as JSON too: an argument that is no UTF-8
    may stand in it."""
    command: OperatorCommand[object] = msgspec.convert(await request.json(), COMMANDS)
    try:
        answer = await execute(context, command)
    except CommandFailed as failed:
        return web.json_response(str(failed), status=web.HTTPUnprocessableEntity.status_code)
    return web.json_response(msgspec.to_builtins(answer))


async def send(data_dir: Path, command: OperatorCommand[Answer]) -> Answer:
    """Let the server that has locked DATA_DIR run a command. Raises CommandFailed, and OSError when none answers."""
    connector = aiohttp.UnixConnector((data_dir / NAME).read_text())
    body = msgspec.to_builtins(command)
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.post("http://guichet/", json=body) as response,
    ):
        if response.status == web.HTTPUnprocessableEntity.status_code:
            raise CommandFailed(await response.json())
        if response.status != web.HTTPOk.status_code:
            raise CommandFailed("the running server could not do this; it says why on standard error")
        return msgspec.convert(await response.json(), answer_type(command))


def answer_type(command: OperatorCommand[Answer]) -> type[Answer]:
    """The type that the command's `run` returns."""
    found: type[Answer] = get_type_hints(type(command).run)["return"]
    return found
