"""A client of long polling without a library."""

import aiohttp
import orjson


class PollingClient:
    """One session, not opened yet unless its sid is known. `headers` go with every request."""

    def __init__(self, session: aiohttp.ClientSession, url: str, sid: str = "", **headers: str) -> None:
        self._session, self._url = session, url
        self.sid, self.headers = sid, headers
        # What the server said of the session when it opened it.
        self.opened: dict[str, object] = {}

    def address(self, transport: str = "polling") -> str:
        """The address of a request of this session."""
        return f"{self._url}/socket.io/?EIO=4&transport={transport}" + (f"&sid={self.sid}" if self.sid else "")

    async def open(self) -> str:
        """Open the session; returns its sid."""
        self.opened = orjson.loads((await self.poll())[1:])
        self.sid = str(self.opened["sid"])
        return self.sid

    async def post(self, *packets: str) -> int:
        """Send packets in one request; returns the status."""
        return (await self.answer_to("POST", "\x1e".join(packets)))[0]

    async def poll(self) -> str:
        """The packets of one poll."""
        return (await self.answer_to("GET"))[1]

    async def answer_to(self, method: str, body: str | bytes = b"") -> tuple[int, str]:
        """Status and text of the answer to a request."""
        async with self._session.request(method, self.address(), data=body, headers=self.headers) as answer:
            return answer.status, await answer.text()
