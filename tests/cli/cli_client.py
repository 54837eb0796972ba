"""The operator: types `python -m chat …` in a DATA_DIR of their own, and starts and ends real servers."""

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

PATIENCE_S = 20
ADDRESS = re.compile(r"http://\S+")
# What the shell of a fresh machine has: none of our own variables.
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}

Json = dict[str, Any]


class Said(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        """What was printed, which must be JSON of a command that did its work."""
        assert self.code == 0, self.err
        return json.loads(self.out)


class Operator:
    """Somebody at a terminal: every command is a process of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.variables = PLAIN | {"DATA_DIR": str(data_dir), "PORT": "0"}

    async def types(self, *words: str, stdin: str = "", **variables: str) -> Said:
        """`python -m chat` with these words; `variables` are set in the environment, an empty one is unset."""
        process = await self._start(words, {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE}, variables)
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate(stdin.encode())
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())

    async def reads(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        """The JSON that a command prints."""
        return (await self.types(*words)).json()

    @contextlib.asynccontextmanager
    async def serving(self, *words: str, ready: str = "Console", **variables: str) -> AsyncIterator["Server"]:
        """A server (`serve` unless told otherwise) that has printed a line beginning with `ready`; it has ended
        when the block has."""
        process = await self._start(words or ("serve",), {"stdout": PIPE, "stderr": STDOUT}, variables)
        server = Server(process)
        try:
            await server.line(ready)
            yield server
        finally:
            await server.is_ended()

    async def _start(self, words: tuple[str, ...], streams: Mapping[str, Any], variables: Mapping[str, str]) -> Process:
        environment = {name: value for name, value in (self.variables | {**variables}).items() if value}
        command = (sys.executable, "-m", "chat", *words)
        return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, **streams)


class Server:
    """A running `serve`, and every line that it has printed."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._news = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode().rstrip())
            self._news.set()
        self._news.set()

    def said(self, label: str) -> str | None:
        """The line that begins with this word, None when it was not printed (yet)."""
        return next((line for line in self.lines if line.startswith(label)), None)

    async def line(self, label: str) -> str:
        """Waits for it; a server that ends without it has failed."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := self.said(label)) is None:
                assert not self._listening.done(), "\n".join(self.lines)
                self._news.clear()
                await self._news.wait()
        return found

    async def address(self, label: str) -> str:
        """The address on that line."""
        return address_in(await self.line(label))

    @property
    def url(self) -> str:
        """Where it answers."""
        return address_in(self.said("Console") or self.said("Listening") or "").removesuffix("/console")

    async def ends(self, number: signal.Signals) -> int:
        """Sends a signal; the exit code, once the process is gone and all its words are read."""
        self.process.send_signal(number)
        return await self.end()

    async def is_ended(self) -> None:
        """Told to go, and killed when it does not."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await self.end()
        except TimeoutError:
            self.process.kill()
            raise

    async def end(self) -> int:
        """The exit code of a process that has been told to go."""
        async with asyncio.timeout(PATIENCE_S):
            await self._listening
            return await self.process.wait()


def address_in(line: str) -> str:
    found = ADDRESS.search(line)
    assert found, line
    return found[0]


class Browser:
    """One person's HTTP client, with their cookies."""

    def __init__(self, server: Server, session: aiohttp.ClientSession) -> None:
        self._server = server
        self._session = session

    async def status(self, path: str) -> int:
        """The status of a page, redirects not followed."""
        async with self._session.get(self._at(path), allow_redirects=False) as answer:
            return answer.status

    async def gets(self, path: str) -> Json:
        """JSON that must be there."""
        async with self._session.get(self._at(path)) as answer:
            assert answer.status == 200
            found: Json = await answer.json()
            return found

    async def fills_in(self, path: str, **fields: str) -> int:
        """Sends a form; the status."""
        async with self._session.post(self._at(path), data=fields, allow_redirects=False) as answer:
            return answer.status

    async def signs_in(self, email: str, password: str) -> int:
        """200, or 401 when one of them is wrong."""
        asked = {"email": email, "password": password}
        async with self._session.post(self._at("/api/session"), json=asked) as answer:
            return answer.status

    def _at(self, path: str) -> str:
        return path if path.startswith("http") else self._server.url + path


@contextlib.asynccontextmanager
async def browsing(server: Server) -> AsyncIterator[Browser]:
    """Somebody opens a browser."""
    async with aiohttp.ClientSession() as session:
        yield Browser(server, session)


def children(pid: int) -> list[int]:
    """The processes that this one has started and not yet buried."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def runs(pid: int) -> bool:
    """Running, and no zombie that only waits to be buried by whatever is process 1 here."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
