"""A desk at size: what is asked all the time goes by an index, and takes as many statements for a crowd as for one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from chat.domain import service_status
from chat.domain.context import DomainContext
from chat.domain.facts import OfferMade
from chat.domain.people import departments
from chat.domain.queries import inbox, node_sync, tickets
from chat.domain.queries.agents import agents_by_keys
from chat.domain.queries.decisions import explain
from chat.domain.queries.queue import _AHEAD, has_waiting_chats, positions_of
from chat.domain.queries.visitors import lookup_visitor
from chat.domain.routing import department_transfer, idle_chats, long_waits, lost_agents, offers
from chat.domain.routing.agent_pool import RoutingTicket, routing_requests
from chat.domain.rules.routing import MAX_RECORDED_CANDIDATES
from chat.store.engines import Database
from tests.domain.domain_driver import MONDAY, TIMEOUTS, Desk, Visitor

Bound = tuple[Any, ...] | dict[str, Any]
NOBODY = DomainContext(MONDAY, frozenset(), TIMEOUTS)
EVERYBODY = DomainContext(MONDAY, frozenset({1, 2, 3}), TIMEOUTS)
VIC = "0" * 64


@contextmanager
def said(engine: Engine) -> Iterator[list[tuple[str, Bound]]]:
    """The statements that reach the driver, with what is bound in them."""
    found: list[tuple[str, Bound]] = []

    def hear(_sql: Connection, _cursor: object, statement: str, bound: Bound, *_: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "EXPLAIN")):
            found.append((statement, bound))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", hear)


# -- by an index -------------------------------------------------------------------------------------------------

LOOKS: dict[str, Callable[[Connection], object]] = {
    "anybody waits": has_waiting_chats,
    "anybody back": lambda sql: lost_agents.has_returned_agents(sql, EVERYBODY),
    "anything to offer": lambda sql: offers.has_work(sql, EVERYBODY),
    "anything to hand on": department_transfer.has_passed_transfers,
    "any overdue": lambda sql: offers.has_overdue_offers(sql, MONDAY),
    "anybody absent": lambda sql: lost_agents.has_absent_agents(sql, NOBODY),
    "any long wait": lambda sql: long_waits.has_long_waits(sql, EVERYBODY),
    "any silence": lambda sql: idle_chats.has_idle_chats(sql, NOBODY),
    "moved": lambda sql: node_sync.revisions_since(sql, MONDAY),
    "next marks": lambda sql: node_sync.next_unfinished_revisions(sql, 0),
    "next not gone": lambda sql: node_sync.next_visitors_marked_present(sql, 0),
    "service": lambda sql: service_status.current_service(sql, EVERYBODY),
    "places": lambda sql: positions_of(sql, [1]),
    "some tickets": lambda sql: tickets.tickets_by_ids(sql, [1, 2, 3]),
    "some marks": lambda sql: node_sync.ticket_revisions(sql, [1, 2, 3]),
    "what some wish": lambda sql: list(routing_requests(sql, [RoutingTicket(1, 1, None), RoutingTicket(2, 2, None)])),
    "some that still wait": lambda sql: sql.execute(offers._STILL_WAITING, {"keys": [1, 2, 3]}),
    "some agents": lambda sql: agents_by_keys(sql, [1, 2]),
    "mine": lambda sql: inbox.list_tickets(sql, 1, "mine"),
    "waiting": lambda sql: inbox.list_tickets(sql, 1, "waiting"),
    "open": lambda sql: inbox.list_tickets(sql, 1, "open"),
    "all": lambda sql: inbox.list_tickets(sql, 1, "all"),
    "counts": lambda sql: inbox.inbox_snapshot(sql, 1),
}
# What is given as keys, and what rings at this moment, is read from end to end.
SHORT = ("SCAN json_each", "SCAN offers USING", "SCAN agent_departments")
# Sorted in passing: one agent's own tickets, one ticket's or visitor's few rows, and a few of anything.
MAY_SORT = {"mine", "counts", "what some wish", "some agents"}


@pytest.mark.parametrize("what", LOOKS)
def test_no_look_reads_a_table_from_end_to_end(what: str, sqlite: str) -> None:
    database = Database(sqlite)
    with database.reads.connect() as sql:
        with said(database.reads) as statements:
            LOOKS[what](sql)
        assert statements
        for statement, bound in statements:
            for step in plan(sql, statement, bound):
                assert not step.startswith(("SCAN tickets", "SCAN offers")) or "INDEX" in step, (step, statement)
                assert not step.startswith("SCAN") or "some" not in what or step.startswith(SHORT), (step, statement)
                assert "ORDER BY" not in step or what in MAY_SORT, (step, statement)
    database.close()


def plan(sql: Connection, statement: str, bound: Bound) -> list[str]:
    return [str(row[-1]) for row in sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", bound)]


def test_a_place_is_counted_by_ranges_of_the_queues_index(sqlite: str) -> None:
    database = Database(sqlite)
    with database.reads.connect() as sql:
        mark = {"order_0": 0, "order_1": MONDAY, "order_2": 0, "department": None}
        with said(database.reads) as statements:
            sql.execute(_AHEAD, mark)
        steps = [step for step in plan(sql, *statements[0]) if "tickets" in step]
        assert len(steps) == 3
        assert all(step.startswith("SEARCH tickets USING COVERING INDEX ix_tickets_queue") for step in steps)
    database.close()


def test_postgresql_finds_the_queue_in_order(postgresql: str) -> None:
    database = Database(postgresql)
    with database.reads.connect() as sql:
        # For a table of a few rows anything else is as good.
        for other in ("seqscan", "sort", "hashjoin"):
            sql.execute(text(f"SET enable_{other} = off"))
        with said(database.reads) as statements:
            positions_of(sql, [1])
            inbox.list_tickets(sql, 1, "open")
            inbox.list_tickets(sql, 1, "all")
        for (statement, bound), index in zip(statements, ("queue", "due", "updated"), strict=True):
            steps = [row[0] for row in sql.exec_driver_sql(f"EXPLAIN {statement}", bound)]
            assert any(f"ix_tickets_{index}" in step for step in steps), steps
            assert not any("Sort" in step for step in steps), steps
    database.close()


# -- as many statements for a crowd as for one -------------------------------------------------------------------


@pytest.fixture
async def crowded(desk: Desk) -> Desk:
    """One chat waits, one ticket is open, and Ada has a place for each of more."""
    desk.runs_twice = False
    await desk.agent("Ada", capacity=99)
    await come(desk, 1)
    return desk


async def come(desk: Desk, number: int, begin: int = 0) -> list[Visitor]:
    people = [desk.visitor(f"Visitor {begin + n}") for n in range(number)]
    for visitor in people:
        await visitor.starts()
        await desk.visitor(f"{visitor.name} too").fills_in()
    return people


async def counted(desk: Desk, question: Callable[[Connection], object]) -> int:
    with said(desk.store._database.reads) as statements:
        await desk.read(question)
    return len(statements)


@pytest.mark.parametrize("what", LOOKS)
async def test_questions_take_as_many_statements_for_many(crowded: Desk, what: str) -> None:
    alone = await counted(crowded, LOOKS[what])
    await come(crowded, 4, begin=1)
    await crowded.agent("Ben")
    await crowded.agent("Cleo")
    assert await counted(crowded, LOOKS[what]) <= alone + 2, "a page's places and its cursor"


async def test_offers_take_as_many_statements_for_many(crowded: Desk) -> None:
    async def statements() -> int:
        with said(crowded.store._database.writes) as found:
            assert await crowded.offer_waiting_chats()
        return len(found)

    alone = await statements()
    await come(crowded, 5, begin=1)
    await crowded.agent("Ben")
    assert await statements() == alone
    assert len(await crowded.ringing()) == 6


async def test_with_no_place_left_the_queue_is_not_even_looked_at(desk: Desk) -> None:
    ada = await desk.agent("Ada", capacity=1)
    people = [desk.visitor(name) for name in ("Vic", "Zoe")]
    for visitor in people:
        await visitor.starts()
    await ada.claims(people[0].ticket)
    with said(desk.store._database.writes) as statements:
        assert await desk.store.write(offers.offer_waiting, desk.context) == 0
    asked = [statement for statement, _ in statements if "advisory" not in statement]
    assert len(asked) == 5, "whether a chat waits, the calendar, what rings, the team, who is of which department"


async def test_a_hello_is_one_read_of_few_statements(desk: Desk) -> None:
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    assert await counted(desk, lambda sql: lookup_visitor(sql, vic.identity, "here")) == 1, "nobody that we know"
    await vic.starts()
    await ada.claims(vic.ticket)
    assert await counted(desk, lambda sql: lookup_visitor(sql, vic.identity, "here")) == 2, "the ticket and its thread"


# -- and it is still right ---------------------------------------------------------------------------------------


async def test_who_is_looked_for_beyond_those_that_nobody_may_have(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """More chats than one portion stand before, of a department that is busy, or let pass by the only one free."""
    monkeypatch.setattr(offers, "BATCH_SIZE", 2)
    await desk.run(departments.add_department, "Paiements", ["payments"])
    ben, ada = await desk.agent("Ben", capacity=1, departments=["Paiements"]), await desk.agent("Ada", capacity=99)
    first, *others = [desk.visitor(f"Visitor {n}") for n in range(5)]
    for visitor in (first, *others):
        await visitor.starts(category="payments")
    await ben.claims(first.ticket)
    passed = [desk.visitor(f"Passed {n}") for n in range(4)]
    for visitor in passed:
        await visitor.starts()
        await desk.offer_waiting_chats()
        await ada.declines(visitor.ticket)
    vic = desk.visitor("Vic")
    await vic.starts()
    assert await desk.offer_waiting_chats() == 1
    assert await desk.ringing() == {vic.ticket: ada.id}


async def test_each_decision_sees_the_ones_before(desk: Desk) -> None:
    team = [await desk.agent(name, capacity=2) for name in ("Ada", "Ben", "Cleo")]
    for n in range(7):
        await desk.visitor(f"Visitor {n}").starts()
    assert await desk.offer_waiting_chats() == 6
    assert sorted((await desk.ringing()).values()) == sorted([agent.id for agent in team] * 2)
    made = [fact for fact in desk.facts if isinstance(fact, OfferMade)]
    assert [fact.offer.agent_id for fact in made[:3]] != [made[0].offer.agent_id] * 3, "the next one is less busy"


async def test_of_a_big_team_those_who_came_closest_are_told_of(desk: Desk) -> None:
    desk.runs_twice = False
    for n in range(MAX_RECORDED_CANDIDATES + 10):
        await desk.agent(f"Agent {n}")
    vic = desk.visitor("Vic")
    await vic.starts()
    await desk.offer_waiting_chats()
    (decision,) = await desk.read(explain, vic.ticket)
    assert len(decision.candidates) == MAX_RECORDED_CANDIDATES
    assert decision.chosen in {seen["agent"] for seen in decision.candidates}


async def test_who_knew_the_visitor_is_chosen_and_told_of_in_a_big_team(desk: Desk) -> None:
    desk.runs_twice = False
    ada, vic = await desk.agent("Ada"), desk.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await vic.ends()
    await ada.ends(vic.ticket)
    desk.later(days=7)
    for n in range(MAX_RECORDED_CANDIDATES + 1):
        await desk.agent(f"Agent {n}")
    await desk.visitor("Zoe").starts()
    await ada.chooses("away")
    await ada.chooses("available")
    await vic.starts()
    await desk.offer_waiting_chats()
    assert (await desk.ringing())[vic.ticket] == ada.id
    decision = (await desk.read(explain, vic.ticket))[0]
    assert (decision.rule, decision.chosen) == ("knew_visitor", ada.public_id)


async def test_every_long_wait_has_its_turn(desk: Desk) -> None:
    """More than one look moves: the first ones, who keep waiting, hide nobody."""
    desk.runs_twice = False
    await desk.agent("Ada", capacity=1)
    people = [desk.visitor(f"Visitor {n}") for n in range(9)]
    for visitor in people:
        await visitor.starts()
    desk.later(minutes=5)
    assert await desk.run(long_waits.escalate_long_waits, desk.context) == 9
    assert await desk.run(long_waits.escalate_long_waits, desk.context) == 0
    assert not await desk.read(long_waits.has_long_waits, desk.context)
    desk.later(minutes=10)
    assert await desk.read(long_waits.has_long_waits, desk.context)
    await people[0].leaves_address(wait=True)
    assert await desk.run(long_waits.escalate_long_waits, desk.context) == 8
    assert (await people[0].sees()).waiting
