"""Routes for operators: whether the process lives, whether it is ready, and its metrics."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, text

from chat.cluster.redis_client import RedisUnavailable
from chat.store.transaction import Unavailable
from chat.web.core.context import WebContext, context_of
from chat.web.core.responses import json_response


async def healthz(request: web.Request) -> web.Response:
    """200 while the process answers requests."""
    return json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """200 if the database can be read, else 503. Redis is reported but not required: without it new visitors get
    the form."""
    context = context_of(request)
    database = await can_read_database(context)
    redis = await can_reach_redis(context)
    states = {True: "ok", False: "away"}
    return json_response(
        {"ok": database, "database": states[database], "redis": states[redis]}, 200 if database else 503
    )


async def can_read_database(context: WebContext) -> bool:
    try:
        return await context.store.read(select_one)
    except Unavailable:
        return False


def select_one(sql: Connection) -> bool:
    return sql.execute(text("SELECT 1")).scalar() == 1


async def can_reach_redis(context: WebContext) -> bool:
    try:
        await context.redis.call(lambda client: client.ping())
    except RedisUnavailable:
        return False
    return True


async def metrics(request: web.Request) -> web.Response:
    """Metrics in Prometheus' text format: counts and times by route, no personal data."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
