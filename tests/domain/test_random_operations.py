"""Any day at the desk: whatever people do in whatever order, what must hold holds."""

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
from tests.domain.domain_driver import Agent, Desk, Visitor

PEOPLE = st.integers(0, 2)


class AnyDay(RuleBasedStateMachine):
    """Three visitors and three agents; facts and database are compared after every verb (see cast.py)."""

    empty: Path

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.do(self.open())

    def do(self, deed: Coroutine[object, object, object]) -> None:
        with suppress(Refused):
            self.loop.run_until_complete(deed)

    async def open(self) -> None:
        url = f"sqlite:///{self.folder / 'guichet.db'}"
        if not hasattr(AnyDay, "empty"):
            install_at(url)
            AnyDay.empty = Path(tempfile.mkdtemp()) / "empty.db"
            shutil.copy(self.folder / "guichet.db", AnyDay.empty)
        else:
            shutil.copy(AnyDay.empty, self.folder / "guichet.db")
        self.desk: Desk = await self.stack.enter_async_context(node(url))
        self.agents: list[Agent] = [await self.desk.agent(name, capacity=2) for name in ("Ada", "Ben")]
        self.agents.append(await self.desk.agent("Sam", role="supervisor", capacity=1))
        self.visitors: list[Visitor] = [self.desk.visitor(name) for name in ("Vic", "Zoe", "Max")]

    def teardown(self) -> None:
        self.loop.run_until_complete(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.folder)

    @rule(who=PEOPLE)
    def starts(self, who: int) -> None:
        self.do(self.visitors[who].starts())

    @rule(who=PEOPLE)
    def fills_in(self, who: int) -> None:
        self.do(self.visitors[who].fills_in())

    @rule(who=PEOPLE, deed=st.sampled_from(["says", "ends", "waits", "leaves", "reads"]))
    def visitor_does(self, who: int, deed: str) -> None:
        visitor = self.visitors[who]
        if deed == "says":
            self.do(visitor.says())
        elif deed == "ends":
            self.do(visitor.ends())
        elif deed == "reads":
            self.do(visitor.reads(3))
        else:
            self.do(visitor.leaves_address(wait=deed == "waits"))

    @rule(who=PEOPLE, state=st.sampled_from(["here", "gone"]))
    def visitor_is(self, who: int, state: str) -> None:
        if self.visitors[who].id:
            self.do(self.visitors[who].is_now("here" if state == "here" else "gone"))

    @rule(who=PEOPLE, whose=PEOPLE, deed=st.sampled_from(["claims", "declines", "ends", "notes", "spams"]))
    def agent_does(self, who: int, whose: int, deed: str) -> None:
        self.do(getattr(self.agents[who], deed)(self.visitors[whose].ticket))

    @rule(who=PEOPLE, whose=PEOPLE)
    def agent_says(self, who: int, whose: int) -> None:
        self.do(self.agents[who].says(self.visitors[whose].ticket))

    @rule(who=PEOPLE, whose=PEOPLE, to=PEOPLE)
    def hands_over(self, who: int, whose: int, to: int) -> None:
        self.do(self.agents[who].hands_over(self.visitors[whose].ticket, self.agents[to]))

    @rule(who=PEOPLE, whose=PEOPLE, status=st.sampled_from(["open", "pending", "on_hold", "solved"]))
    def sets(self, who: int, whose: int, status: Status) -> None:
        self.do(self.agents[who].sets(self.visitors[whose].ticket, status))

    @rule(who=PEOPLE, state=st.sampled_from(["available", "away"]))
    def chooses(self, who: int, state: str) -> None:
        self.do(self.agents[who].chooses("available" if state == "available" else "away"))

    @rule(who=PEOPLE)
    def drops(self, who: int) -> None:
        self.agents[who].drops()

    @rule(who=PEOPLE)
    def connects(self, who: int) -> None:
        self.agents[who].connects()

    @rule(minutes=st.sampled_from([0.1, 1, 6, 30, 61]))
    def time_passes(self, minutes: float) -> None:
        self.desk.now += timedelta(minutes=minutes)
        self.do(self.desk.run_worker())

    @invariant()
    def what_must_hold(self) -> None:
        self.loop.run_until_complete(self._check())

    async def _check(self) -> None:
        rows = list(self.desk.replica.tickets.values())
        live = [row.visitor_id for row in rows if row.status == "live"]
        assert len(live) == len(set(live)), "one live ticket a visitor"
        rung = [offer.ticket_id for offer in await self.desk.read(ringing_offers)]
        assert len(rung) == len(set(rung)), "a ticket rings on one console"
        finished = {row.id for row in rows if row.status in ("solved", "closed")}
        assert not finished & set(rung)
        for row in rows:
            self._check_row(row)

    def _check_row(self, row: TicketRow) -> None:
        assert max(row.visitor_read_seq, row.agent_read_seq) <= row.last_seq
        assert not row.waiting or row.queued_at is not None
        assert row.status != "open" or row.promise_due_at is not None, "what we owe has a promise"
        assert row.status not in ("solved", "closed") or row.unread == 0


AnyDay.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestAnyDay = AnyDay.TestCase
