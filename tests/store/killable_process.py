"""A process of its own that writes line after line and says which were acknowledged; made to be killed."""

import asyncio
import sys

from chat.store.store import Store
from tests.store.toy_schema import no_reaction, write, write_all

LINES = ("one", "two", "three", "four")


async def dictate(url: str) -> None:
    """By turns as a post and as a verb."""
    store = Store(url, lambda _told: None, no_reaction)
    await store.start()
    for number, line in enumerate(LINES):
        await (store.write(write, "Ada", line) if number % 2 else store.post(write_all, line))
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    await store.close()


if __name__ == "__main__":
    asyncio.run(dictate(sys.argv[1]))
