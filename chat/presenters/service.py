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
    """The service at a moment."""
    return protocol.Service(
        state=found.state,
        mode=found.mode,
        until=found.until,
        next_open=found.next_open,
        promise=protocol.AnswerPromise(due=found.due) if found.due else None,
        reply_s=UNSET if found.reply_s is None else found.reply_s,
        extra_hours=True if found.extra_hours else UNSET,
    )


def offer(row: OfferRow, ticket: TicketRow, from_agent: AgentRef | None) -> protocol.Offer:
    """An offer with the card of its ticket; `from_agent` hands the ticket over."""
    by = person(from_agent) if from_agent else None
    return protocol.Offer(card=card(ticket), expires_at=row.expires_at, why=row.rule, by=by)


def decision(row: DecisionRow) -> protocol.Decision:
    """A recorded decision of the routing."""
    candidates = msgspec.convert(row.candidates, list[protocol.RoutingCandidate])
    return protocol.Decision(at=row.at, rule=row.rule, chosen=row.chosen, candidates=candidates)


def refusal(refused: Refused, service_now: Service | None = None) -> protocol.RefusedAck:
    """The ack of a refused command. `service_now`: what is available instead of a chat."""
    error = protocol.Refusal(
        code=refused.code,
        message=refused.message,
        field=refused.field or UNSET,
        reason=refused.reason or UNSET,
        by=person(refused.by) if isinstance(refused, Conflict) and refused.by else UNSET,
        retry_after=refused.retry_after if isinstance(refused, TooMany) else UNSET,
        service=service(service_now) if service_now else UNSET,
    )
    return protocol.RefusedAck(error=error)
