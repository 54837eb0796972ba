"""Routes for operators: whether the process lives, whether it is ready, and its metrics."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, text

from chat.cluster.redis_client import RedisUnavailable
from chat.domain.refusals import NotAllowed
from chat.store.transaction import Unavailable
from chat.web.core.context import WebContext, context_of
from chat.web.core.proxies import is_from, is_local
from chat.web.core.responses import json_response


async def healthz(request: web.Request) -> web.Response:
    """200 while the process answers requests."""
    return json_response({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """200 if the database can be read, else 503. Redis is reported ("ok", "away" or "refuses") but not required:
    without it new visitors get the form."""
    context = context_of(request)
    database = await can_read_database(context)
    states = {"ok": database, "database": "ok" if database else "away", "redis": await redis_state(context)}
    return json_response(states, 200 if database else 503)


async def can_read_database(context: WebContext) -> bool:
    try:
        return await context.store.read(select_one)
    except Unavailable:
        return False


def select_one(sql: Connection) -> bool:
    return sql.execute(text("SELECT 1")).scalar() == 1


async def redis_state(context: WebContext) -> str:
    """ "refuses": it answers, but answered a command with an error in the last minute; the log says which."""
    try:
        await context.redis.call(lambda client: client.ping())
    except RedisUnavailable:
        return "refuses" if context.redis.refuses else "away"
    return "refuses" if context.redis.refuses else "ok"


async def metrics(request: web.Request) -> web.Response:
    """Metrics in Prometheus' text format: counts and times by route, no personal data. 403 except for this machine and
    the networks of METRICS_ALLOW."""
    settings = context_of(request).settings
    if not (is_local(request) or is_from(request, settings.metrics_allow, settings.trusted_proxies)):
        raise NotAllowed("METRICS_ALLOW does not name this address")
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
