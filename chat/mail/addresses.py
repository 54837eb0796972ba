"""Signed reply addresses and Message-IDs: by them an answer finds its ticket, whatever its subject and sender."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

# 60 bits: short enough for an address, too many to be guessed through a mail server. Base32 in lower case, since
# servers change the case of addresses.
SIGNATURE_LENGTH = 12
_REPLY_ADDRESS = re.compile(r"[^@\s]+\+(([1-9][0-9]{0,11}))\.([a-z2-7]{12})@[^@\s]+")
_MESSAGE_ID = re.compile(r"(([1-9][0-9]{0,11})\.[a-z0-9_-]{1,40})\.([a-z2-7]{12})@[^@\s]+")


class Claim(NamedTuple):
    """What an address or an id says: the number of a ticket, the text that was signed, and the signature."""

    number: int
    signed: str
    signature: str


def reply_addresses(addresses: Iterable[str]) -> list[Claim]:
    """What the reply addresses among these claim. Nothing is checked yet."""
    found = [_REPLY_ADDRESS.fullmatch(address.lower()) for address in addresses]
    return [Claim(int(one[2]), f"reply\0{one[1]}", one[3]) for one in found if one]


def own_message_ids(ids: Iterable[str]) -> list[Claim]:
    """What those ids claim that look like ours. Nothing is checked yet."""
    found = [_MESSAGE_ID.fullmatch(one.lower()) for one in ids]
    return [Claim(int(one[2]), f"message-id\0{one[1]}", one[3]) for one in found if one]


@dataclass(frozen=True, slots=True)
class TicketSigner:
    """Signs a ticket's number together with its public id: the signature opens no other ticket of that number."""

    secret: bytes

    def reply_address(self, mailbox: str, number: int, public_id: str) -> str:
        """The address of the mailbox for answers to this ticket, such as support+1051.abcdefghijkl@example.fr."""
        local, _, domain = mailbox.rpartition("@")
        signature = self._signature(f"reply\0{number}", public_id)
        return f"{local}+{number}.{signature}@{domain}"

    def message_id(self, domain: str, number: int, word: str, public_id: str) -> str:
        """A Message-ID without its brackets. `word` makes it unique: 1 to 40 of `a-z0-9_-`."""
        signature = self._signature(f"message-id\0{number}.{word}", public_id)
        return f"{number}.{word}.{signature}@{domain}"

    def first_valid(self, claims: Iterable[Claim], public_ids: Mapping[int, str]) -> int | None:
        """The number of the first claim whose signature is good. `public_ids`: of the tickets with these numbers."""
        return next((one.number for one in claims if self._is_valid(one, public_ids.get(one.number))), None)

    def _is_valid(self, claim: Claim, public_id: str | None) -> bool:
        return public_id is not None and hmac.compare_digest(self._signature(claim.signed, public_id), claim.signature)

    def _signature(self, signed: str, public_id: str) -> str:
        digest = hmac.digest(self.secret, f"{signed}\0{public_id}".encode(), hashlib.sha256)
        return base64.b32encode(digest).decode()[:SIGNATURE_LENGTH].lower()
