"""The service, routing decisions and refusals as payloads."""

import msgspec
from msgspec import UNSET

from chat import protocol
from chat.domain.queries.decisions import DecisionRow
from chat.domain.refusals import AgentRef, Conflict, Refused, TooMany
from chat.domain.service_status import Service
from chat.presenters.people import person
from chat.presenters.tickets import card
from chat.store.rows import OfferRow, TicketRow


def service(found: Service) -> protocol.Service:
    """What is to be had."""
    return protocol.Service(
        state=found.state,
        mode=found.mode,
        until=found.until,
        next_open=found.next_open,
        promise=protocol.AnswerPromise(due=found.due) if found.due else None,
    )


def offer(row: OfferRow, rung: TicketRow, giver: AgentRef | None) -> protocol.Offer:
    """What rings on a console."""
    by = person(giver) if giver else None
    return protocol.Offer(card=card(rung), expires_at=row.expires_at, why=row.rule, by=by)


def decision(row: DecisionRow) -> protocol.Decision:
    """Why a ticket rang where it did."""
    seen = msgspec.convert(row.candidates, list[protocol.RoutingCandidate])
    return protocol.Decision(at=row.at, rule=row.rule, chosen=row.chosen, candidates=seen)


def refusal(refused: Refused, available: Service | None = None) -> protocol.RefusedAck:
    """Why a command was not done; `available` where a form is to be had instead."""
    error = protocol.Refusal(
        code=refused.code,
        message=refused.message,
        field=refused.field or UNSET,
        reason=refused.reason or UNSET,
        by=person(refused.by) if isinstance(refused, Conflict) and refused.by else UNSET,
        retry_after=refused.retry_after if isinstance(refused, TooMany) else UNSET,
        service=service(available) if available else UNSET,
    )
    return protocol.RefusedAck(error=error)
