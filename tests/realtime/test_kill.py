"""kill -9 around a COMMIT: an acknowledged message is stored once, and any other can be sent again."""

import asyncio
import os
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.fixtures import ALWAYS_OPEN
from chat.domain import seed
from chat.domain.calendar.actions import set_calendar
from chat.domain.people import agents, sessions
from chat.domain.people.agents import NewAgent
from chat.domain.reactions import react
from chat.store.migrations import migrate
from chat.store.store import Store
from chat.web.auth.tokens import hash_token
from tests.realtime.socket_clients import Agent, Payload, Visitor, new_id, texts_of
from tooling.steps import ROOT

Said = tuple[str, str]


async def a_desk_that_never_closes(folder: Path) -> str:
    """Add Ada and sign her in; returns her cookie. The process under test will own the file."""
    url, token, now = f"sqlite:///{folder / 'guichet.db'}", secrets.token_urlsafe(32), datetime.now(UTC)
    await asyncio.to_thread(migrate, url)
    store = Store(url, lambda _: None, react)
    await store.start()
    await store.write(seed.seed, now)
    await store.write(set_calendar, ALWAYS_OPEN)
    ada = await store.write(agents.add_agent, NewAgent("ada@desk.example", "Ada"), now)
    await store.write(sessions.open_session, ada.id, hash_token(token), now)
    await store.close()
    return f"guichet={token}"


@asynccontextmanager
async def serving(folder: Path, failpoint: str = "") -> AsyncIterator[tuple[str, Process]]:
    """`python -m chat serve` and its URL; killed at the end, whatever state it is in."""
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "PORT": "0"}
    command = (sys.executable, "-m", "chat", "serve")
    environ |= {"GUICHET_FAILPOINT": failpoint} if failpoint else {}
    process = await asyncio.create_subprocess_exec(*command, env=environ, cwd=ROOT, stdout=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            shop = (await process.stdout.readline()).decode()
        yield shop.split()[1].rstrip("/").replace("localhost", "127.0.0.1"), process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def meet(address: str, cookie: str, token: str | None = None) -> tuple[Visitor, Agent, Payload]:
    """Connect Vic and Ada; returns Vic's hello."""
    vic, ada = Visitor(), Agent()
    await ada.connect(address, Cookie=cookie)
    await ada.run("hello")
    await ada.run("set_presence", state="available")
    await vic.connect(address, {"site": "demo"} | ({"token": token} if token else {}))
    hello = await vic.run("hello")
    vic.token = hello.get("token", token)
    return vic, ada, hello


async def speak_until_it_dies(process: Process, said: dict[Said, Visitor | Agent], ticket: str) -> dict[Said, Payload]:
    """Send each client's texts, each after the ack of the one before; returns the acks."""
    acked: dict[Said, Payload] = {}

    async def speak(person: Visitor | Agent) -> None:
        for line in (line for line, teller in said.items() if teller is person):
            acked[line] = await send(person, line, ticket)

    speaking = [asyncio.create_task(speak(person)) for person in set(said.values())]
    assert await process.wait() == -9
    await asyncio.wait(speaking, timeout=0.2)
    for task in speaking:
        task.cancel()
    await asyncio.gather(*speaking, return_exceptions=True)
    return acked


async def send(person: Visitor | Agent, line: Said, ticket: str) -> Payload:
    client_id, text = line
    return await person.run("send_message", ticket=ticket, client_id=client_id, text=text)


@pytest.mark.parametrize("failpoint", ["before_commit:22", "committed:22", "committed:30"])
async def test_acknowledged_messages_survive_kill_and_none_is_stored_twice(failpoint: str, tmp_path: Path) -> None:
    cookie = await a_desk_that_never_closes(tmp_path)
    async with serving(tmp_path, failpoint) as (address, process):
        vic, ada, _ = await meet(address, cookie)
        ticket = (await vic.start_chat("Bonjour"))["id"]
        await ada.run("claim", ticket=ticket)
        people: dict[Said, Visitor | Agent] = {
            (new_id(), f"line {number}"): (vic, ada)[number % 2] for number in range(80)
        }
        acked = await speak_until_it_dies(process, people, ticket)
        await vic.disconnect()
        await ada.disconnect()
    assert 0 < len(acked) < 80
    async with serving(tmp_path) as (address, _):
        again, back, hello = await meet(address, cookie, vic.token)
        assert (hello["ticket"]["id"], "token" in hello) == (ticket, False)
        kept = (await again.run("catch_up", ticket=ticket, after=0))["messages"]
        seqs = {message["client_id"]: message["seq"] for message in kept}
        assert {line: seqs[line[0]] for line in acked} == {line: ack["seq"] for line, ack in acked.items()}
        for line, person in people.items():
            ack = await send(again if person is vic else back, line, ticket)
            assert ack == acked.get(line, ack)
        thread = (await again.run("catch_up", ticket=ticket, after=0))["messages"]
        assert [message["seq"] for message in thread] == list(range(1, len(thread) + 1))
        assert sorted(texts_of(thread)) == sorted(["Bonjour", *(text for _, text in people)])
        await again.disconnect()
        await back.disconnect()
