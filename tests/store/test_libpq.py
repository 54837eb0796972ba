"""Statements through libpq itself raise the driver's errors."""

import psycopg
import pytest

from chat.store.engines import is_transient
from chat.store.libpq import Libpq


async def test_commit_of_a_failed_transaction_raises(postgresql: str) -> None:
    """PostgreSQL answers that COMMIT with ROLLBACK and no error."""
    with psycopg.connect(postgresql) as driver:
        library = Libpq(driver)
        library.begin()
        with pytest.raises(psycopg.errors.DivisionByZero):
            library.query("SELECT 1 / length($1)", "")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            library.commit()
        library.begin()
        assert library.query("SELECT $1 || 'ô'", "ç") == "çô".encode()
        library.commit()


async def test_an_error_unknown_to_the_driver_keeps_its_sqlstate(postgresql: str) -> None:
    """Without a SQLSTATE it would count as a server that is away, and be retried for seconds."""
    with psycopg.connect(postgresql) as driver, pytest.raises(psycopg.DatabaseError) as raised:
        Libpq(driver).query("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'ZZ999'; END $$")
    assert raised.value.sqlstate == "ZZ999"
    assert not is_transient(raised.value)
