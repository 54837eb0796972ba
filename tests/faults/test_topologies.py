"""InProcess counts the tasks of its node and not those of its clients."""

import asyncio
from contextvars import Context
from pathlib import Path

from tests.faults.scenario_run import wait_until
from tests.faults.topologies import InProcess, is_client_task

# More than the node itself may start meanwhile.
MANY = 20


async def test_in_process_topology_counts_only_tasks_of_its_node(tmp_path: Path) -> None:
    is_client_task.set(True)
    in_process = InProcess(tmp_path)
    await in_process.open()
    try:
        before = in_process.task_count()
        client_tasks = [asyncio.create_task(asyncio.sleep(60)) for _ in range(MANY)]
        assert 0 < in_process.task_count() < before + MANY
        writers = [(await asyncio.open_connection("127.0.0.1", in_process.servers[0].port))[1] for _ in range(MANY)]
        for writer in writers:
            writer.write(b"GET /no-such-page HTTP/1.1\r\nHost: chat.example\r\n\r\n")
        await wait_until(lambda: in_process.task_count() >= before + MANY)
        for writer in writers:
            writer.close()
        await wait_until(lambda: in_process.task_count() < before + MANY)
        # A callback from a thread of the node has an empty context, so it counts as a task of the node.
        callbacks = [Context().run(asyncio.create_task, asyncio.sleep(60)) for _ in range(MANY)]
        assert in_process.task_count() >= before + MANY
        for task in (*client_tasks, *callbacks):
            task.cancel()
    finally:
        await in_process.close()
