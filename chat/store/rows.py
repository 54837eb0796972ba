"""Rows of the tables as immutable values, as the domain reads them and the transports present them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from chat.vocabulary import FINISHED_STATUSES, AgentState, Channel, Role, RoutingRule, Status, VisitorPresence


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A website that embeds the widget; `origins` are the pages that may show it."""

    id: int
    key: str
    name: str
    origins: list[str]
    secret: str | None
    color: str | None


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A part of the team, to which categories can belong."""

    id: int
    public_id: str
    name: str


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as other agents see them; `chats` counts used slots, ringing offers included."""

    id: int
    public_id: str
    email: str
    name: str
    role: Role
    photo: str | None
    languages: list[str]
    capacity: int
    state: AgentState
    state_since: datetime
    away_reason: str | None
    chats: int
    departments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VisitorRow:
    """A visitor, identified by the hash of their token, never by an address that they typed."""

    id: int
    public_id: str
    site_id: int
    name: str | None
    email: str | None
    verified: bool
    locale: str
    timezone: str | None
    page: Mapping[str, str] | None


class TicketRow(NamedTuple):
    """A ticket with its assignee's name and, while it waits for an agent, its queue position.

    A tuple, because each read of the inbox creates hundreds.
    """

    id: int
    public_id: str
    site_id: int
    visitor_id: int
    status: Status
    channel: Channel
    category: str | None
    department_id: int | None
    locale: str
    name: str | None
    email: str | None
    assignee_id: int | None
    rev: int
    last_seq: int
    last_note_seq: int
    visitor_read_seq: int
    agent_read_seq: int
    unread: int
    preview: str
    last_from: str
    last_agent: str | None
    updated_at: datetime
    queued_at: datetime | None
    assigned_at: datetime | None
    unanswered_since: datetime | None
    answered_at: datetime | None
    visitor_state: VisitorPresence
    slot_released_at: datetime | None
    form_offered_at: datetime | None
    keep_waiting_at: datetime | None
    promised_at: datetime | None
    promise_due_at: datetime | None
    promise_kept_at: datetime | None
    solved_at: datetime | None
    estimated_at: datetime | None
    hold_reason: str | None
    agent_public_id: str | None
    agent_name: str | None
    agent_photo: str | None
    position: int | None = None
    wait_s: int | None = None

    @property
    def waiting(self) -> bool:
        """Whether it is a live chat without an assignee."""
        return self.status == "live" and self.assignee_id is None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.status in FINISHED_STATUSES

    @property
    def owes_answer(self) -> bool:
        """Whether an answer was promised that the team has not given yet."""
        return self.promise_due_at is not None and self.promise_kept_at is None and not self.finished

    @property
    def public_rev(self) -> int:
        """`rev` without the notes, as sent to visitors, who must not be able to count them."""
        return self.rev - self.last_note_seq


class MessageRow(NamedTuple):
    """A message of a ticket, which its visitor may see; `event` is set when the system reports an event.

    A tuple, because one is created for every message.
    """

    ticket: str
    seq: int
    public_id: str
    client_id: str | None
    author: str
    author_id: str | None
    author_name: str | None
    text: str
    event: Mapping[str, object] | None
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note, which only agents may see. Notes have their own numbers; this one follows message `after_seq`."""

    ticket: str
    note_seq: int
    after_seq: int
    public_id: str
    client_id: str
    author_id: str
    author_name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer of a ticket, which rings on one agent's console until `expires_at`."""

    id: int
    ticket_id: int
    agent_id: int
    from_agent_id: int | None
    rule: RoutingRule
    expires_at: datetime
