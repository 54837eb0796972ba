"""Many keys as one parameter: a statement that grows with them is made and parsed anew for each number of them."""

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
    """Whether a column is one of the keys that are bound under a name."""

    name = "among"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:
        """As it is: SQLite has no booleans, and the "= 1" that would be put behind it hides the index."""
        return self


def in_keys(column: ColumnElement[int], name: str = "keys") -> InKeys:
    """`column` is one of the keys given as `name` when the statement is executed."""
    return InKeys(column, bindparam(name, type_=Keys()))


@compiles(InKeys)
def _compiled(one: InKeys, compiler: SQLCompiler, **how: object) -> str:
    column, keys = (compiler.process(part, **how) for part in one.clauses)
    if compiler.dialect.name == "postgresql":
        return f"{column} = ANY({keys})"
    return f"{column} IN (SELECT value FROM json_each({keys}))"
