"""Passwords: Argon2 in threads of its own, behind a short queue."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chat.store.transaction import Unavailable

T = TypeVar("T")
MIN_LENGTH = 10
MAX_LENGTH = 1000
MAX_WAITING = 32


class Passwords:
    """Hashing takes a tenth of a second and 64 MB: never on the loop, two at a time, and who comes when
    32 wait is told Unavailable rather than let wait for minutes."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(2, "guichet-password")
        self._waiting = 0
        # Made at once: made when first needed, it would give the first unknown account away.
        self._dummy_hash = self._threads.submit(self._hasher.hash, "nobody's")

    async def hash_password(self, password: str) -> str:
        """What is stored of a password."""
        return await self._in_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Takes as long for an account that does not exist (`stored` None) as for one that does."""
        return await self._in_thread(self._verify, stored, password)

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than new ones are."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Lets what is being hashed end."""
        self._threads.shutdown(cancel_futures=True)

    def _verify(self, stored: str | None, password: str) -> bool:
        try:
            self._hasher.verify(stored or self._dummy_hash.result(), password)
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _in_thread(self, task: Callable[..., T], *words: str | None) -> T:
        if self._waiting >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} passwords are being looked at already")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, task, *words)
        finally:
            self._waiting -= 1
