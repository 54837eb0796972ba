"""The bus: subscribers receive everything while Redis is reachable, and a node notices when it received nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio.client import PubSub

from chat.cluster.bus.bus import Bus, BusTiming
from chat.cluster.bus.send_queue import OVERHEAD
from chat.cluster.redis_client import Redis
from tests.cluster.bus_probe import QUICK, ROOM, BusProbe, wait_until_routed
from tests.cluster.servers import Server, SubscriptionProxy, until

StartBus = Callable[..., Awaitable[Bus]]


@pytest.fixture
async def start_bus() -> AsyncIterator[StartBus]:
    """Starts a bus that subscribes to `rooms`, waits until it receives, and closes it after the test."""
    buses: list[Bus] = []

    async def start(bus: Bus, *rooms: str) -> Bus:
        buses.append(bus)
        for room in rooms:
            bus.subscribe(room)
        await bus.start()
        await until(lambda: bus.is_receiving)
        return bus

    yield start
    for bus in buses:
        await bus.close()


async def test_the_other_node_receives_all_in_order_and_the_sender_nothing(
    redis: Redis, other_redis: Redis, start_bus: StartBus
) -> None:
    here, there = BusProbe(), BusProbe()
    sender = await start_bus(Bus(redis, "one", here.on_payload, timing=QUICK), ROOM)
    replying = await start_bus(Bus(other_redis, "two", there.on_payload, timing=QUICK), ROOM, "all")
    sent = [f"message {number}".encode() for number in range(3000)]
    for payload in sent[:1000]:
        sender.publish([ROOM], payload)
    await wait_until_routed(sender, there)
    for payload in sent[1000:]:
        sender.publish([ROOM], payload)
    await until(lambda: len(there.payloads) == len(sent))
    assert there.payloads == sent
    replying.publish([ROOM], b"the answer")
    await until(lambda: here.payloads == [b"the answer"])
    assert sender.dropped == 0


async def test_only_subscribed_nodes_receive_a_payload_and_only_once(redis: Redis, start_bus: StartBus) -> None:
    probes = [BusProbe() for _ in range(4)]
    buses = [
        await start_bus(Bus(redis, f"node {number}", probe.on_payload, timing=QUICK), "all", *rooms)
        for number, (probe, rooms) in enumerate(zip(probes, [("a",), ("a", "b"), ("b",), ()], strict=True))
    ]
    await wait_until_routed(buses[0], *probes[1:])
    buses[0].publish(["a", "b"], b"to both")
    buses[0].publish(["a"], b"to the first")
    buses[0].publish(["all"], b"to all")
    await until(lambda: all(b"to all" in probe.payloads for probe in probes[1:]))
    assert [probe.payloads[:-1] for probe in probes[1:]] == [[b"to both", b"to the first"], [b"to both"], []]
    assert probes[0].payloads == []


async def test_payloads_follow_a_subscription_to_another_node(redis: Redis, start_bus: StartBus) -> None:
    here, there = BusProbe(), BusProbe()
    sender = await start_bus(Bus(redis, "one", BusProbe().on_payload, timing=QUICK))
    left = await start_bus(Bus(redis, "two", here.on_payload, timing=QUICK), ROOM, "all")
    entered = await start_bus(Bus(redis, "three", there.on_payload, timing=QUICK), "all")
    await wait_until_routed(sender, here, there)
    entered.subscribe(ROOM)
    left.unsubscribe(ROOM)

    async def followed() -> bool:
        here.all_payloads.clear()
        sender.publish([ROOM], b"where are you?")
        sender.publish(["all"], b"over")
        await until(lambda: b"over" in here.payloads and b"over" in there.payloads)
        return b"where are you?" not in here.payloads and b"where are you?" in there.payloads

    await until(followed)


async def test_a_closed_peer_is_removed(redis: Redis, start_bus: StartBus) -> None:
    probe = BusProbe()
    staying = await start_bus(Bus(redis, "one", BusProbe().on_payload, timing=QUICK))
    leaving = await start_bus(Bus(redis, "two", probe.on_payload, timing=QUICK), "all")
    await wait_until_routed(staying, probe)
    assert not staying.has_no_peers
    await leaving.close()
    await until(lambda: staying.has_no_peers)


async def test_a_half_open_connection_is_noticed_and_replaced(
    proxy: SubscriptionProxy, other_redis: Redis, start_bus: StartBus
) -> None:
    redis = Redis(proxy.url)
    probe = BusProbe()
    await redis.call(lambda client: client.ping())
    receiver = await start_bus(Bus(redis, "one", probe.on_payload, probe.on_recovered, QUICK), ROOM)
    sender = await start_bus(Bus(other_redis, "two", BusProbe().on_payload), ROOM)
    proxy.discard_messages()
    sender.publish([ROOM], b"lost")
    await until(lambda: proxy.discarded_bytes > 0)
    await until(lambda: probe.recoveries == 1)
    assert receiver.is_receiving
    sender.publish([ROOM], b"received")
    await until(lambda: probe.payloads == [b"received"])
    assert redis.available_since is not None
    await receiver.close()
    await redis.close()


async def test_a_node_that_gets_replies_but_no_messages_notices_it(
    proxy: SubscriptionProxy, start_bus: StartBus
) -> None:
    redis = Redis(proxy.url)
    probe = BusProbe()
    receiver = await start_bus(Bus(redis, "one", probe.on_payload, probe.on_recovered, QUICK))
    proxy.discard_messages(keep_replies=True)
    await until(lambda: probe.recoveries == 1)
    await until(lambda: receiver.is_receiving)
    await receiver.close()
    await redis.close()


async def test_bus_recovers_after_redis_restart(
    server: Server, redis: Redis, other_redis: Redis, start_bus: StartBus
) -> None:
    here, there = BusProbe(), BusProbe()
    await redis.call(lambda client: client.ping())
    await start_bus(Bus(redis, "one", here.on_payload, here.on_recovered, QUICK), ROOM, "all")
    sender = await start_bus(Bus(other_redis, "two", there.on_payload, there.on_recovered, QUICK))
    before = redis.available_since
    assert before is not None
    assert here.recoveries == 0
    await server.kill()
    await server.start()
    await until(lambda: here.recoveries > 0 and there.recoveries > 0)
    await until(lambda: (redis.available_since or 0) > before)
    sender.publish([ROOM], b"still there?")
    await until(lambda: here.payloads == [b"still there?"])
    await wait_until_routed(sender, here)


async def test_bus_recovers_if_redis_hangs_after_a_broken_connection(
    server: Server, redis: Redis, start_bus: StartBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The break ends the task group, and the hang runs into the timeout of the next connection attempt."""
    tries = 0

    def counting_subscriber() -> PubSub:
        nonlocal tries
        tries += 1
        return subscriber()

    subscriber = redis.subscriber
    monkeypatch.setattr(redis, "subscriber", counting_subscriber)
    bus = await start_bus(Bus(redis, "one", BusProbe().on_payload, timing=QUICK))
    await server.kill()
    await until(lambda: not bus.is_receiving)
    await server.start()
    server.pause()
    tries_before = tries
    # An attempt that began during the hang has timed out.
    await until(lambda: tries == tries_before + 2)
    server.resume()
    await until(lambda: bus.is_receiving)


