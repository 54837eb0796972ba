"""Signed links: the address of a ticket's own page."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Links:
    """The address of a ticket's own page: its id and 128 bits that only this server can make."""

    secret: bytes
    public_url: str

    def path(self, ticket: str) -> str:
        return f"/t/{ticket}.{self._signature(ticket)}"

    def address(self, ticket: str) -> str:
        return self.public_url.rstrip("/") + self.path(ticket)

    def ticket_of(self, link: str) -> str | None:
        """The ticket that this link opens, or None when it was not made here."""
        ticket, _, signature = link.rpartition(".")
        made_here = hmac.compare_digest(signature.encode(), self._signature(ticket).encode())
        return ticket if made_here else None

    def _signature(self, ticket: str) -> str:
        made = hmac.digest(self.secret, b"ticket page\0" + ticket.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made[:SIGNATURE_BYTES]).decode().rstrip("=")
