"""A message on its way into a ticket."""

from typing import NamedTuple

from chat.domain.context import DomainContext


class Post(NamedTuple):
    """A message to store, from either the ticket's visitor or an agent."""

    ticket: str
    client_id: str
    text: str
    context: DomainContext
    visitor_id: int | None = None
    agent_id: int | None = None

    @property
    def author(self) -> str:
        """As the messages' table names the author."""
        return "visitor" if self.agent_id is None else f"agent:{self.agent_id}"
