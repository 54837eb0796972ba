import asyncio

from engineio.packet import Packet

class AsyncSocket:
    sid: str
    queue: asyncio.Queue[Packet | None]
    closed: bool
    closing: bool
    last_ping: float | None
    async def send(self, pkt: Packet) -> None: ...
    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None: ...
    async def check_ping_timeout(self) -> bool: ...
