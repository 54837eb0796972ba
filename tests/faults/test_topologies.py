"""The hall knows its node's tasks from those of its guests."""

import asyncio
from contextvars import Context
from pathlib import Path

from tests.faults.scenario_run import until
from tests.faults.topologies import Hall, a_guests

# More than the node may begin of its own meanwhile.
MANY = 20


async def test_the_halls_tasks_are_its_nodes_and_nobody_elses(tmp_path: Path) -> None:
    a_guests.set(True)
    hall = Hall(tmp_path)
    await hall.open()
    try:
        before = hall.tasks()
        guests = [asyncio.create_task(asyncio.sleep(60)) for _ in range(MANY)]
        assert 0 < hall.tasks() < before + MANY
        writers = [(await asyncio.open_connection("127.0.0.1", hall.listening[0].port))[1] for _ in range(MANY)]
        for writer in writers:
            writer.write(b"GET /")
        await until(lambda: hall.tasks() >= before + MANY)
        for writer in writers:
            writer.close()
        await until(lambda: hall.tasks() < before + MANY)
        # As what a thread of the node's calls back: that inherits nothing.
        answers = [Context().run(asyncio.create_task, asyncio.sleep(60)) for _ in range(MANY)]
        assert hall.tasks() >= before + MANY
        for task in (*guests, *answers):
            task.cancel()
    finally:
        await hall.close()
