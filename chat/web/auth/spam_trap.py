"""Robots: a stamp that says when a form was opened, and a field that only robots fill in."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

from itsdangerous import BadSignature, TimestampSigner

HONEYPOT = "website"
MIN_AGE_S = 2
MAX_AGE_S = 24 * 60 * 60


class FormStamps(TimestampSigner):
    """Signs the id that a form will have, with the time at which it was shown."""

    def __init__(self, secret: str, clock: Callable[[], datetime]) -> None:
        super().__init__(secret, salt="guichet.form")
        self._clock = clock

    def get_timestamp(self) -> int:
        """The server's own clock, which tests can set."""
        return int(self._clock().timestamp())

    def fresh(self) -> str:
        """A stamp for a form that is shown now."""
        return self.sign(secrets.token_urlsafe(18)).decode()

    def client_id(self, stamp: str) -> str | None:
        """The form's id, or None when it was not shown here, not today, or a blink ago."""
        try:
            signed, shown_at = self.unsign(stamp, max_age=MAX_AGE_S, return_timestamp=True)
        except BadSignature:
            return None
        age_s = self.get_timestamp() - int(shown_at.timestamp())
        return signed.decode() if age_s >= MIN_AGE_S else None


def is_spam(form: Mapping[str, str]) -> bool:
    return bool(form.get(HONEYPOT, "").strip())
