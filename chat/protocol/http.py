"""The bodies of the HTTP routes."""

from typing import Annotated

from msgspec import Meta

from chat.protocol.agent import Agent
from chat.protocol.base import Command, Email, Shape
from chat.protocol.shared import SeenPage, Ticket


class NewTicket(Command, frozen=True, kw_only=True):
    """The form. A missing or wrong value is named by its field (422); a body of another shape is a bad
    request."""

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
    """The ticket, the visitor's token and the link of its page."""

    ticket: Ticket
    token: str
    link: str


class SignIn(Command):
    """An agent's address and password."""

    email: Email
    password: Annotated[str, Meta(max_length=1000)]


class SignInResponse(Shape):
    """Who is signed in."""

    agent: Agent
