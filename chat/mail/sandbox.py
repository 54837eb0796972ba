"""Reads mails in a child process with limits: whatever a mail does there, this process gets a result and goes on."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Literal

import msgspec

from chat.mail.parsed import ParsedMail, Unreadable
from chat.mail.sandbox_child import EXIT_TOO_LARGE, LENGTH, ReadRequest

CPU_S = 20
MEMORY = 1 << 30
# On a busy machine the CPU time takes longer. A child that uses none must not block the next mail either.
WALL_S = 60.0
# What is read of a mail that can't be read as a whole.
MAX_HEAD = 64_000
ROOT = Path(__file__).parents[2]

Reason = Literal["too_slow", "too_large", "failed"]


class MailSandbox:
    """One child, which reads one mail after another and is replaced when one of them ends it."""

    def __init__(self, cpu_s: int = CPU_S, memory: int = MEMORY, wall_s: float = WALL_S) -> None:
        self._limits = (str(cpu_s), str(memory))
        self.wall_s = wall_s
        self._idle: Process | None = None
        self._one_at_a_time = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the child, while it waits for the next mail."""
        return self._idle.pid if self._idle else None

    async def read(self, raw: bytes, authserv_id: str | None = None) -> ParsedMail | Unreadable:
        async with self._one_at_a_time:
            result = await self._ask(ReadRequest(raw, authserv_id))
            if result == "failed":  # The child may have ended for another reason.
                result = await self._ask(ReadRequest(raw, authserv_id))
            if isinstance(result, ParsedMail):
                return result
            head = await self._ask(ReadRequest(_head(raw), authserv_id))
            return Unreadable(result, head.headers if isinstance(head, ParsedMail) else None)

    async def close(self) -> None:
        async with self._one_at_a_time:
            if self._idle:
                await _kill(self._idle)
                self._idle = None

    async def _ask(self, request: ReadRequest) -> ParsedMail | Reason:
        process = self._idle if self._idle and self._idle.returncode is None else await self._start()
        self._idle = None
        try:
            async with asyncio.timeout(self.wall_s):
                answer = await _exchange(process, msgspec.msgpack.encode(request))
            self._idle = process
            return msgspec.msgpack.decode(answer, type=ParsedMail)
        except TimeoutError:
            return "too_slow"
        except (ConnectionError, asyncio.IncompleteReadError):
            return _reason(await process.wait())
        finally:
            # Also when this task is cancelled: the next mail must not get this one's answer.
            if self._idle is not process:
                await _kill(process)

    async def _start(self) -> Process:
        """The child gets no secrets in its environment. Its errors are not logged: they may quote the mail, which is
        stored and can be read again."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "chat.mail.sandbox_child",
            *self._limits,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=ROOT,
            env={name: os.environ[name] for name in ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT") if name in os.environ},
            start_new_session=True,
        )


async def _exchange(process: Process, request: bytes) -> bytes:
    assert process.stdin and process.stdout
    process.stdin.write(LENGTH.pack(len(request)))
    process.stdin.write(request)
    await process.stdin.drain()
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    return await process.stdout.readexactly(length)


def _reason(code: int) -> Reason:
    if sys.platform != "win32" and code == -signal.SIGXCPU:
        return "too_slow"
    return "too_large" if code == EXIT_TOO_LARGE else "failed"


async def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _head(raw: bytes) -> bytes:
    return raw[:MAX_HEAD].replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n\n"
