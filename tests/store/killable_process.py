"""A process that adds entries and prints the acknowledged ones, for tests that kill it."""

import asyncio
import sys

from chat.store.store import Store
from tests.store.toy_schema import add_entries, add_entry, no_reaction

TEXTS = ("one", "two", "three", "four")


async def add_texts(url: str) -> None:
    """In turn as a post and as an action."""
    store = Store(url, lambda _told: None, no_reaction)
    await store.start()
    for number, entry in enumerate(TEXTS):
        await (store.write(add_entry, "Ada", entry) if number % 2 else store.post(add_entries, entry))
        sys.stdout.write(f"{entry}\n")
        sys.stdout.flush()
    await store.close()


if __name__ == "__main__":
    asyncio.run(add_texts(sys.argv[1]))
