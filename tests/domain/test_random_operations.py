"""Random operations of visitors and agents in any order preserve the invariants."""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chat.domain.queries.offers import ringing_offers
from chat.domain.refusals import Refused
from chat.store.rows import TicketRow
from chat.vocabulary import Status
from tests.domain.conftest import install_at, node
from tests.domain.domain_driver import Agent, DomainDriver, Visitor

INDEXES = st.integers(0, 2)


class RandomOperations(RuleBasedStateMachine):
    """Three visitors and three agents. The driver compares facts and database after every action."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.do(self.open())

    def do(self, action: Coroutine[object, object, object]) -> None:
        with suppress(Refused):
            self.loop.run_until_complete(action)

    async def open(self) -> None:
        url = f"sqlite:///{self.folder / 'guichet.db'}"
        if not hasattr(RandomOperations, "template"):
            install_at(url)
            RandomOperations.template = Path(tempfile.mkdtemp()) / "template.db"
            shutil.copy(self.folder / "guichet.db", RandomOperations.template)
        else:
            shutil.copy(RandomOperations.template, self.folder / "guichet.db")
        self.driver: DomainDriver = await self.stack.enter_async_context(node(url))
        self.agents: list[Agent] = [await self.driver.agent(name, capacity=2) for name in ("Ada", "Ben")]
        self.agents.append(await self.driver.agent("Sam", role="supervisor", capacity=1))
        self.visitors: list[Visitor] = [self.driver.visitor(name) for name in ("Vic", "Zoe", "Max")]

    def teardown(self) -> None:
        self.loop.run_until_complete(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.folder)

    @rule(index=INDEXES)
    def starts(self, index: int) -> None:
        self.do(self.visitors[index].starts())

    @rule(index=INDEXES)
    def fills_in(self, index: int) -> None:
        self.do(self.visitors[index].fills_in())

    @rule(index=INDEXES, action=st.sampled_from(["says", "ends", "waits", "leaves", "reads"]))
    def visitor_does(self, index: int, action: str) -> None:
        visitor = self.visitors[index]
        if action == "says":
            self.do(visitor.says())
        elif action == "ends":
            self.do(visitor.ends())
        elif action == "reads":
            self.do(visitor.reads(3))
        else:
            self.do(visitor.leaves_address(wait=action == "waits"))

    @rule(index=INDEXES, state=st.sampled_from(["here", "gone"]))
    def visitor_is(self, index: int, state: str) -> None:
        if self.visitors[index].id:
            self.do(self.visitors[index].is_now("here" if state == "here" else "gone"))

    @rule(
        index=INDEXES, visitor_index=INDEXES, action=st.sampled_from(["claims", "declines", "ends", "notes", "spams"])
    )
    def agent_does(self, index: int, visitor_index: int, action: str) -> None:
        self.do(getattr(self.agents[index], action)(self.visitors[visitor_index].ticket))

    @rule(index=INDEXES, visitor_index=INDEXES)
    def agent_says(self, index: int, visitor_index: int) -> None:
        self.do(self.agents[index].says(self.visitors[visitor_index].ticket))

    @rule(index=INDEXES, visitor_index=INDEXES, to=INDEXES)
    def hands_over(self, index: int, visitor_index: int, to: int) -> None:
        self.do(self.agents[index].hands_over(self.visitors[visitor_index].ticket, self.agents[to]))

    @rule(index=INDEXES, visitor_index=INDEXES, status=st.sampled_from(["open", "pending", "on_hold", "solved"]))
    def sets(self, index: int, visitor_index: int, status: Status) -> None:
        self.do(self.agents[index].sets(self.visitors[visitor_index].ticket, status))

    @rule(index=INDEXES, state=st.sampled_from(["available", "away"]))
    def chooses(self, index: int, state: str) -> None:
        self.do(self.agents[index].chooses("available" if state == "available" else "away"))

    @rule(index=INDEXES)
    def drops(self, index: int) -> None:
        self.agents[index].drops()

    @rule(index=INDEXES)
    def connects(self, index: int) -> None:
        self.agents[index].connects()

    @rule(minutes=st.sampled_from([0.1, 1, 6, 30, 61]))
    def time_passes(self, minutes: float) -> None:
        self.driver.now += timedelta(minutes=minutes)
        self.do(self.driver.run_worker())

    @invariant()
    def invariants_hold(self) -> None:
        self.loop.run_until_complete(self._check())

    async def _check(self) -> None:
        rows = list(self.driver.replica.tickets.values())
        live = [row.visitor_id for row in rows if row.status == "live"]
        assert len(live) == len(set(live)), "one live ticket a visitor"
        ringing = [offer.ticket_id for offer in await self.driver.read(ringing_offers)]
        assert len(ringing) == len(set(ringing)), "a ticket rings on one console"
        finished = {row.id for row in rows if row.status in ("solved", "closed")}
        assert not finished & set(ringing)
        for row in rows:
            self._check_row(row)

    def _check_row(self, row: TicketRow) -> None:
        assert max(row.visitor_read_seq, row.agent_read_seq) <= row.last_seq
        assert not row.waiting or row.queued_at is not None
        assert row.status != "open" or row.promise_due_at is not None, "an open ticket has a promise"
        assert row.status not in ("solved", "closed") or row.unread == 0


RandomOperations.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestRandomOperations = RandomOperations.TestCase
