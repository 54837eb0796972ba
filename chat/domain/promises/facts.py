"""The facts of promises."""

from dataclasses import dataclass
from datetime import datetime

from chat.domain.facts import Fact
from chat.store.rows import TicketRow
from chat.vocabulary import PromiseAlert


@dataclass(frozen=True, slots=True)
class PromiseAlertDue(Fact):
    """A promise nears its due time or is broken. `receivers` are the inner keys of the agents who are told."""

    ticket: TicketRow
    alert: PromiseAlert
    due_at: datetime
    receivers: tuple[int, ...]
