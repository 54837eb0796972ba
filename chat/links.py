"""Signed links: the URL of a ticket's own page."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class TicketLinks:
    """Makes and checks the links of ticket pages: the ticket's id and a signature of 128 bits."""

    secret: bytes
    public_url: str

    def path(self, ticket_id: str) -> str:
        return f"/t/{ticket_id}.{self._signature(ticket_id)}"

    def url(self, ticket_id: str) -> str:
        return self.public_url.rstrip("/") + self.path(ticket_id)

    def ticket_id(self, link: str) -> str | None:
        """The id of the ticket that this link opens, or None when the signature is wrong."""
        ticket, _, signature = link.rpartition(".")
        is_valid = hmac.compare_digest(signature.encode(), self._signature(ticket).encode())
        return ticket if is_valid else None

    def _signature(self, ticket_id: str) -> str:
        digest = hmac.digest(self.secret, b"ticket page\0" + ticket_id.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode().rstrip("=")
