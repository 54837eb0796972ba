"""A process of its own that writes line after line and says which were acknowledged; made to be killed."""

import asyncio
import sys

from chat.store.works import Works
from tests.store.notebook import write, write_all

LINES = ("one", "two", "three", "four")


async def dictate(url: str) -> None:
    """By turns as a post and as a verb."""
    works = Works(url, lambda _told: None)
    await works.start()
    for number, line in enumerate(LINES):
        await (works.run(write, "Ada", line) if number % 2 else works.post(write_all, line))
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    await works.close()


if __name__ == "__main__":
    asyncio.run(dictate(sys.argv[1]))
