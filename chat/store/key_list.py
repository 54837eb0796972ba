"""Many keys as one parameter: a statement with one parameter each is compiled and parsed for each number of keys."""

import json
from collections.abc import Collection
from typing import Any, Self

from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Keys(TypeDecorator[Collection[int]]):
    """Integer keys: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return ARRAY(BigInteger) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> list[int] | str | None:
        found = list(value or ())
        return found if dialect.name == "postgresql" else json.dumps(found)


class InKeys(FunctionElement[bool]):
    """Whether a column is one of the keys that are bound to a name."""

    name = "in_keys"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:
        """Unchanged: SQLite has no booleans, and the "= 1" that SQLAlchemy appends hides the index from it."""
        return self


def in_keys(column: ColumnElement[int], name: str = "keys") -> InKeys:
    """Whether `column` is one of the keys that the execution passes as `name`."""
    return InKeys(column, bindparam(name, type_=Keys()))


@compiles(InKeys)
def _compile_in_keys(one: InKeys, compiler: SQLCompiler, **how: object) -> str:
    column, keys = (compiler.process(part, **how) for part in one.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY({keys})"
    return f"{column} IN (SELECT value FROM json_each({keys}))"
