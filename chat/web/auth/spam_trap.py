"""The spam trap of the form: a stamp that proves when the page was opened, and a field that only bots fill in."""

import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from itsdangerous import BadSignature, TimestampSigner

HONEYPOT = "website"
MIN_AGE_S = 2
MAX_AGE_S = 24 * 60 * 60


class FormStamps(TimestampSigner):
    """Signs the client_id of a form together with the time at which its page was opened."""

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        super().__init__(secret, salt="guichet.form", digest_method=hashlib.sha256)
        self._clock = clock

    def get_timestamp(self) -> int:
        """The time of the server's clock, which tests can set."""
        return int(self._clock().timestamp())

    def new_stamp(self) -> str:
        """A stamp with a new client_id and the present time."""
        return self.sign(secrets.token_urlsafe(18)).decode()

    def client_id(self, stamp: str) -> str | None:
        """The client_id of a stamp. None if the stamp is not ours, older than MAX_AGE_S or younger than MIN_AGE_S."""
        try:
            signed, opened_at = self.unsign(stamp, max_age=MAX_AGE_S, return_timestamp=True)
        except BadSignature:
            return None
        age_s = self.get_timestamp() - int(opened_at.timestamp())
        return signed.decode() if age_s >= MIN_AGE_S else None


def is_spam(form: Mapping[str, str]) -> bool:
    return bool(form.get(HONEYPOT, "").strip())
