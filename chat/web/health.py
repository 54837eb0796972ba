"""What operators look at: alive, ready, and numbers."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import Connection, text

from chat.live.redis import RedisAway
from chat.store.works import Unavailable
from chat.web.answers import told
from chat.web.doors import Doors, doors_of


async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return told({"ok": True})


async def readyz(request: web.Request) -> web.Response:
    """200 when the database can be read. Redis is named but not required: without it new visitors get the form."""
    doors = doors_of(request)
    database = await can_read(doors)
    redis = await can_ask(doors)
    words = {True: "ok", False: "away"}
    return told({"ok": database, "database": words[database], "redis": words[redis]}, 200 if database else 503)


async def can_read(doors: Doors) -> bool:
    try:
        return await doors.works.read(one)
    except Unavailable:
        return False


def one(sql: Connection) -> bool:
    return sql.execute(text("SELECT 1")).scalar() == 1


async def can_ask(doors: Doors) -> bool:
    try:
        await doors.redis.ask(lambda client: client.ping())
    except RedisAway:
        return False
    return True


async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text: counts and times by route, nothing about anybody."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
