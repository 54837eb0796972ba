"""What all tables share: the metadata, column types, public ids and the conditions of partial indexes."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    literal_column,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime kept as whole UTC milliseconds: the same order and arithmetic on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_millis(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_millis(value)


def to_millis(moment: datetime) -> int:
    """A moment as the database has it. Refuses naive datetimes (TypeError): without a zone it is a mistake."""
    return (moment - _EPOCH) // _MILLISECOND


def from_millis(milliseconds: int) -> datetime:
    """The reverse of `kept`."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def new_id(prefix: str) -> str:
    """An opaque public id of 96 random bits; never sequential, so that it tells nothing of its neighbours."""
    return new_ids(prefix, 1)[0]


def new_ids(prefix: str, count: int) -> list[str]:
    """Many of them: random bytes cost little more than the asking for them."""
    drawn = secrets.token_urlsafe(12 * count)
    return [f"{prefix}_{drawn[at : at + 16]}" for at in range(0, 16 * count, 16)]


# SQLite only numbers rows by itself for a plain INTEGER key.
Key = BigInteger().with_variant(Integer(), "sqlite")


# none_as_null: an absent value is SQL's NULL, not the JSON word null.
Json = JSON(none_as_null=True)


def primary_key() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def reference(name: str, target: str, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(name, Key, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


# What the condition of a partial index says, a query must say in the same words: neither database sees through a
# bound value, and none of these is anybody's input.
LIVE, OPEN, GONE = (literal_column(f"'{word}'", String) for word in ("live", "open", "gone"))
UNFINISHED = tuple(literal_column(f"'{status}'", String) for status in ("live", "open", "pending", "on_hold"))


# Without a promise: after all that have one.
NO_PROMISE = literal_column(str(2**53), BigInteger)
IS_WAITING = "status = 'live' AND assignee_id IS NULL"
IS_UNFINISHED = "status IN ('live', 'open', 'pending', 'on_hold')"


def vocabulary_check(column: str, vocabulary: object) -> CheckConstraint:
    """The column holds one of a word list of chat/vocabulary.py."""
    listed = ", ".join(f"'{word}'" for word in get_args(vocabulary))
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """One of the rows of which `where` is true; a column in brackets is an expression."""
    parts = (text(column) if column.startswith("(") else column for column in columns)
    return Index(name, *parts, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
