"""An agent is removed on one node while a command of another node is about to give them a ticket or an offer."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, select

from chat.domain.people.agents import remove_agent
from chat.domain.people.departments import add_department
from chat.domain.refusals import Refused
from chat.domain.routing.claims import claim, take_over
from chat.domain.routing.transfer import HandOver, Receiver, hand_over
from chat.store import tables
from tests.domain.domain_driver import DomainDriver

# The key of an advisory lock that no code of ours uses.
GATE = 4711
# Every statement of this kind waits at the gate.
CLOSE_GATE = """
    CREATE FUNCTION pass_gate() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock_shared({gate}); RETURN NEW; END $$;
    CREATE TRIGGER gate BEFORE {statement} FOR EACH ROW EXECUTE FUNCTION pass_gate();
"""
OPEN_GATE = "DROP TRIGGER IF EXISTS gate ON tickets; DROP TRIGGER IF EXISTS gate ON offers; DROP FUNCTION pass_gate"
WAITING = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


class Gate:
    """Holds one kind of statement back until `open` is called."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def waiting(self) -> int:
        """How many connections wait for a lock."""
        row = self._connection.execute(WAITING).fetchone()
        assert row is not None
        return int(row[0])

    def open(self) -> None:
        self._connection.execute(f"SELECT pg_advisory_unlock({GATE})")


@contextmanager
def closed_gate(url: str, statement: str) -> Iterator[Gate]:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(CLOSE_GATE.format(gate=GATE, statement=statement).encode())
        connection.execute(f"SELECT pg_advisory_lock({GATE})")
        try:
            yield Gate(connection)
        finally:
            connection.execute("SELECT pg_advisory_unlock_all()")
            connection.execute(OPEN_GATE)


async def race(gate: Gate, command: Coroutine[Any, Any, object], removal: Coroutine[Any, Any, object]) -> None:
    """Run the command up to the gate, then the removal until it ends or waits too, then both to their ends."""
    first = asyncio.create_task(_outcome(command))
    await _until(lambda: gate.waiting() == 1)
    second = asyncio.create_task(_outcome(removal))
    await _until(lambda: second.done() or gate.waiting() == 2)
    gate.open()
    await first
    await second


async def _outcome(command: Coroutine[Any, Any, object]) -> None:
    with suppress(Refused):
        await command


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 (PostgreSQL sends no event when a connection waits)
            await asyncio.sleep(0.01)


def owners(sql: Connection) -> list[int | None]:
    return list(sql.execute(select(tables.tickets.c.assignee_id)).scalars())


OWNED = "UPDATE OF assignee_id ON tickets"
OFFERED = "INSERT ON offers"


@pytest.mark.parametrize("how", ["claim", "take_over"])
async def test_a_removed_agent_owns_nothing(
    nodes: tuple[DomainDriver, DomainDriver], postgresql: str, how: str
) -> None:
    one, other = nodes
    ada, sam, vic = await one.agent("Ada"), await one.agent("Sam", role="supervisor"), one.visitor("Vic")
    await vic.fills_in()
    if how == "take_over":
        await ada.claims(vic.ticket)
    act = (
        one.store.write(claim, sam.id, vic.ticket, False, one.now)
        if how == "claim"
        else one.store.write(take_over, sam.id, vic.ticket, one.now)
    )
    with closed_gate(postgresql, OWNED) as gate:
        await race(gate, act, other.store.write(remove_agent, "sam@example.test", one.now))
    assert sam.id not in await one.read(owners)


@pytest.mark.parametrize("department", [False, True])
@pytest.mark.parametrize("removed", ["ben", "sam"])
async def test_a_hand_over_to_or_by_a_removed_agent_does_not_ring(
    nodes: tuple[DomainDriver, DomainDriver], postgresql: str, removed: str, department: bool
) -> None:
    one, other = nodes
    payments = await one.run(add_department, "Payments")
    ada, vic = await one.agent("Ada"), one.visitor("Vic")
    ben, sam = await one.agent("Ben", departments=("Payments",)), await one.agent("Sam", role="supervisor")
    await vic.starts()
    await ada.claims(vic.ticket)
    to = Receiver(department=payments) if department else Receiver(agent=ben.public_id)
    request = HandOver(vic.ticket, to)
    with closed_gate(postgresql, OFFERED) as gate:
        await race(
            gate,
            one.store.write(hand_over, sam.id, request, one.context),
            other.store.write(remove_agent, f"{removed}@example.test", one.now),
        )
    assert await one.ringing() == {}
