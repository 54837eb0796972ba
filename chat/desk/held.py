"""What a node asks about what it holds: which tickets moved on, what rings, who left without a word."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, exists, or_, select

from chat.desk.offers import ringing_on
from chat.desk.places import waiting
from chat.desk.records import ticket_query, tickets_of, unfinished
from chat.desk.refusals import Holder
from chat.store.rows import OfferRow, TicketRow
from chat.store.tables import tickets

# Databases bound the number of values in one statement.
AT_ONCE = 1_000


class Mark(NamedTuple):
    """How far a ticket has come: `rev` grows with every change of it."""

    key: int
    ticket: str
    rev: int
    seq: int
    note_seq: int


class Ring(NamedTuple):
    """A ticket that rings on a console now."""

    offer: OfferRow
    ticket: TicketRow
    giver: Holder | None


_MARK = (
    tickets.c.id,
    tickets.c.public_id,
    tickets.c.rev,
    tickets.c.last_seq,
    tickets.c.last_note_seq,
)


def marks(sql: Connection, keys: Sequence[int], inbox: bool) -> list[Mark]:
    """How far these tickets have come and, for `inbox`, all that an inbox still shows."""
    found = {row.id: Mark(*row) for row in sql.execute(select(*_MARK).where(unfinished()))} if inbox else {}
    for some in _portions([key for key in keys if key not in found]):
        found |= {row.id: Mark(*row) for row in sql.execute(select(*_MARK).where(tickets.c.id.in_(some)))}
    return list(found.values())


def by_keys(sql: Connection, keys: Sequence[int]) -> list[TicketRow]:
    """These tickets, whosever they are."""
    query = ticket_query().order_by(tickets.c.id)
    return [row for some in _portions(keys) for row in tickets_of(sql, query.where(tickets.c.id.in_(some)))]


def waiting_among(sql: Connection, keys: Sequence[int]) -> list[TicketRow]:
    """Those of these tickets that wait for an agent, with their place."""
    query = ticket_query().where(waiting)
    return [row for some in _portions(keys) for row in tickets_of(sql, query.where(tickets.c.id.in_(some)))]


def ringing_for(sql: Connection, agent_ids: Iterable[int]) -> list[Ring]:
    """What rings now on the consoles of these agents."""
    return [Ring(*found) for agent_id in agent_ids for found in ringing_on(sql, agent_id)]


def not_gone(sql: Connection) -> set[int]:
    """Visitors whose live ticket, or newest if it is unfinished, says that they are still here."""
    newer = tickets.alias("newer")
    another = exists().where(newer.c.visitor_id == tickets.c.visitor_id, newer.c.id > tickets.c.id)
    followed = or_(tickets.c.status == "live", ~another)
    query = select(tickets.c.visitor_id).where(unfinished(), tickets.c.visitor_state != "gone", followed)
    return set(sql.execute(query).scalars())


def _portions(keys: Sequence[int]) -> Iterable[Sequence[int]]:
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))
