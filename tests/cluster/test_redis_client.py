"""Redis may be hung, killed or refusing: whoever asks hears so soon, and its return is noticed."""

import asyncio
from pathlib import Path

import pytest
import uvloop
from redis.asyncio import Redis as Client

from chat.cluster.redis_client import MAX_CONCURRENT, Redis, RedisUnavailable
from tests.cluster.servers import PATIENCE_S, Server, until


async def ping(client: Client) -> bool:
    return bool(await client.ping())


def since(redis: Redis) -> float | None:
    return redis.answering_since


async def test_the_first_answer_dates_the_answering(redis: Redis) -> None:
    assert since(redis) is None
    assert await redis.call(ping)
    first = since(redis)
    assert first is not None
    assert await redis.call(ping)
    assert since(redis) == first


async def test_hung_it_is_away_and_the_next_callers_do_not_wait(server: Server, redis: Redis) -> None:
    await redis.call(ping)
    before = since(redis)
    assert before is not None
    server.hang()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
    assert since(redis) is None
    asked: list[Client] = []

    async def noted_ping(client: Client) -> bool:
        asked.append(client)
        return await ping(client)

    with pytest.raises(RedisUnavailable):
        await redis.call(noted_ping)
    assert not asked
    server.go_on()
    await until(lambda: (since(redis) or 0) > before)
    assert await redis.call(ping)


async def test_killed_and_started_again_it_answers_anew(server: Server, redis: Redis) -> None:
    await redis.call(ping)
    before = since(redis)
    assert before is not None
    await server.kill()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
    await server.start()
    await until(lambda: (since(redis) or 0) > before)
    assert await redis.call(ping)


async def on_a_cut_line(client: Client) -> None:
    """The line breaks after it was found to be whole, and before it is written to."""
    connection = client.connection_pool._available_connections[-1]
    assert connection._writer
    connection._writer.transport.abort()
    for _ in range(3):  # turns of the loop, in which it is closed
        await asyncio.sleep(0)
    await connection.send_command("PING")


def test_a_line_that_breaks_while_it_is_taken_up_is_away_and_mended(tmp_path: Path) -> None:
    """On production's loop, which has a word of its own for it that the library lets through."""

    async def cut_and_ask() -> None:
        server = Server(tmp_path)
        await server.start()
        redis = Redis(server.url)
        try:
            await redis.call(ping)
            before = since(redis) or 0
            with pytest.raises(RedisUnavailable):
                await redis.call(on_a_cut_line)
            await until(lambda: (since(redis) or 0) > before)
            assert await redis.call(ping)
        finally:
            await redis.close()
            await server.kill()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(cut_and_ask())


async def test_a_refusal_is_away_for_the_caller_but_no_break(redis: Redis) -> None:
    await redis.call(lambda client: client.set("guichet:word", "hello"))
    before = since(redis)
    with pytest.raises(RedisUnavailable):
        await redis.call(lambda client: client.incr("guichet:word"))
    assert since(redis) == before
    assert await redis.call(ping)


async def test_cancelled_callers_give_their_lanes_back(server: Server, redis: Redis) -> None:
    await redis.call(ping)
    server.hang()
    callers = [asyncio.create_task(redis.call(ping)) for _ in range(3 * MAX_CONCURRENT)]
    await asyncio.sleep(0)
    for caller in callers[::2]:
        caller.cancel()
    ends = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends[::2])
    assert all(isinstance(end, RedisUnavailable) for end in ends[1::2])
    server.go_on()
    await until(lambda: since(redis) is not None)
    assert await asyncio.gather(*(redis.call(ping) for _ in range(3 * MAX_CONCURRENT))) == [True] * (3 * MAX_CONCURRENT)


async def test_a_cancelled_caller_ends_wherever_it_stands(redis: Redis) -> None:
    async def ask_for_ever() -> None:
        while True:
            await redis.call(ping)

    for turns in range(200):
        caller = asyncio.create_task(ask_for_ever())
        for _ in range(turns % 23):
            await asyncio.sleep(0)
        caller.cancel()
        await asyncio.wait([caller], timeout=PATIENCE_S)
        assert caller.cancelled()


async def test_what_it_says_when_away_holds_no_password(server: Server) -> None:
    await server.kill()
    redis = Redis(f"{server.url}?password=correct-horse")
    with pytest.raises(RedisUnavailable) as away:
        await redis.call(ping)
    assert "correct-horse" not in str(away.value)
    assert str(server.folder) not in str(away.value)
    await redis.close()


async def test_closed_while_hung_it_leaves_nothing_behind(server: Server) -> None:
    before = asyncio.all_tasks()
    redis = Redis(server.url)
    await redis.call(ping)
    server.hang()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
    assert asyncio.all_tasks() > before
    await redis.close()
    assert asyncio.all_tasks() == before
    server.go_on()
    with pytest.raises(RedisUnavailable):
        await redis.call(ping)
