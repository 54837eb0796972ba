"""The migrations create exactly the schema of chat/store/tables, and two processes may run them at once."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from chat.domain.messages.fast_path import apply_messages
from chat.store.engines import Database
from chat.store.message_writers.base import NewMessageRow, TicketCounters
from chat.store.migrations import alembic_config, head_is, migrate
from chat.store.tables import metadata
from tests.services import Postgres


def schema(url: str) -> list[str]:
    """The whole schema as the database has it, with checks, keys and conditions of indexes."""
    database = Database(url)
    question = SQLITE_SCHEMA if database.is_sqlite else POSTGRESQL_SCHEMA
    with database.writes.begin() as sql:
        # SQLite writes an added column as ", name TYPE" behind the last one, on its line.
        lines = (re.split(r"\n|, (?=\w+ [A-Z]{3})", entry) for entry in sql.scalars(text(question)))
        found = sorted(part.strip() for entry in lines for part in entry)
    database.close()
    # SQLite quotes the name of a table that was created again.
    normalized = (re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", entry).rstrip(",") for entry in found)
    return sorted(entry for entry in normalized if "alembic_version" not in entry)


SQLITE_SCHEMA = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"
POSTGRESQL_SCHEMA = """
    SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable,
                     column_default)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


@pytest.fixture
def created_from_metadata(request: pytest.FixtureRequest, url: str) -> Iterator[str]:
    """A second database of the same kind, created from the tables."""
    if url.startswith("sqlite"):
        other = url.replace("guichet.db", "other.db")
        create_tables(other)
        yield other
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        with postgres.database() as other:
            create_tables(other)
            yield other


def create_tables(url: str) -> None:
    database = Database(url)
    with database.writes.begin() as sql:
        metadata.create_all(sql)
    database.close()


# Alembic can't compare expressions, and warns on SQLite; `schema` below compares what the databases say.
EXPRESSION_INDEXES = {"ix_tickets_queue", "ix_tickets_due"}
COMPARED = {"include_object": lambda _thing, name, *_: name not in EXPRESSION_INDEXES}


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_migrations_create_the_same_schema_as_the_tables(url: str, created_from_metadata: str) -> None:
    migrate(url)
    database = Database(url)
    with database.writes.begin() as sql:
        assert compare_metadata(MigrationContext.configure(sql, opts=COMPARED), metadata) == []
    database.close()
    assert any("live" in entry for entry in schema(created_from_metadata))
    assert schema(url) == schema(created_from_metadata)


def test_migrate_reaches_head_and_may_run_again(url: str) -> None:
    assert not head_is(url)
    migrate(url)
    assert head_is(url)
    migrate(url)
    assert head_is(url)


def test_two_processes_migrate_at_once(url: str) -> None:
    code = "import sys; from chat.store.migrations import migrate; migrate(sys.argv[1])"
    processes = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert head_is(url)


BEFORE_FIELD_NAMES = """
    INSERT INTO sites (id, key, name, origins, created_at) VALUES (1, 'demo', 'Demo', '[]', 0);
    INSERT INTO agents (id, public_id, email, name, role, languages, capacity, state, state_since, missed, away_why,
        idle_since, created_at)
    VALUES (1, 'a_1', 'ada@example.com', 'Ada', 'agent', '[]', 4, 'away', 0, 1, 'missed', 0, 0);
    INSERT INTO visitors (id, public_id, site_id, token_hash, verified, locale, created_at)
    VALUES (1, 'v_1', 1, 'hash', false, 'fr', 0);
    INSERT INTO tickets (id, public_id, site_id, visitor_id, status, channel, kind, locale, last_at, created_at,
        updated_at, visitor_state, visitor_since, last_seq, priority, read_visitor, read_agent, queue_place, taken_at,
        waiting_since, freed_at, lost_agent_id, lost_until, due, kept_at)
    VALUES (1, 't_1', 1, 1, 'live', 'chat', 'question', 'fr', 0, 0, 0, 'here', 0, 1, 7, 2, 3, 4, 5, 6, 8, 1, 9, 10, 11);
    INSERT INTO messages (id, ticket_id, seq, public_id, author, text, at)
    VALUES (1, 1, 1, 'm_1', 'visitor', 'Hello', 0);
    INSERT INTO offers (id, ticket_id, agent_id, giver_id, rule, made_at, expires_at)
    VALUES (1, 1, 1, 1, 'handed_over', 0, 60000)
"""
AFTER_FIELD_NAMES = {
    "SELECT missed_offers, away_reason FROM agents": (1, "missed"),
    "SELECT visitor_read_seq, agent_read_seq, queue_position, assigned_at, unanswered_since, slot_released_at,"
    " previous_agent_id, return_deadline, promise_due_at, promise_kept_at, preview FROM tickets": (
        *(2, 3, 4, 5, 6, 8, 1, 9, 10, 11),
        "",
    ),
    "SELECT ticket_id, text FROM messages": (1, "Hello"),
    "SELECT from_agent_id FROM offers WHERE ended_at IS NULL": (1,),
}


