"""Redis hangs, is killed or refuses: callers get an error soon, and the client notices when it is back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import uvloop
from redis.asyncio import Redis as Client

from chat.cluster.redis_client import MAX_CONCURRENT, Redis, RedisUnavailable
from tests.cluster.servers import TIMEOUT_S, Server, until


async def ping(client: Client) -> bool:
    return bool(await client.ping())


def since(redis: Redis) -> float | None:
    return redis.available_since


async def execute(client: Any, *command: str) -> None:  # noqa: ANN401 - the library's method has no annotations
    await client.execute_command(*command)


def refuses(redis: Redis) -> bool:
    return redis.refuses


async def test_available_since_is_the_first_answer(redis: Redis) -> None:
    assert since(redis) is None
    assert await redis.call(ping)
    first = since(redis)
    assert first is not None
    assert await redis.call(ping)
    assert since(redis) == first


async def test_after_a_hang_later_callers_do_not_wait(server: Server, redis: Redis) -> None:
    await redis.call(ping)
    before = since(redis)
    assert before is not None
    server.pause()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
    assert since(redis) is None
    called: list[Client] = []

    async def recorded_ping(client: Client) -> bool:
        called.append(client)
        return await ping(client)

    with pytest.raises(RedisUnavailable):
        await redis.call(recorded_ping)
    assert not called
    server.resume()
    await until(lambda: (since(redis) or 0) > before)
    assert await redis.call(ping)


async def test_after_a_restart_redis_is_available_again(server: Server, redis: Redis) -> None:
    await redis.call(ping)
    before = since(redis)
    assert before is not None
    await server.kill()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
    await server.start()
    await until(lambda: (since(redis) or 0) > before)
    assert await redis.call(ping)


async def on_broken_connection(client: Client) -> None:
    """The connection breaks between the library's check and the write."""
    connection = client.connection_pool._available_connections[-1]
    assert connection._writer
    connection._writer.transport.abort()
    for _ in range(3):  # let the event loop close it
        await asyncio.sleep(0)
    await connection.send_command("PING")


def test_a_connection_that_breaks_before_the_write_makes_redis_unavailable_for_a_moment(tmp_path: Path) -> None:
    """On uvloop, as in production, which raises a RuntimeError that the library does not translate."""

    async def break_and_call() -> None:
        server = Server(tmp_path)
        await server.start()
        redis = Redis(server.url)
        try:
            await redis.call(ping)
            before = since(redis) or 0
            with pytest.raises(RedisUnavailable):
                await redis.call(on_broken_connection)
            await until(lambda: (since(redis) or 0) > before)
            assert await redis.call(ping)
        finally:
            await redis.close()
            await server.kill()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(break_and_call())


async def test_an_error_reply_is_unavailable_for_the_caller_only(redis: Redis) -> None:
    await redis.call(lambda client: client.set("guichet:word", "hello"))
    before = since(redis)
    with pytest.raises(RedisUnavailable):
        await redis.call(lambda client: client.incr("guichet:word"))
    assert since(redis) == before
    assert await redis.call(ping)


async def test_the_first_refusal_of_a_kind_is_logged_by_its_code(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.call(lambda client: client.set("guichet:word", "hello"))
    assert not refuses(redis)
    for _ in range(2):
        with pytest.raises(RedisUnavailable):
            await redis.call(lambda client: client.incr("guichet:word"))
    await redis.call(
        lambda client: client.acl_setuser("reader", enabled=True, nopass=True, commands=["+ping", "+auth", "+eval"])
    )
    await redis.call(lambda client: execute(client, "AUTH", "reader", "any"))
    with pytest.raises(RedisUnavailable):
        await redis.call(lambda client: client.get("guichet:word"))
    with pytest.raises(RedisUnavailable):
        await redis.call(lambda client: client.eval("return redis.error_reply('MISCONF no disk')", 0))
    assert [record.message for record in caplog.records] == [
        "redis refuses commands: ERR",
        "redis refuses commands: NOPERM",
        "redis refuses commands: MISCONF",
    ]
    assert refuses(redis)
    assert await redis.call(ping)


async def test_cancelled_callers_release_their_slots(server: Server, redis: Redis) -> None:
    await redis.call(ping)
    server.pause()
    callers = [asyncio.create_task(redis.call(ping)) for _ in range(3 * MAX_CONCURRENT)]
    await asyncio.sleep(0)
    for caller in callers[::2]:
        caller.cancel()
    ends = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends[::2])
    assert all(isinstance(end, RedisUnavailable) for end in ends[1::2])
    server.resume()
    await until(lambda: since(redis) is not None)
    assert await asyncio.gather(*(redis.call(ping) for _ in range(3 * MAX_CONCURRENT))) == [True] * (3 * MAX_CONCURRENT)


async def test_a_caller_can_be_cancelled_at_any_point(redis: Redis) -> None:
    async def call_for_ever() -> None:
        while True:
            await redis.call(ping)

    for turns in range(200):
        caller = asyncio.create_task(call_for_ever())
        for _ in range(turns % 23):
            await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller], timeout=TIMEOUT_S)
        assert caller.cancelled()


async def test_errors_contain_no_password_or_path(server: Server) -> None:
    await server.kill()
    redis = Redis(f"{server.url}?password=correct-horse")
    with pytest.raises(RedisUnavailable) as error:
        await redis.call(ping)
    assert "correct-horse" not in str(error.value)
    assert str(server.folder) not in str(error.value)
    await redis.close()


async def test_close_during_redis_hang_leaves_no_tasks(server: Server) -> None:
    before = asyncio.all_tasks()
    redis = Redis(server.url)
    await redis.call(ping)
    server.pause()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
    assert asyncio.all_tasks() > before
    await redis.close()
    assert asyncio.all_tasks() == before
    server.resume()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
