"""The parts that tables are made of: metadata, column types, keys, checks, partial indexes and public ids."""

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
    """An aware datetime, stored as whole UTC milliseconds: both databases order and subtract them alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_millis(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_millis(value)


def to_millis(moment: datetime) -> int:
    """A moment as the database stores it. Raises TypeError for a naive datetime: a missing zone is a bug."""
    return (moment - _EPOCH) // _MILLISECOND


def from_millis(milliseconds: int) -> datetime:
    """The inverse of `to_millis`."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def new_id(prefix: str) -> str:
    """An opaque public id of 96 random bits. Not sequential: an id reveals nothing about other rows."""
    return new_ids(prefix, 1)[0]


def new_ids(prefix: str, count: int) -> list[str]:
    """Several ids in one call: drawing random bytes costs little more than the call."""
    random_text = secrets.token_urlsafe(12 * count)
    return [f"{prefix}_{random_text[start : start + 16]}" for start in range(0, 16 * count, 16)]


# SQLite numbers rows by itself only for a plain INTEGER key.
Key = BigInteger().with_variant(Integer(), "sqlite")
# none_as_null: an absent value is stored as SQL NULL, not as the JSON text null.
Json = JSON(none_as_null=True)


def primary_key() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def reference(name: str, target: str, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(name, Key, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def vocabulary_check(column: str, vocabulary: object) -> CheckConstraint:
    """The column has one of the values of a Literal of chat/vocabulary.py."""
    listed = ", ".join(f"'{value}'" for value in get_args(vocabulary))
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows that meet `where`. A column in brackets is an expression."""
    parts = (text(column) if column.startswith("(") else column for column in columns)
    return Index(name, *parts, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