def test_rows_from_before_the_field_names_keep_their_values(url: str) -> None:
    database = Database(url)
    with database.writes.begin() as sql:
        command.upgrade(alembic_config(sql), "0002")
        for statement in BEFORE_FIELD_NAMES.split(";"):
            sql.execute(text(statement))
    database.close()
    migrate(url)
    database = Database(url)
    with database.reads.begin() as sql:
        assert {query: tuple(sql.execute(text(query)).one()) for query in AFTER_FIELD_NAMES} == AFTER_FIELD_NAMES
    database.close()


STALE_ROW = """
    INSERT INTO sites (id, key, name, origins, created_at) VALUES (1, 'demo', 'Demo', '[]', 0);
    INSERT INTO visitors (id, public_id, site_id, token_hash, verified, locale, created_at)
    VALUES (1, 'v_1', 1, 'hash', false, 'fr', 0);
    INSERT INTO tickets (id, public_id, site_id, visitor_id, status, channel, kind, locale, last_at, created_at,
        updated_at, visitor_state, visitor_since, rev, last_seq, visitor_read_seq, unread, unanswered_since)
    VALUES (1, 't_1', 1, 1, 'live', 'chat', 'question', 'fr', 10, 0, 10, 'here', 0, 5, 1, 1, 1, 10);
    INSERT INTO messages (ticket_id, seq, public_id, author, text, at) VALUES
        (1, 1, 'm_1', 'visitor', 'Hello', 10), (1, 2, 'm_2', 'agent:1', 'Yes?', 20),
        (1, 3, 'm_3', 'visitor', 'Where is', 30), (1, 4, 'm_4', 'visitor', ' my  parcel? ', 40)
"""


def test_stale_ticket_rows_of_older_versions_are_updated(url: str) -> None:
    """Older versions on SQLite wrote a ticket's row up to a second after its messages."""
    before = TicketCounters(1, 5, 1, 1, 0, 1, 10, "visitor", "", 10, None)
    new = [
        NewMessageRow(1, 2, "m_2", "c_2", "agent:1", 1, None, "Yes?", 20),
        NewMessageRow(1, 3, "m_3", "c_3", "visitor", None, None, "Where is", 30),
        NewMessageRow(1, 4, "m_4", "c_4", "visitor", None, None, " my  parcel? ", 40),
    ]
    database = Database(url)
    with database.writes.begin() as sql:
        command.upgrade(alembic_config(sql), "0003")
        for statement in STALE_ROW.split(";"):
            sql.execute(text(statement))
        assert stored_counters(sql, TicketCounters._fields[:-1]) == before[:-1]
    database.close()
    migrate(url)
    database = Database(url)
    with database.reads.begin() as sql:
        assert stored_counters(sql) == apply_messages(before, new, "a_1")
        assert sql.execute(text("SELECT updated_at FROM tickets")).scalar() == 40
    database.close()


def stored_counters(sql: Connection, names: Sequence[str] = TicketCounters._fields) -> tuple[object, ...]:
    return tuple(sql.execute(text(f"SELECT {', '.join(names)} FROM tickets")).one())
