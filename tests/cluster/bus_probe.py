"""Record what a bus delivers, and wait until a bus knows which nodes want what."""

from chat.cluster.bus.bus import Bus, BusTiming
from tests.cluster.servers import until

# The timeout is longer than that of a publish, as in the default.
QUICK = BusTiming(heartbeat_s=0.1, timeout_s=1.5)
ROOM = "/visitor v:1"
TO_ALL, TO_NOBODY = b"to the room of all nodes", b"to a room of no node"


class BusProbe:
    """The callbacks of one node's bus: records the payloads and counts the recoveries."""

    def __init__(self) -> None:
        self.all_payloads: list[bytes] = []
        self.recoveries = 0

    @property
    def payloads(self) -> list[bytes]:
        """The payloads without those of `wait_until_routed`."""
        return [payload for payload in self.all_payloads if payload not in (TO_ALL, TO_NOBODY)]

    def on_payload(self, payload: bytes) -> None:
        self.all_payloads.append(payload)

    def on_recovered(self) -> None:
        self.recoveries += 1


async def wait_until_routed(sender: Bus, *probes: BusProbe) -> None:
    """Wait until `sender` sends nothing to nodes without a subscription. The probes' nodes subscribe to "all"."""

    async def is_routed() -> bool:
        for probe in probes:
            probe.all_payloads[:] = probe.payloads
        sender.publish(["a room of no node"], TO_NOBODY)
        sender.publish(["all"], TO_ALL)
        await until(lambda: all(TO_ALL in probe.all_payloads for probe in probes))
        return not any(TO_NOBODY in probe.all_payloads for probe in probes)

    await until(is_routed)
