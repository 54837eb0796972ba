"""Handing over to a department: it rings with one member after the other, until one takes it or all have passed."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, select, update

from chat.desk.changes import PAUSES, Pauses, Situation, hold_tickets
from chat.desk.offers import Made, Ring, decide_alone, note_decisions, ring
from chat.desk.records import agent_by_key, ticket_by_key
from chat.desk.rules import routing
from chat.desk.team import Asking, Team, hold_agents, wishes
from chat.store.rows import AgentRow, TicketRow
from chat.store.tables import offers, tickets
from chat.store.works import Work

newer = offers.alias("newer")
# A hand over to a department that its last member let pass, while its giver still has the ticket.
passed_on = and_(
    offers.c.outcome.in_(("declined", "missed")),
    offers.c.department_id.is_not(None),
    ~select(newer.c.id).where(newer.c.ticket_id == offers.c.ticket_id, newer.c.id > offers.c.id).exists(),
    tickets.c.assignee_id.is_not(None),
    tickets.c.status.not_in(("solved", "closed")),
)


_PASSED_ON = (
    select(offers.c.id, offers.c.ticket_id, offers.c.giver_id, offers.c.department_id)
    .select_from(offers.join(tickets))
    .where(passed_on)
)


class Handed(NamedTuple):
    """What is handed over: by whom, and to which department."""

    ticket: TicketRow
    giver: AgentRow
    department_id: int


def ring_department(work: Work, handed: Handed, situation: Situation, pauses: Pauses = PAUSES) -> bool:
    """Ring the member whom the rules choose; False when nobody of the department is to be had."""
    ticket, giver, department_id = handed
    hold_agents(work.sql, situation.present or frozenset())
    team = Team(work.sql, situation, but=(giver.public_id, ticket.agent_public_id))
    (wish,) = wishes(work.sql, [Asking(ticket.id, ticket.visitor_id, department_id)])
    decision = routing.first_of(team.ranked(wish))
    if decision.chosen is None:
        return False
    seat = team.seat(decision.chosen)
    note_decisions(work.sql, team, [Made(ticket.id, decision, seat)], situation.now)
    ring(work, ticket, Ring(seat.key, "handed_over", giver, department_id), situation.now, pauses)
    return True


def anything_to_hand_on(sql: Connection) -> bool:
    """Whether a hand over to a department was let pass by its last member."""
    return sql.execute(_PASSED_ON.limit(1)).first() is not None


def hand_on(work: Work, situation: Situation, pauses: Pauses = PAUSES) -> int:
    """Ring the next member where one has passed; once nobody is left the giver keeps it. How many rang."""
    if not situation.present:
        return 0
    decide_alone(work.sql)
    left = work.sql.execute(_PASSED_ON).all()
    hold_tickets(work.sql, (row.ticket_id for row in left))
    return [_next(work, row, situation, pauses) for row in left].count(True)


def _next(work: Work, passed: Row[Any, Any, Any, Any], situation: Situation, pauses: Pauses) -> bool:
    own = select(offers.c.id).where(offers.c.id == passed.id, passed_on).select_from(offers.join(tickets))
    if work.sql.execute(own).first() is None:
        return False
    handed = Handed(
        ticket_by_key(work.sql, passed.ticket_id), agent_by_key(work.sql, passed.giver_id), passed.department_id
    )
    rang = ring_department(work, handed, situation, pauses)
    if not rang:
        work.sql.execute(update(offers).where(offers.c.id == passed.id).values(department_id=None))
    return rang
