"""A message on its way into a ticket."""

from typing import NamedTuple

from chat.domain.context import DomainContext


class Post(NamedTuple):
    """Words on their way into a ticket, from exactly one of its visitor and an agent."""

    ticket: str
    client_id: str
    text: str
    context: DomainContext
    visitor_id: int | None = None
    agent_id: int | None = None

    @property
    def author(self) -> str:
        return "visitor" if self.agent_id is None else f"agent:{self.agent_id}"
