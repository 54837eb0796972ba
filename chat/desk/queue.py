"""The queue: who takes a ticket, and how it passes from one agent to another. SQL picks the winner."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from chat.desk.changes import (
    Situation,
    agents_changed,
    changed,
    end_offers,
    hold_ticket,
    lock_agent,
    tell,
)
from chat.desk.endings import check_owner
from chat.desk.handing_on import Handed, ring_department
from chat.desk.offers import Ring, pass_on, ring
from chat.desk.records import (
    agent_by_key,
    agents_where,
    plain,
    ringing_offers,
    ticket_by_key,
    ticket_by_public_id,
)
from chat.desk.refusals import BadRequest, Conflict, Holder, NotAllowed, NotFound, TicketEnded
from chat.store.rows import AgentRow, OfferRow, TicketRow
from chat.store.tables import agents, decisions, departments, offers, tickets
from chat.store.works import Work


@dataclass(frozen=True, slots=True)
class HandOverTo:
    """Exactly one of an agent and a department, by public id."""

    agent: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """Why a ticket rang where it did."""

    at: datetime
    rule: str
    chosen: str | None
    candidates: list[dict[str, object]]


def claim(work: Work, agent_id: int, ticket: str, over: bool, now: datetime) -> TicketRow:
    """Accept an offer, take a waiting chat or an open ticket. Mine already: as it is. Somebody else's, or no
    place left and not `over`: Conflict."""
    row = hold_ticket(work.sql, ticket)
    if row.status in ("solved", "closed"):
        raise TicketEnded
    if row.assignee_id == agent_id:
        return row
    offer = _rung_for(work.sql, row, agent_id)
    # Who hands over may be a supervisor: the ticket passes from its owner all the same.
    giver = row.assignee_id if offer and offer.giver_id else None
    if row.assignee_id not in (None, giver):
        raise _taken(work.sql, row)
    lock_agent(work.sql, agent_id)
    agent = agent_by_key(work.sql, agent_id)
    if row.status == "live" and offer is None and not over:
        _check_capacity(agent)
    _take(work, row, agent, giver, now)
    return _announce_taken(work, row, agent, now)


def _rung_for(sql: Connection, ticket: TicketRow, agent_id: int) -> OfferRow | None:
    mine = ringing_offers(sql, offers.c.ticket_id == ticket.id, offers.c.agent_id == agent_id)
    return mine[0] if mine else None


def _taken(sql: Connection, ticket: TicketRow) -> Conflict:
    assert ticket.assignee_id is not None
    owner = Holder.of(agent_by_key(sql, ticket.assignee_id))
    return Conflict("another agent has taken this ticket", by=owner, reason="taken")


def _check_capacity(agent: AgentRow) -> None:
    if agent.chats >= agent.capacity:
        raise Conflict("no place is left", reason="capacity")


def _take(work: Work, ticket: TicketRow, agent: AgentRow, giver: int | None, now: datetime) -> None:
    """Whoever wins, wins here: the condition is looked at again under the row's lock."""
    free = or_(tickets.c.assignee_id.is_(None), tickets.c.assignee_id == (giver or -1))
    taken = update(tickets).where(tickets.c.id == ticket.id, free, tickets.c.status == ticket.status)
    values = {
        "assignee_id": agent.id,
        "taken_at": ticket.taken_at or now,
        "lost_agent_id": None,
        "form_offered_at": None,
        "updated_at": now,
    }
    if not work.sql.execute(taken.values(rev=tickets.c.rev + 1, **values)).rowcount:
        raise _taken(work.sql, ticket_by_key(work.sql, ticket.id))
    work.sql.execute(update(agents).where(agents.c.id == agent.id).values(missed=0, idle_since=now))


def _announce_taken(work: Work, before: TicketRow, agent: AgentRow, now: datetime) -> TicketRow:
    if before.agent_name:
        tell(work, before.id, now, "handed_over", {"from": before.agent_name, "to": agent.name})
    else:
        tell(work, before.id, now, "joined", {"agent": agent.name})
    end_offers(work, before.id, now, "taken")
    agents_changed(work, [agent.id, before.assignee_id])
    return changed(work, before.id)


def decline(work: Work, agent_id: int, ticket: str, now: datetime) -> None:
    """Let the next one have it; without an offer ringing here nothing happens."""
    row = hold_ticket(work.sql, ticket)
    mine = (offers.c.ticket_id == row.id, offers.c.agent_id == agent_id)
    for offer in ringing_offers(work.sql, *mine):
        pass_on(work, row, offer, now, "declined")
        # Whoever says no is there: two missed in a row have nothing between them.
        work.sql.execute(update(agents).where(agents.c.id == agent_id).values(missed=0))


def hand_over(work: Work, agent_id: int, ticket: str, to: HandOverTo, situation: Situation) -> TicketRow:
    """Ring somebody else; one stays the owner until it is taken. To somebody away, or to nobody: Conflict."""
    row, giver = hold_ticket(work.sql, ticket), agent_by_key(work.sql, agent_id)
    if row.status in ("solved", "closed"):
        raise TicketEnded
    check_owner(work.sql, row, giver)
    if row.assignee_id is None:
        raise NotAllowed("nobody's ticket can't be handed over: claim it first")
    end_offers(work, row.id, situation.now, "withdrawn")
    if to.agent is None:
        _ring_department(work, row, giver, to.department or "", situation)
    else:
        receiver = _agent_there(work.sql, (giver.id, row.assignee_id), to.agent, situation)
        ring(work, row, Ring(receiver, "handed_over", giver), situation.now)
    return row


def _ring_department(work: Work, ticket: TicketRow, giver: AgentRow, named: str, situation: Situation) -> None:
    part = work.sql.execute(select(departments.c.id).where(departments.c.public_id == plain(named))).scalar()
    if part is None:
        raise NotFound("department")
    if not ring_department(work, Handed(ticket, giver, part), situation):
        raise Conflict("nobody of this department is available", reason="away")


def _agent_there(sql: Connection, theirs: tuple[int, int], public_id: str, situation: Situation) -> int:
    found = agents_where(sql, agents.c.public_id == plain(public_id))
    if not found:
        raise NotFound("agent")
    if found[0].id in theirs:
        raise BadRequest("they have it already, or would have to claim it", field="to")
    if found[0].state != "available" or found[0].id not in (situation.present or frozenset()):
        raise Conflict("this agent is away", by=Holder.of(found[0]), reason="away")
    return found[0].id


def take_over(work: Work, agent_id: int, ticket: str, now: datetime) -> TicketRow:
    """A supervisor or admin takes a ticket from its owner, who is told. NotAllowed for agents."""
    row, agent = hold_ticket(work.sql, ticket), agent_by_key(work.sql, agent_id)
    if agent.role == "agent":
        raise NotAllowed("supervisors and admins take over")
    if row.assignee_id == agent.id:
        return row
    if row.status in ("solved", "closed"):
        raise TicketEnded
    _take(work, row, agent, row.assignee_id, now)
    return _announce_taken(work, row, agent, now)


def explain(sql: Connection, ticket: str) -> list[DecisionRow]:
    """Why it rang where it did, newest first, at most 20; NotFound."""
    row = ticket_by_public_id(sql, ticket)
    query = select(decisions.c.at, decisions.c.rule, decisions.c.chosen, decisions.c.candidates)
    made = query.where(decisions.c.ticket_id == row.id).order_by(decisions.c.id.desc()).limit(20)
    return [DecisionRow(*found) for found in sql.execute(made).all()]
