"""Queries at size: frequent ones use an index, and need no more statements for many tickets than for one."""

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
from chat.domain.queries.answer_times import typical_answer_s
from chat.domain.queries.decisions import explain
from chat.domain.queries.offers import offers_ringing_for
from chat.domain.queries.queue import _AHEAD, has_waiting_chats, positions_of
from chat.domain.queries.visitors import lookup_visitor
from chat.domain.routing import department_transfer, idle_chats, long_waits, lost_agents, offers
from chat.domain.routing.agent_pool import RoutingTicket, routing_requests
from chat.domain.rules.routing import MAX_RECORDED_CANDIDATES
from chat.store.engines import Database
from tests.domain.domain_driver import MONDAY, TIMEOUTS, DomainDriver, Visitor

Bound = tuple[Any, ...] | dict[str, Any]
NO_AGENTS_ONLINE = DomainContext(MONDAY, frozenset(), TIMEOUTS)
ALL_AGENTS_ONLINE = DomainContext(MONDAY, frozenset({1, 2, 3}), TIMEOUTS)
VIC = "0" * 64


@contextmanager
def recorded_statements(engine: Engine) -> Iterator[list[tuple[str, Bound]]]:
    """Collects the statements that reach the driver, with their bound values; not those of the transaction itself."""
    found: list[tuple[str, Bound]] = []

    def record(_sql: Connection, _cursor: object, statement: str, bound: Bound, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SET LOCAL", "COMMIT", "SAVEPOINT", "RELEASE", "EXPLAIN")):
            found.append((statement, bound))

    event.listen(engine, "before_cursor_execute", record)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", record)


# -- indexes ----------------------------------------------------------------------------------------------------

QUERIES: dict[str, Callable[[Connection], object]] = {
    "any waiting chat": has_waiting_chats,
    "any returned agent": lambda sql: lost_agents.has_returned_agents(sql, ALL_AGENTS_ONLINE),
    "any chat to offer": lambda sql: offers.has_work(sql, ALL_AGENTS_ONLINE),
    "any passed transfer": department_transfer.has_passed_transfers,
    "any overdue offer": lambda sql: offers.has_overdue_offers(sql, MONDAY),
    "any absent agent": lambda sql: lost_agents.has_absent_agents(sql, NO_AGENTS_ONLINE),
    "any long wait": lambda sql: long_waits.has_long_waits(sql, ALL_AGENTS_ONLINE),
    "any idle chat": lambda sql: idle_chats.has_idle_chats(sql, NO_AGENTS_ONLINE),
    "revisions since": lambda sql: node_sync.revisions_since(sql, MONDAY),
    "next revisions": lambda sql: node_sync.next_unfinished_revisions(sql, 0),
    "next visitors present": lambda sql: node_sync.next_visitors_marked_present(sql, 0),
    "current service": lambda sql: service_status.current_service(sql, ALL_AGENTS_ONLINE),
    "typical answer": lambda sql: typical_answer_s(sql, MONDAY),
    "queue positions": lambda sql: positions_of(sql, [1]),
    "some tickets": lambda sql: tickets.tickets_by_ids(sql, [1, 2, 3]),
    "some revisions": lambda sql: node_sync.ticket_revisions(sql, [1, 2, 3]),
    "some routing requests": lambda sql: list(
        routing_requests(sql, [RoutingTicket(1, 1, None), RoutingTicket(2, 2, None)])
    ),
    "some that are still waiting": lambda sql: sql.execute(offers._STILL_WAITING, {"keys": [1, 2, 3]}),
    "some ringing offers": lambda sql: offers_ringing_for(sql, [1, 2]),
    "some agents": lambda sql: agents_by_keys(sql, [1, 2]),
    "mine": lambda sql: inbox.list_tickets(sql, 1, "mine"),
    "waiting": lambda sql: inbox.list_tickets(sql, 1, "waiting"),
    "open": lambda sql: inbox.list_tickets(sql, 1, "open"),
    "all": lambda sql: inbox.list_tickets(sql, 1, "all"),
    "team": lambda sql: inbox.list_tickets(sql, 1, "team"),
    "next page of team": lambda sql: inbox.list_tickets(sql, 1, "team", after="9"),
    "ended": lambda sql: inbox.list_tickets(sql, 1, "ended"),
    "next page of ended": lambda sql: inbox.list_tickets(sql, 1, "ended", after="9.9"),
    "counts": lambda sql: inbox.inbox_snapshot(sql, 1),
}
# Full scans that are fine: given keys, ringing offers, department members.
ALLOWED_SCANS = ("SCAN json_each", "SCAN offers USING", "SCAN agent_departments")
# Sorting is fine for one agent's tickets and for a few rows.
MAY_SORT_ROWS = {"mine", "counts", "some routing requests", "some agents"}


@pytest.mark.parametrize("what", QUERIES)
def test_no_query_scans_a_whole_table(what: str, sqlite: str) -> None:
    database = Database(sqlite)
    with database.reads.connect() as sql:
        with recorded_statements(database.reads) as statements:
            QUERIES[what](sql)
        assert statements
        for statement, bound in statements:
            for step in plan(sql, statement, bound):
                assert not step.startswith(("SCAN tickets", "SCAN offers")) or "INDEX" in step, (step, statement)
                assert not step.startswith("SCAN") or "some" not in what or step.startswith(ALLOWED_SCANS), (
                    step,
                    statement,
                )
                assert "ORDER BY" not in step or what in MAY_SORT_ROWS, (step, statement)
    database.close()


def plan(sql: Connection, statement: str, bound: Bound) -> list[str]:
    return [str(row[-1]) for row in sql.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", bound)]


def test_queue_position_is_counted_by_index_ranges(sqlite: str) -> None:
    database = Database(sqlite)
    with database.reads.connect() as sql:
        mark = {"order_0": 0, "order_1": MONDAY, "order_2": 0, "department": None}
        with recorded_statements(database.reads) as statements:
            sql.execute(_AHEAD, mark)
        steps = [step for step in plan(sql, *statements[0]) if "tickets" in step]
        assert len(steps) == 3
        assert all(step.startswith("SEARCH tickets USING COVERING INDEX ix_tickets_queue") for step in steps)
    database.close()


def test_postgresql_reads_lists_in_index_order(postgresql: str) -> None:
    database = Database(postgresql)
    with database.reads.connect() as sql:
        # Keeps PostgreSQL from preferring other plans for a table of a few rows.
        for other in ("seqscan", "sort", "hashjoin"):
            sql.execute(text(f"SET enable_{other} = off"))
        with recorded_statements(database.reads) as statements:
            positions_of(sql, [1])
            inbox.list_tickets(sql, 1, "open")
            inbox.list_tickets(sql, 1, "all")
            inbox.list_tickets(sql, 1, "team", after="9")
            inbox.list_tickets(sql, 1, "ended", after="9.9")
            typical_answer_s(sql, MONDAY)
        indexes = ("queue", "due", "updated", "talking", "finished", "answered")
        for (statement, bound), index in zip(statements, indexes, strict=True):
            steps = [row[0] for row in sql.exec_driver_sql(f"EXPLAIN {statement}", bound)]
            assert any(f"ix_tickets_{index}" in step for step in steps), steps
            assert not any("Sort" in step for step in steps), steps
    database.close()


# -- number of statements ---------------------------------------------------------------------------------------


@pytest.fixture
async def busy_node(driver: DomainDriver) -> DomainDriver:
    """One chat waits, one ticket is open, and Ada has 99 slots."""
    driver.runs_twice = False
    await driver.agent("Ada", capacity=99)
    await add_waiting_chats(driver, 1)
    return driver


async def add_waiting_chats(driver: DomainDriver, number: int, begin: int = 0) -> list[Visitor]:
    people = [driver.visitor(f"Visitor {begin + n}") for n in range(number)]
    for visitor in people:
        await visitor.starts()
        await driver.visitor(f"{visitor.name} too").fills_in()
    return people


async def count_statements(driver: DomainDriver, question: Callable[[Connection], object]) -> int:
    with recorded_statements(driver.store._database.reads) as statements:
        await driver.read(question)
    return len(statements)


@pytest.mark.parametrize("what", QUERIES)
async def test_number_of_statements_does_not_grow_with_rows(busy_node: DomainDriver, what: str) -> None:
    alone = await count_statements(busy_node, QUERIES[what])
    await add_waiting_chats(busy_node, 4, begin=1)
    await busy_node.agent("Ben")
    await busy_node.agent("Cleo")
    assert await count_statements(busy_node, QUERIES[what]) <= alone + 2, "queue positions and cursor of a page"


async def test_number_of_statements_does_not_grow_with_offers(busy_node: DomainDriver) -> None:
    async def statements() -> int:
        with recorded_statements(busy_node.store._database.writes) as found:
            assert await busy_node.offer_waiting_chats()
        return len(found)

    alone = await statements()
    await add_waiting_chats(busy_node, 5, begin=1)
    await busy_node.agent("Ben")
    assert await statements() == alone
    assert len(await busy_node.ringing()) == 6


async def test_queue_is_not_read_when_no_agent_has_a_free_slot(driver: DomainDriver) -> None:
    ada = await driver.agent("Ada", capacity=1)
    people = [driver.visitor(name) for name in ("Vic", "Zoe")]
    for visitor in people:
        await visitor.starts()
    await ada.claims(people[0].ticket)
    with recorded_statements(driver.store._database.writes) as statements:
        assert await driver.store.write(offers.offer_waiting, driver.context) == 0
    asked = [statement for statement, _ in statements if "advisory" not in statement]
    assert len(asked) == 5, "any waiting chat, calendar, ringing offers, agents, departments"


async def test_visitor_lookup_takes_at_most_two_statements(driver: DomainDriver) -> None:
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    assert await count_statements(driver, lambda sql: lookup_visitor(sql, vic.identity, "here")) == 1, "unknown visitor"
    await vic.starts()
    await ada.claims(vic.ticket)
    assert await count_statements(driver, lambda sql: lookup_visitor(sql, vic.identity, "here")) == 2, (
        "the ticket and its messages"
    )


# -- correctness of batches --------------------------------------------------------------------------------------


async def test_chats_behind_more_than_a_batch_of_unofferable_ones_are_offered(
    driver: DomainDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More chats than one batch precede: their department is busy, or the only free agent declined them."""
    monkeypatch.setattr(offers, "MAX_OFFERS_PER_RUN", 2)
    await driver.run(departments.add_department, "Paiements", ["payments"])
    ben, ada = await driver.agent("Ben", capacity=1, departments=["Paiements"]), await driver.agent("Ada", capacity=99)
    first, *others = [driver.visitor(f"Visitor {n}") for n in range(5)]
    for visitor in (first, *others):
        await visitor.starts(category="payments")
    await ben.claims(first.ticket)
    passed = [driver.visitor(f"Passed {n}") for n in range(4)]
    for visitor in passed:
        await visitor.starts()
        await driver.offer_waiting_chats()
        await ada.declines(visitor.ticket)
    vic = driver.visitor("Vic")
    await vic.starts()
    assert await driver.offer_waiting_chats() == 1
    assert await driver.ringing() == {vic.ticket: ada.id}


async def test_each_routing_decision_counts_the_previous_ones(driver: DomainDriver) -> None:
    team = [await driver.agent(name, capacity=2) for name in ("Ada", "Ben", "Cleo")]
    for n in range(7):
        await driver.visitor(f"Visitor {n}").starts()
    assert await driver.offer_waiting_chats() == 6
    assert sorted((await driver.ringing()).values()) == sorted([agent.id for agent in team] * 2)
    made = [fact for fact in driver.facts if isinstance(fact, OfferMade)]
    assert [fact.offer.agent_id for fact in made[:3]] != [made[0].offer.agent_id] * 3, (
        "the next offer goes to a less busy agent"
    )


async def test_decision_of_a_big_team_records_the_most_preferred_candidates(driver: DomainDriver) -> None:
    driver.runs_twice = False
    for n in range(MAX_RECORDED_CANDIDATES + 10):
        await driver.agent(f"Agent {n}")
    vic = driver.visitor("Vic")
    await vic.starts()
    await driver.offer_waiting_chats()
    (decision,) = await driver.read(explain, vic.ticket)
    assert len(decision.candidates) == MAX_RECORDED_CANDIDATES
    assert decision.chosen in {seen["agent"] for seen in decision.candidates}


async def test_agent_who_knows_the_visitor_is_chosen_and_recorded_in_a_big_team(driver: DomainDriver) -> None:
    driver.runs_twice = False
    ada, vic = await driver.agent("Ada"), driver.visitor("Vic")
    await vic.starts()
    await ada.claims(vic.ticket)
    await vic.ends()
    await ada.ends(vic.ticket)
    driver.later(days=7)
    for n in range(MAX_RECORDED_CANDIDATES + 1):
        await driver.agent(f"Agent {n}")
    await driver.visitor("Zoe").starts()
    await ada.chooses("away")
    await ada.chooses("available")
    await vic.starts()
    await driver.offer_waiting_chats()
    assert (await driver.ringing())[vic.ticket] == ada.id
    decision = (await driver.read(explain, vic.ticket))[0]
    assert (decision.rule, decision.chosen) == ("knew_visitor", ada.public_id)


async def test_all_long_waits_are_escalated_across_batches(driver: DomainDriver) -> None:
    """More chats than one batch: those that keep waiting hide no others."""
    driver.runs_twice = False
    await driver.agent("Ada", capacity=1)
    people = [driver.visitor(f"Visitor {n}") for n in range(9)]
    for visitor in people:
        await visitor.starts()
    driver.later(minutes=5)
    assert await driver.run(long_waits.escalate_long_waits, driver.context) == 9
    assert await driver.run(long_waits.escalate_long_waits, driver.context) == 0
    assert not await driver.read(long_waits.has_long_waits, driver.context)
    driver.later(minutes=10)
    assert await driver.read(long_waits.has_long_waits, driver.context)
    await people[0].leaves_address(wait=True)
    assert await driver.run(long_waits.escalate_long_waits, driver.context) == 8
    assert (await people[0].sees()).waiting
