"""An ear on a bus, and the moment from which a bus says things to those only who want them."""

from chat.cluster.bus.bus import Bus, BusTiming
from tests.cluster.servers import until

# Deaf later than unanswered, as in the standard.
QUICK = BusTiming(beat_s=0.1, deaf_s=1.5)
ROOM = "/visitor v:1"
MARK, STRAY = b"all of you", b"nobody"


class Ear:
    """What a node has heard, and how often it was told to catch up."""

    def __init__(self) -> None:
        self.all: list[bytes] = []
        self.healed = 0

    @property
    def heard(self) -> list[bytes]:
        """Without the words of `aims`."""
        return [payload for payload in self.all if payload not in (MARK, STRAY)]

    def hear(self, payload: bytes) -> None:
        self.all.append(payload)

    def heal(self) -> None:
        self.healed += 1


async def aims(speaker: Bus, *ears: Ear) -> None:
    """Wait until what is wanted by nobody reaches nobody; whoever has these ears holds the room "all"."""

    async def aimed() -> bool:
        for ear in ears:
            ear.all[:] = ear.heard
        speaker.send(["nobody's"], STRAY)
        speaker.send(["all"], MARK)
        await until(lambda: all(MARK in ear.all for ear in ears))
        return not any(STRAY in ear.all for ear in ears)

    await until(aimed)
