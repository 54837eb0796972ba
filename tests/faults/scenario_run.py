"""A scene: who plays, what they chatter while the fault is on, and the verdict on what all of them wrote down."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.faults.checker import Broken, broken, screens_are_true
from tests.faults.history import Acked, Heard, History, Side
from tests.faults.page import Page
from tests.faults.recovering_client import Person
from tests.faults.server_process import Child, Weight, unexpected
from tests.faults.topologies import Town
from tests.faults.topology import Door, Place
from tests.faults.users import Agent, Visitor

SETTLED_S = 10.0
MEMORY_KB = 48_000
PATIENT = 4  # whoever sees so many texts unsent types no more
FILES = 24  # pooled connections to the database and to Redis


class Row(NamedTuple):
    """One line of the table."""

    what: str
    value: str
    goal: str
    ok: bool


@dataclass(frozen=True)
class Run:
    """What is the same for every scene of a run."""

    short: bool
    folder: Path
    script: Path
    say: Callable[[str], None]


@dataclass
class Scene:
    """One fault, one seed, on a place that works."""

    name: str
    seed: int
    run: Run
    place: Place
    expected: tuple[str, ...] = ()
    histories: list[History] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    agents: list[Agent] = field(default_factory=list)
    doors: dict[str, Door] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    found: list[Broken] = field(default_factory=list)
    said: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self._tag = f"{self.name}-{self.seed}"

    @property
    def town(self) -> Town:
        assert isinstance(self.place, Town)
        return self.place

    def span(self, full_s: float, short_s: float) -> float:
        """How long something lasts in this run."""
        return short_s if self.run.short else full_s

    def words(self, who: str) -> str:
        """Words that nobody has said before."""
        self.said += 1
        return f"{who} {self._tag} {self.said}"

    # -- who plays -------------------------------------------------------------------------------------------

    async def history(self, who: str, side: Side, *nodes: Child, person: str = "") -> tuple[str, History]:
        """The address of a new person's own door, and where they write."""
        name = f"{who}-{self.seed}"
        history = History(name, side, person)
        self.histories.append(history)
        self.doors[who] = await self.place.door(*nodes)
        return self.doors[who].url, history

    async def visitor(self, who: str, *nodes: Child) -> Visitor:
        visitor = Visitor(*await self.history(who, "visitor", *nodes))
        self.visitors.append(visitor)
        await visitor.arrive()
        return visitor

    async def page(self, who: str, *nodes: Child) -> Page:
        url, history = await self.history(who, "visitor", *nodes)
        storage = self.run.folder / f"{self._tag}-{who}.json"
        page = await Page(self.run.script, url, storage, history).open()
        self.pages.append(page)
        await page.shows(lambda screen: screen["up"] and screen["mode"] != "")
        return page

    async def agent(self, who: str, *nodes: Child) -> Agent:
        agent = Agent(*await self.history(who, "agent", *nodes), self.place.cookies[who])
        self.agents.append(agent)
        await agent.arrive()
        return agent

    async def cast(self, pages: int = 1, visitors: int = 1, agents: int = 1) -> None:
        """Everybody is here, and each visitor's chat has its agent."""
        for who in ("Ada", "Ben", "Cleo")[:agents]:
            await self.agent(who)
        for number in range(pages):
            await self.page(f"vic{number}")
        for number in range(visitors):
            await self.visitor(f"zoe{number}")
        for one in self.guests:
            ticket = await self.begins(one)
            await self.rng.choice(self.agents).takes(ticket)

    async def begins(self, one: Page | Visitor) -> str:
        """First words; the ticket, once it is known."""
        await until(lambda: can_chat(one))
        self.speaks(one)
        await until(lambda: one.ticket != "")
        return one.ticket

    def speaks(self, one: Page | Visitor) -> None:
        text = self.words(one.history.who)
        if isinstance(one, Page):
            one.say(text)
        else:
            one.say(text, one.ticket)

    # -- what they say ---------------------------------------------------------------------------------------

    @asynccontextmanager
    async def chatter(self, per_s: float = 8.0) -> AsyncIterator[None]:
        """Somebody says something all the time, in the seed's order."""
        task = asyncio.create_task(self._chat(per_s))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _chat(self, per_s: float) -> None:
        while True:
            await asyncio.sleep(self.rng.expovariate(per_s))
            self.somebody_speaks()

    def somebody_speaks(self) -> None:
        speaker: Page | Visitor | Agent = self.rng.choice([*self.guests, *self.agents])
        if unsent(speaker) >= PATIENT:
            return
        if isinstance(speaker, Agent):
            if speaker.threads:
                ticket = self.rng.choice(list(speaker.threads))
                private = self.rng.random() < 0.2
                text = self.words(f"NOTE of {speaker.history.who}" if private else speaker.history.who)
                speaker.say(text, ticket, private=private)
        else:
            self.speaks(speaker)

    # -- the verdict -----------------------------------------------------------------------------------------

    async def settles(self, within_s: float = SETTLED_S) -> float:
        """I4: how long it takes until all screens are the database's; what differs then is broken.

        A short run is patient: on a busy machine ten seconds are no measure of a server.
        """
        began, differing = time.monotonic(), ["not looked yet"]
        while differing and time.monotonic() - began < self.span(within_s, 3 * within_s):
            await asyncio.sleep(0.1)
            with contextlib.suppress(Exception):  # the database may still be away: that is a screen that is not true
                differing = list(screens_are_true(self.histories, await self.place.truth()))
        took = time.monotonic() - began
        self.measure("until all screens are true", f"{took:.1f} s", f"<= {within_s:.0f} s", took <= within_s)
        return took

    def measure(self, what: str, value: str, goal: str, ok: bool, *, gate: bool = False) -> None:
        """A row beside the invariants'. Times decide nothing in a short run unless they are a `gate`."""
        told = goal if gate or not self.run.short else f"({goal})"
        self.rows.append(Row(f"{self.name}: {what}", value, told, ok or (self.run.short and not gate)))

    def breaks(self, invariant: str, how: str) -> None:
        self.found.append(Broken(invariant, how))

    def demand(self, true: bool, how: str) -> None:
        """What this fault promises besides the invariants."""
        if not true:
            self.breaks("promise", how)

    async def verdict(self) -> list[Broken]:
        """What does not hold, by all that was written down."""
        self.found += broken(self.histories, await self.place.truth())
        return self.found

    def reads_logs(self) -> None:
        """I7, when everybody has left."""
        self.found += [Broken("I7", line[:400]) for line in unexpected(self.place.log(), self.expected)]
        self.found += [Broken("I7", f"the page: {line}") for page in self.pages for line in page.faults]

    @property
    def waits_ms(self) -> list[float]:
        """From send to ack, of everybody who speaks through python-socketio."""
        return sorted(1000 * wait for one in self.people for wait in one.waits_s)

    @property
    def guests(self) -> Sequence[Page | Visitor]:
        return (*self.pages, *self.visitors)

    @property
    def people(self) -> Sequence[Person]:
        return (*self.visitors, *self.agents)

    def acked(self) -> int:
        return sum(1 for history in self.histories for _ in history.of(Acked))

    async def ends(self) -> None:
        """The chats end and everybody leaves."""
        tickets = {one.ticket for one in self.guests} - {""}
        for agent in self.agents[:1]:
            for ticket in tickets:
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(5):
                        await agent.surely("end_chat", ticket=ticket)
        for page in self.pages:
            await page.close()
        await asyncio.gather(*(person.leave() for person in self.people))

    async def weigh(self) -> dict[str, Weight]:
        return {child.name: child.weight() for child in self.place.children if child.runs}


def unsent(one: Page | Person) -> int:
    return len(one.state.get("unsent", ())) if isinstance(one, Page) else len(one.unsent)


def can_chat(one: Page | Visitor) -> bool:
    return (one.state["mode"] if isinstance(one, Page) else one.mode) == "chat"


async def until(true: Callable[[], bool | Awaitable[bool]], patience_s: float = 30.0) -> None:
    """Wait for what must come; TimeoutError when it does not."""
    async with asyncio.timeout(patience_s):
        while True:
            answer = true()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)


def percentile(sorted_values: Sequence[float], part: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))] if sorted_values else 0.0


def heard(history: History, what: str) -> list[Heard]:
    return [one for one in history.of(Heard) if one.what == what]
