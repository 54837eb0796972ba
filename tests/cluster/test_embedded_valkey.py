"""The embedded Valkey restarts when killed, dies with its parent, and is private."""

import asyncio
import os
import shutil
import signal
import stat
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from chat.cluster.bus.bus import Bus
from chat.cluster.embedded_valkey import EmbeddedValkey, supervise
from chat.cluster.presence import Presence
from chat.cluster.rate_limits import RateLimits
from chat.cluster.redis_client import Redis
from tests.cluster.servers import until

PARENT = """
import asyncio, sys
from chat.cluster.embedded_valkey import EmbeddedValkey

async def main() -> None:
    valkey = EmbeddedValkey()
    url = await valkey.start()
    print(valkey.pid, url, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""

SHELL_PARENT = """
import asyncio
from chat.cluster.embedded_valkey import supervise

async def main() -> None:
    sleeper = await asyncio.create_subprocess_exec("sleep", "600", start_new_session=True)
    await supervise(sleeper.pid)
    print(sleeper.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def exists(path: Path) -> bool:
    return path.exists()


def alive(pid: int) -> bool:
    """Whether the process runs. A zombie that process 1 has not reaped yet does not count."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def is_restarted(valkey: EmbeddedValkey, pid: int) -> bool:
    return valkey.pid not in {None, pid}


async def start_and_read_line(program: str) -> tuple[asyncio.subprocess.Process, list[str]]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode().split()


async def test_valkey_is_private_and_persists_nothing() -> None:
    valkey = EmbeddedValkey()
    url = await valkey.start()
    socket = Path(url.removeprefix("unix://"))
    assert [mode_of(path) for path in (socket.parent, socket)] == [0o700, 0o700]
    assert valkey.pid is not None
    assert os.getsid(valkey.pid) == valkey.pid != os.getsid(0)
    redis = Redis(url)
    answer = await redis.call(lambda client: client.config_get("port", "save", "appendonly"))
    settings = {str(name): str(value) for name, value in answer.items()}
    assert settings == {"port": "0", "save": "", "appendonly": "no"}
    await redis.close()
    pid = valkey.pid
    await valkey.stop()
    assert not alive(pid)
    assert not exists(socket.parent)


async def test_killed_valkey_restarts_on_the_same_socket() -> None:
    valkey = EmbeddedValkey()
    redis = Redis(await valkey.start())
    valkey.on_death(redis.mark_down)
    await redis.call(lambda client: client.ping())
    before, pid = redis.available_since, valkey.pid
    assert before is not None
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: redis.available_since is not None and redis.available_since > before)
    assert valkey.pid != pid
    assert await redis.call(lambda client: client.ping())
    await redis.close()
    await valkey.stop()


async def test_valkey_killed_repeatedly_restarts_each_time() -> None:
    valkey = EmbeddedValkey()
    redis = Redis(await valkey.start())
    for _ in range(3):
        pid = valkey.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(partial(is_restarted, valkey, pid))
    await valkey.stop()
    await redis.close()


async def test_a_stopped_process_can_be_killed() -> None:
    valkey = EmbeddedValkey()
    await valkey.start()
    pid = valkey.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await valkey.stop()
    assert not alive(pid)
    assert valkey.pid is None


@pytest.mark.parametrize("program", [PARENT, SHELL_PARENT], ids=["by the kernel", "by a shell"])
async def test_valkey_dies_with_its_parent(program: str) -> None:
    parent, (pid, *address) = await start_and_read_line(program)
    assert alive(int(pid))
    parent.kill()
    await parent.wait()
    await until(lambda: not alive(int(pid)))
    for url in address:
        shutil.rmtree(Path(url.removeprefix("unix://")).parent)


async def test_start_on_another_thread_is_refused() -> None:
    failures: list[BaseException] = []

    def start_in_thread() -> None:
        try:
            asyncio.run(EmbeddedValkey().start())
        except RuntimeError as failure:
            failures.append(failure)

    thread = threading.Thread(target=start_in_thread)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert "main thread" in str(failures[0])


async def test_the_supervisor_kills_nothing_while_its_parent_lives() -> None:
    sleeper = await asyncio.create_subprocess_exec("sleep", "600")
    supervisor = await supervise(sleeper.pid)
    assert supervisor.returncode is None
    supervisor.kill()
    await supervisor.wait()
    assert sleeper.returncode is None
    sleeper.kill()
    await sleeper.wait()


async def test_closing_in_order_leaves_no_tasks() -> None:
    before = asyncio.all_tasks()
    valkey = EmbeddedValkey()
    redis = Redis(await valkey.start())
    valkey.on_death(redis.mark_down)
    presence = Presence(redis, "agents", "one")
    bus = Bus(redis, "one", lambda payload: None)
    await presence.start()
    await bus.start()
    presence.add("ada")
    assert await RateLimits(redis).try_acquire("vic", 1, 10) is None
    await until(lambda: bus.is_receiving)
    assert asyncio.all_tasks() > before
    await bus.close()
    await presence.close()
    await redis.close()
    await valkey.stop()
    assert asyncio.all_tasks() == before
