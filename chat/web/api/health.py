"""What operators look at: alive, ready, and numbers."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, text

from chat.cluster.redis_client import RedisUnavailable
from chat.store.transaction import Unavailable
from chat.web.core.context import WebContext, context_of
from chat.web.core.responses import json_response


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """200 when the database can be read. Redis is named but not required: without it new visitors get the form."""
    context = context_of(request)
    database = await can_read(context)
    redis = await can_ask(context)
    words = {True: "ok", False: "away"}
    return json_response({"ok": database, "database": words[database], "redis": words[redis]}, 200 if database else 503)


async def can_read(context: WebContext) -> bool:
    try:
        return await context.store.read(one)
    except Unavailable:
        return False


def one(sql: Connection) -> bool:
    return sql.execute(text("SELECT 1")).scalar() == 1


async def can_ask(context: WebContext) -> bool:
    try:
        await context.redis.call(lambda client: client.ping())
    except RedisUnavailable:
        return False
    return True


async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text: counts and times by route, nothing about anybody."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
