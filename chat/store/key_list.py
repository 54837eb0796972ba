"""Many keys as one parameter, and a column as one value: a parameter or a row for each costs several times as much."""

import json
from collections.abc import Collection
from typing import Any, Self

from sqlalchemy import JSON, BigInteger, Boolean, ColumnElement, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Keys(TypeDecorator[Collection[int]]):
    """Integer keys: an array on PostgreSQL, JSON on SQLite. A statement with a parameter for each would be compiled and
    parsed for each number of keys."""

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


class ListOf(FunctionElement[Any]):
    """All values of a column as one list, in the order of the subquery that it is selected from."""

    name = "list_of"
    type = JSON()
    inherit_cache = True


def list_of(column: ColumnElement[Any]) -> ListOf:
    """The values of `column` as one list of Python values; None instead of an empty list on PostgreSQL."""
    return ListOf(column)


@compiles(ListOf)
def _compile_list_of(one: ListOf, compiler: SQLCompiler, **how: object) -> str:
    function = "json_agg" if compiler.dialect.name == "postgresql" else "json_group_array"
    return f"{function}({compiler.process(one.clauses, **how)})"
