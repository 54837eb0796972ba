"""The sandbox: a mail that takes too much time or memory is unreadable, and the next one is read."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from chat.mail.parsed import ParsedMail, Unreadable
from chat.mail.sandbox import WALL_S, MailSandbox

GOOD = b"From: vic@example.com\r\nSubject: Good\r\n\r\nHello"
HEAD = b"From: vic@example.com\r\nSubject: Bad\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
MANY_PARTS = HEAD + b"--a\r\n\r\n\r\n" * 200_000
LARGE = HEAD + b"a" * (60 << 20)


@pytest.fixture
async def sandbox() -> AsyncIterator[MailSandbox]:
    sandbox = MailSandbox()
    yield sandbox
    await sandbox.close()


async def is_good(sandbox: MailSandbox) -> bool:
    mail = await sandbox.read(GOOD)
    return isinstance(mail, ParsedMail) and mail.headers.subject == "Good"


def child_of(sandbox: MailSandbox) -> int:
    assert sandbox.pid
    return sandbox.pid


async def test_one_child_reads_one_mail_after_another(sandbox: MailSandbox) -> None:
    assert await is_good(sandbox)
    child = child_of(sandbox)
    assert await asyncio.gather(*(is_good(sandbox) for _ in range(5))) == [True] * 5
    assert sandbox.pid == child
    trusted = await sandbox.read(b"Authentication-Results: mx.example.fr; dmarc=pass\r\n" + GOOD, "mx.example.fr")
    assert isinstance(trusted, ParsedMail)
    assert trusted.headers.authentic is True


async def test_a_mail_that_takes_too_long_is_unreadable_and_the_next_is_read() -> None:
    await is_unreadable(MailSandbox(cpu_s=0), MANY_PARTS, "too_slow")


async def test_a_mail_that_takes_too_much_memory_is_unreadable_and_the_next_is_read() -> None:
    await is_unreadable(MailSandbox(memory=200 << 20), LARGE, "too_large")


async def is_unreadable(sandbox: MailSandbox, mail: bytes, reason: str) -> None:
    """Its headers are read all the same."""
    try:
        assert await is_good(sandbox)
        result = await sandbox.read(mail)
        assert isinstance(result, Unreadable)
        assert (result.reason, result.headers and result.headers.subject) == (reason, "Bad")
        assert await is_good(sandbox)
    finally:
        await sandbox.close()


async def test_a_child_that_does_nothing_is_replaced(sandbox: MailSandbox) -> None:
    assert await is_good(sandbox)
    stopped = child_of(sandbox)
    os.kill(stopped, signal.SIGSTOP)
    sandbox.wall_s = 0.1
    assert await sandbox.read(GOOD) == Unreadable("too_slow", None)
    with pytest.raises(ProcessLookupError):
        os.kill(stopped, 0)
    sandbox.wall_s = WALL_S
    assert await is_good(sandbox)


async def test_a_child_that_was_killed_between_two_mails_costs_none(sandbox: MailSandbox) -> None:
    assert await is_good(sandbox)
    os.kill(child_of(sandbox), signal.SIGKILL)
    assert await is_good(sandbox)


async def test_a_cancelled_read_leaves_no_answer_for_the_next(sandbox: MailSandbox) -> None:
    assert await is_good(sandbox)
    child = child_of(sandbox)
    reading = asyncio.create_task(sandbox.read(MANY_PARTS))
    await asyncio.sleep(0)
    os.kill(child, signal.SIGSTOP)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await is_good(sandbox)
    assert sandbox.pid != child


async def test_closing_ends_the_child(sandbox: MailSandbox) -> None:
    assert await is_good(sandbox)
    child = child_of(sandbox)
    await sandbox.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
