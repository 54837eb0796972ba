"""aiohttp's own answers, to requests that reach no middleware: without its version, and without what was sent."""

from aiohttp import web


class TerseHandler(web.RequestHandler):
    """Writes the answer of aiohttp to malformed HTTP or to an unknown Expect header anew: only its status stays."""

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        # The middlewares name the server.
        if isinstance(resp, web.Response) and not resp.prepared and "Server" not in resp.headers:
            resp.headers.update({"Server": "Guichet", "X-Content-Type-Options": "nosniff"})
            resp.content_type = "text/plain"
            resp.text = f"{resp.status} {resp.reason}"
        return await super().finish_response(request, resp, start_time)
