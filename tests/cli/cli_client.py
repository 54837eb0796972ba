"""Runs `python -m chat …` as processes with an own DATA_DIR, starts and stops real servers, and calls them by HTTP."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from tooling.steps import ROOT

TIMEOUT_S = 20
URL = re.compile(r"http://\S+")
# The environment of a fresh machine, without any of our variables.
BASE_ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}

Json = dict[str, Any]


class CommandResult(NamedTuple):
    """The exit code of a command and its output."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """The output as JSON; the command must have succeeded."""
        assert self.code == 0, self.err
        return json.loads(self.out)


class Operator:
    """An operator at a terminal: each command is a process."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.variables = BASE_ENVIRONMENT | {"DATA_DIR": str(data_dir), "PORT": "0"}

    async def run(self, *arguments: str, stdin: str = "", **variables: str) -> CommandResult:
        """Run `python -m chat` with these arguments and environment variables; an empty variable is unset."""
        process = await self._start(arguments, {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE}, variables)
        async with asyncio.timeout(TIMEOUT_S):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return CommandResult(process.returncode, out.decode(), err.decode())

    async def run_json(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """Run a command that must succeed, and return the JSON that it prints."""
        return (await self.run(*arguments)).json()

    @contextlib.asynccontextmanager
    async def serving(self, *arguments: str, ready: str = "Console", **variables: str) -> AsyncIterator["Server"]:
        """Run a server (`serve` without arguments) while the block runs; it starts once the server has printed a line
        that begins with `ready`."""
        process = await self._start(arguments or ("serve",), {"stdout": PIPE, "stderr": STDOUT}, variables)
        server = Server(process)
        try:
            await server.wait_for_line(ready)
            yield server
        finally:
            await server.stop()

    async def _start(
        self, arguments: tuple[str, ...], streams: Mapping[str, Any], variables: Mapping[str, str]
    ) -> Process:
        environment = {name: value for name, value in (self.variables | {**variables}).items() if value}
        command = (sys.executable, "-m", "chat", *arguments)
        return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, **streams)


class Server:
    """A running server process, and every line that it has printed."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read_output())

    async def _read_output(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())
            self._changed.set()
        self._changed.set()

    def printed(self, label: str) -> str | None:
        """The line that begins with `label`, or None while there is none."""
        return next((line for line in self.lines if line.startswith(label)), None)

    async def wait_for_line(self, label: str) -> str:
        """Wait for the line that begins with `label`; fail when the server ends without it."""
        async with asyncio.timeout(TIMEOUT_S):
            while (found := self.printed(label)) is None:
                assert not self._reader.done(), "\n".join(self.lines)
                self._changed.clear()
                await self._changed.wait()
        return found

    async def printed_url(self, label: str) -> str:
        """The URL on the line that begins with `label`."""
        return url_in(await self.wait_for_line(label))

    @property
    def url(self) -> str:
        """The URL of the server."""
        return url_in(self.printed("Console") or self.printed("Listening") or "").removesuffix("/console")

    async def signal_and_wait(self, number: signal.Signals) -> int:
        """Send a signal and wait for the exit code; all output has been read then."""
        self.process.send_signal(number)
        return await self.wait_for_exit()

    async def stop(self) -> None:
        """Terminate the process; kill it when it does not exit in time."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await self.wait_for_exit()
        except TimeoutError:
            self.process.kill()
            raise

    async def wait_for_exit(self) -> int:
        """Wait for the exit code; all output has been read then."""
        async with asyncio.timeout(TIMEOUT_S):
            await self._reader
            return await self.process.wait()


def url_in(line: str) -> str:
    found = URL.search(line)
    assert found, line
    return found[0]


class Browser:
    """An HTTP client with the cookies of one person."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def status(self, path: str) -> int:
        """The status of a GET; redirects are not followed."""
        async with self._session.get(self._url(path), allow_redirects=False) as answer:
            return answer.status

    async def get_json(self, path: str) -> Json:
        """The JSON of a GET that must answer 200."""
        async with self._session.get(self._url(path)) as answer:
            assert answer.status == 200
            found: Json = await answer.json()
            return found

    async def submit_form(self, path: str, **fields: str) -> int:
        """The status of a form's POST; redirects are not followed."""
        async with self._session.post(self._url(path), data=fields, allow_redirects=False) as answer:
            return answer.status

    async def sign_in(self, email: str, password: str) -> int:
        """Sign in with JSON; the status."""
        body = {"email": email, "password": password}
        async with self._session.post(self._url("/api/session"), json=body) as answer:
            return answer.status

    def _url(self, path: str) -> str:
        return path if path.startswith("http") else self._server.url + path


@contextlib.asynccontextmanager
async def open_browser(server: Server) -> AsyncIterator[Browser]:
    """A browser for one more person."""
    async with aiohttp.ClientSession() as session:
        yield Browser(server, session)


def children(pid: int) -> list[int]:
    """The ids of the child processes of this process."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def is_running(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