async def test_events_during_redis_hang_are_dropped_and_counted(
    server: Server, redis: Redis, other_redis: Redis, start_bus: StartBus
) -> None:
    probe = BusProbe()
    await redis.call(lambda client: client.ping())
    sender = await start_bus(Bus(redis, "one", BusProbe().on_payload, timing=QUICK))
    receiver = await start_bus(Bus(other_redis, "two", probe.on_payload, probe.on_recovered, QUICK), ROOM)
    server.pause()
    await until(lambda: redis.available_since is None)
    sender.publish([ROOM], b"into the void")
    await until(lambda: sender.dropped == 1 and not receiver.is_receiving)
    server.resume()
    await until(lambda: sender.is_receiving and probe.recoveries > 0)
    sender.publish([ROOM], b"afterwards")
    await until(lambda: len(probe.payloads) > 0)
    assert probe.payloads == [b"afterwards"]


async def test_bus_works_while_redis_is_flushed_and_full(redis: Redis, start_bus: StartBus) -> None:
    probe = BusProbe()
    sender = await start_bus(Bus(redis, "one", BusProbe().on_payload, timing=QUICK))
    await start_bus(Bus(redis, "two", probe.on_payload, probe.on_recovered, QUICK), ROOM, "all")
    await wait_until_routed(sender, probe)
    await redis.call(lambda client: client.flushall())
    await redis.call(lambda client: client.config_set("maxmemory-policy", "noeviction"))
    await redis.call(lambda client: client.config_set("maxmemory", 1))
    sender.publish([ROOM], b"still there?")
    await until(lambda: probe.payloads == [b"still there?"])
    assert probe.recoveries == 0


async def test_a_full_queue_drops_and_counts_the_oldest_payloads(
    redis: Redis, other_redis: Redis, start_bus: StartBus
) -> None:
    probe = BusProbe()
    await start_bus(Bus(other_redis, "two", probe.on_payload), ROOM)
    payloads = [b"%04d" % number * 250 for number in range(100)]
    sender = Bus(redis, "one", BusProbe().on_payload, timing=BusTiming(max_bytes=10 * (1000 + OVERHEAD)))
    for payload in payloads:
        sender.publish([ROOM], payload)
    assert sender.dropped == 90
    await start_bus(sender)
    await until(lambda: len(probe.payloads) == 10)
    assert probe.payloads == payloads[-10:]


async def test_close_sends_queued_payloads(redis: Redis, other_redis: Redis, start_bus: StartBus) -> None:
    probe = BusProbe()
    await start_bus(Bus(redis, "one", probe.on_payload), ROOM)
    leaving = await start_bus(Bus(other_redis, "two", BusProbe().on_payload))
    leaving.publish([ROOM], b"goodbye")
    await leaving.close()
    await until(lambda: probe.payloads == [b"goodbye"])


async def test_close_during_redis_hang_leaves_no_tasks(server: Server, redis: Redis) -> None:
    before = asyncio.all_tasks()
    bus = Bus(redis, "one", BusProbe().on_payload, timing=QUICK)
    await bus.start()
    await until(lambda: bus.is_receiving)
    assert asyncio.all_tasks() > before
    server.pause()
    bus.publish([ROOM], b"into the void")
    await bus.close()
    await redis.close()
    assert asyncio.all_tasks() == before
    server.resume()


async def test_bus_started_while_redis_is_down_receives_later(server: Server, redis: Redis) -> None:
    await server.kill()
    probe = BusProbe()
    bus = Bus(redis, "one", probe.on_payload, probe.on_recovered, QUICK)
    await bus.start()
    await until(lambda: redis.available_since is None)
    await server.start()
    await until(lambda: bus.is_receiving)
    await bus.close()
