"""The embedded Valkey comes back when killed, is gone when we are, and shows itself to nobody else."""

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

GUARDIAN = """
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


def is_there(path: Path) -> bool:
    return path.exists()


def alive(pid: int) -> bool:
    """Running, and no zombie that only waits to be reaped by whatever is process 1 here."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def replaced(valkey: EmbeddedValkey, pid: int) -> bool:
    return valkey.pid not in {None, pid}


async def first_line_of(program: str) -> tuple[asyncio.subprocess.Process, list[str]]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode().split()


async def test_it_is_private_and_keeps_nothing() -> None:
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
    assert not is_there(socket.parent)


async def test_killed_it_comes_back_at_the_same_place_and_redis_counts_anew() -> None:
    valkey = EmbeddedValkey()
    redis = Redis(await valkey.start())
    valkey.on_death(redis.mark_down)
    await redis.call(lambda client: client.ping())
    before, pid = redis.answering_since, valkey.pid
    assert before is not None
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: redis.answering_since is not None and redis.answering_since > before)
    assert valkey.pid != pid
    assert await redis.call(lambda client: client.ping())
    await redis.close()
    await valkey.stop()


async def test_killed_again_and_again_it_still_comes_back() -> None:
    valkey = EmbeddedValkey()
    redis = Redis(await valkey.start())
    for _ in range(3):
        pid = valkey.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(partial(replaced, valkey, pid))
    await valkey.stop()
    await redis.close()


async def test_hung_it_can_be_stopped() -> None:
    valkey = EmbeddedValkey()
    await valkey.start()
    pid = valkey.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    await valkey.stop()
    assert not alive(pid)
    assert valkey.pid is None


@pytest.mark.parametrize("program", [PARENT, GUARDIAN], ids=["by the kernel", "by a shell"])
async def test_it_dies_with_its_parent(program: str) -> None:
    parent, (pid, *address) = await first_line_of(program)
    assert alive(int(pid))
    parent.kill()
    await parent.wait()
    await until(lambda: not alive(int(pid)))
    for url in address:
        shutil.rmtree(Path(url.removeprefix("unix://")).parent)


async def test_it_is_not_started_on_another_thread() -> None:
    failures: list[BaseException] = []

    def elsewhere() -> None:
        try:
            asyncio.run(EmbeddedValkey().start())
        except RuntimeError as failure:
            failures.append(failure)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert "main thread" in str(failures[0])


async def test_the_watch_does_no_harm_while_we_live() -> None:
    sleeper = await asyncio.create_subprocess_exec("sleep", "600")
    guard = await supervise(sleeper.pid)
    assert guard.returncode is None
    guard.kill()
    await guard.wait()
    assert sleeper.returncode is None
    sleeper.kill()
    await sleeper.wait()


async def test_closed_in_order_nothing_is_left_behind() -> None:
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
    await until(lambda: bus.hearing)
    assert asyncio.all_tasks() > before
    await bus.close()
    await presence.close()
    await redis.close()
    await valkey.stop()
    assert asyncio.all_tasks() == before
