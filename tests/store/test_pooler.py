"""Behind a pooler in transaction mode nothing of the store stays on a connection, which the next client gets."""

from collections.abc import Iterator

import psycopg
import pytest

from chat.domain.messages.incoming import Post
from chat.domain.messages.post import post_batch
from tests import services
from tests.domain.conftest import install_at, node
from tests.domain.domain_driver import new_id
from tests.services import Postgres

# PgBouncer itself sets the settings named here for each client.
LEFT_BEHIND = """
    SELECT 'prepared ' || name FROM pg_prepared_statements
    UNION ALL SELECT 'setting ' || name FROM pg_settings WHERE source = 'session' AND name NOT IN
        ('application_name', 'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone', 'standard_conforming_strings')
    UNION ALL SELECT 'lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
    UNION ALL SELECT 'channel ' || channel FROM pg_listening_channels() channel
    UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE is_holdable
    UNION ALL SELECT 'table ' || relname FROM pg_class WHERE relpersistence = 't'
    ORDER BY 1
"""
SESSION_STATE = (
    "PREPARE guichet_0 AS SELECT 1",
    "SET lock_timeout = '5s'",
    "SELECT pg_advisory_lock(7)",
    "LISTEN news",
    "DECLARE kept CURSOR WITH HOLD FOR SELECT 1",
    "CREATE TEMPORARY TABLE numbers_of_ada (number int)",
)


@pytest.fixture
def address(postgres: Postgres) -> Iterator[str]:
    """A migrated database through a pooler, whose clients all share one connection."""
    with postgres.database() as direct, services.pgbouncer(direct, connections=1) as pooled:
        install_at(pooled)
        yield pooled


def left_behind(address: str) -> list[str]:
    """The session's state on the pooler's connection."""
    # Without a transaction: an idle client would keep the only connection.
    with psycopg.connect(address, autocommit=True, prepare_threshold=None) as connection:
        return [row[0] for row in connection.execute(LEFT_BEHIND)]


async def test_chats_on_two_nodes_leave_nothing_on_the_connection(address: str) -> None:
    async with node(address) as one, node(address) as other:
        ada, vic = await one.agent("Ada"), one.visitor("Vic")
        await vic.starts()
        await ada.claims(vic.ticket)
        for _ in range(6):  # the driver prepares what it has executed five times
            await ada.says(vic.ticket)
            await ada.notes(vic.ticket)
            await vic.says()
        for _ in range(2):
            await other.store.post(post_batch, Post(vic.ticket, new_id(), "Merci", one.context, visitor_id=vic.id))
        assert [row.text for row in await other.thread(vic.ticket)][-2:] == ["Merci", "Merci"]
        assert left_behind(address) == []
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in SESSION_STATE:
            connection.execute(statement.encode())
    assert [line.split()[0] for line in left_behind(address)] == [
        *("channel", "cursor", "lock", "prepared", "setting", "table")
    ]
