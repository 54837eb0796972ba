"""The bodies of the HTTP routes."""

from typing import Annotated

from msgspec import Meta

from chat.protocol.agent import Agent
from chat.protocol.base import Command, Email, RegistryEntries, Shape
from chat.protocol.shared import Ticket
from chat.protocol.visitor import SeenPage


class NewTicket(Command, frozen=True, kw_only=True):
    """The form. A missing or wrong value is answered with 422 and the name of its field, a body of another shape with
    400."""

    site: str = ""
    client_id: str = ""
    email: str = ""
    text: str = ""
    token: str | None = None
    category: str | None = None
    name: str | None = None
    locale: str | None = None
    page: SeenPage | None = None


class NewTicketResponse(Shape):
    """The new ticket, the visitor's token, and the link of the ticket's page."""

    ticket: Ticket
    token: str
    link: str


class SignIn(Command):
    """An agent's e-mail address and password."""

    email: Email
    password: Annotated[str, Meta(max_length=1000)]


class SignInResponse(Shape):
    """The agent who is signed in."""

    agent: Agent


REGISTERED = RegistryEntries(
    visitor_bodies=(NewTicket, NewTicketResponse),
    agent_bodies=(SignIn, SignInResponse),
)
