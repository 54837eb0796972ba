"""One run of a scenario with one seed: its clients, their random traffic, and the check of the invariants."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.faults.checker import Violation, find_violations, screens_match_database
from tests.faults.history import Acked, History, Received, Side
from tests.faults.page import Page
from tests.faults.recovering_client import RecoveringClient
from tests.faults.server_process import ServerProcess, unexpected_errors
from tests.faults.topologies import Cluster
from tests.faults.topology import Topology, UserProxy
from tests.faults.users import Agent, Visitor

CONVERGENCE_S = 10.0
MAX_MEMORY_GROWTH_KB = 48_000
MAX_UNSENT = 4  # a client with so many unsent texts sends no more
MAX_FILE_GROWTH = 24  # pooled connections to the database and to Redis


class Row(NamedTuple):
    """One row of the result table."""

    what: str
    value: str
    goal: str
    ok: bool


@dataclass(frozen=True)
class RunConfig:
    """What all scenario runs of one program run share."""

    short: bool
    folder: Path
    script: Path
    print_progress: Callable[[str], None]


@dataclass
class ScenarioRun:
    """One scenario with one seed, on a topology without faults."""

    name: str
    seed: int
    config: RunConfig
    topology: Topology
    expected: tuple[str, ...] = ()
    histories: list[History] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    user_proxies: dict[str, UserProxy] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    text_count: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self._tag = f"{self.name}-{self.seed}"

    @property
    def cluster(self) -> Cluster:
        assert isinstance(self.topology, Cluster)
        return self.topology

    def duration(self, full_s: float, short_s: float) -> float:
        """`short_s` in a short run, else `full_s`."""
        return short_s if self.config.short else full_s

    def unique_text(self, sender: str) -> str:
        """A text that no client sent before."""
        self.text_count += 1
        return f"{sender} {self._tag} {self.text_count}"

    # -- clients ---------------------------------------------------------------------------------------------

    async def add_history(self, client: str, side: Side, *nodes: ServerProcess, user: str = "") -> tuple[str, History]:
        """The URL of a new proxy for this client, and its history."""
        name = f"{client}-{self.seed}"
        history = History(name, side, user)
        self.histories.append(history)
        self.user_proxies[client] = await self.topology.open_user_proxy(*nodes)
        return self.user_proxies[client].url, history

    async def add_visitor(self, name: str, *nodes: ServerProcess) -> Visitor:
        visitor = Visitor(*await self.add_history(name, "visitor", *nodes))
        self.visitors.append(visitor)
        await visitor.start()
        return visitor

    async def add_page(self, name: str, *nodes: ServerProcess) -> Page:
        url, history = await self.add_history(name, "visitor", *nodes)
        storage = self.config.folder / f"{self._tag}-{name}.json"
        page = await Page(self.config.script, url, storage, history).open()
        self.pages.append(page)
        await page.wait_for_screen(lambda screen: screen["connected"] and screen["mode"] != "")
        return page

    async def add_agent(self, name: str, *nodes: ServerProcess) -> Agent:
        agent = Agent(*await self.add_history(name, "agent", *nodes), self.topology.cookies[name])
        self.agents.append(agent)
        await agent.start()
        return agent

    async def start_chats(self, pages: int = 1, visitors: int = 1, agents: int = 1) -> None:
        """Add the clients and start a chat for each visitor, claimed by a random agent."""
        for name in ("Ada", "Ben", "Cleo")[:agents]:
            await self.add_agent(name)
        for number in range(pages):
            await self.add_page(f"vic{number}")
        for number in range(visitors):
            await self.add_visitor(f"zoe{number}")
        for visitor in self.all_visitors:
            ticket = await self.start_chat(visitor)
            await self.rng.choice(self.agents).claim(ticket)

    async def start_chat(self, visitor: Page | Visitor) -> str:
        """Send a first text and return the ticket id."""
        await wait_until(lambda: can_chat(visitor))
        self.send_text(visitor)
        await wait_until(lambda: visitor.ticket != "")
        return visitor.ticket

    def send_text(self, visitor: Page | Visitor) -> None:
        text = self.unique_text(visitor.history.name)
        if isinstance(visitor, Page):
            visitor.send(text)
        else:
            visitor.send(text, visitor.ticket)

    # -- traffic ---------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def traffic(self, per_s: float = 8.0) -> AsyncIterator[None]:
        """Meanwhile random clients send texts, `per_s` on average, in an order that depends on the seed."""
        task = asyncio.create_task(self._send_at_random(per_s))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _send_at_random(self, per_s: float) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(per_s))
            self.send_from_random_client()

    def send_from_random_client(self) -> None:
        sender: Page | Visitor | Agent = self.rng.choice([*self.all_visitors, *self.agents])
        if unsent_count(sender) >= MAX_UNSENT:
            return
        if isinstance(sender, Agent):
            if sender.timelines:
                ticket = self.rng.choice(list(sender.timelines))
                private = self.rng.random() < 0.2
                text = self.unique_text(f"NOTE of {sender.history.name}" if private else sender.history.name)
                sender.send(text, ticket, private=private)
        else:
            self.send_text(sender)

    # -- checks ----------------------------------------------------------------------------------------------

    async def wait_for_convergence(self) -> float:
        """I4: wait until all screens match the database, and return the seconds it took.

        `check_invariants` reports the differences that remain. A short run waits three times as long, because a busy
        machine says nothing about the server.
        """
        began, differing = time.monotonic(), ["not checked yet"]
        while differing and time.monotonic() - began < self.duration(CONVERGENCE_S, 3 * CONVERGENCE_S):
            await asyncio.sleep(0.1)
            with contextlib.suppress(Exception):  # the database may still be down
                differing = list(screens_match_database(self.histories, await self.topology.database_state()))
        took = time.monotonic() - began
        goal = f"<= {CONVERGENCE_S:.0f} s"
        self.measure("until all screens match the database", f"{took:.1f} s", goal, took <= CONVERGENCE_S)
        return took

    def measure(self, what: str, value: str, goal: str, ok: bool) -> None:
        """Add a row for a measured value. In a short run the value decides nothing."""
        shown_goal = f"({goal})" if self.config.short else goal
        self.rows.append(Row(f"{self.name}: {what}", value, shown_goal, ok or self.config.short))

    def add_violation(self, invariant: str, detail: str) -> None:
        self.violations.append(Violation(invariant, detail))

    def require(self, condition: bool, detail: str) -> None:
        """A condition of this scenario besides the invariants."""
        if not condition:
            self.add_violation("requirement", detail)

    async def check_invariants(self) -> list[Violation]:
        """All violations, from the histories and the database."""
        self.violations += find_violations(self.histories, await self.topology.database_state())
        return self.violations

    def check_logs(self) -> None:
        """I7, after all clients have stopped."""
        self.violations += [
            Violation("I7", entry[:400]) for entry in unexpected_errors(self.topology.server_log(), self.expected)
        ]
        self.violations += [Violation("I7", f"the page: {error}") for page in self.pages for error in page.errors]

    @property
    def ack_times_ms(self) -> list[float]:
        """Milliseconds from send to ack, sorted, of all python-socketio clients."""
        return sorted(1000 * time_s for client in self.socketio_clients for time_s in client.ack_times_s)

    @property
    def all_visitors(self) -> Sequence[Page | Visitor]:
        return (*self.pages, *self.visitors)

    @property
    def socketio_clients(self) -> Sequence[RecoveringClient]:
        return (*self.visitors, *self.agents)

    def acked_count(self) -> int:
        return sum(1 for history in self.histories for _ in history.entries_of(Acked))

    async def end_chats_and_stop_clients(self) -> None:
        """An agent ends the chats, then all clients stop."""
        tickets = {visitor.ticket for visitor in self.all_visitors} - {""}
        for agent in self.agents[:1]:
            for ticket in tickets:
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(5):
                        await agent.call_with_retry("end_chat", ticket=ticket)
        for page in self.pages:
            await page.close()
        await asyncio.gather(*(client.stop() for client in self.socketio_clients))


def unsent_count(client: Page | RecoveringClient) -> int:
    return len(client.state.get("unsent", ())) if isinstance(client, Page) else len(client.outbox)


def can_chat(visitor: Page | Visitor) -> bool:
    return (visitor.state["mode"] if isinstance(visitor, Page) else visitor.mode) == "chat"


async def wait_until(condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 30.0) -> None:
    """Wait until `condition` is true; TimeoutError after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while True:
            result = condition()
            if result if isinstance(result, bool) else await result:
                return
            await asyncio.sleep(0.02)


def percentile(sorted_values: Sequence[float], fraction: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * fraction))] if sorted_values else 0.0


def received(history: History, kind: str) -> list[Received]:
    return [frame for frame in history.entries_of(Received) if frame.kind == kind]
